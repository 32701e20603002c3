/*
 * list: the level of the archive that a request names, and the names one level below it.
 *
 * Names are relative to the level, as `aws s3 ls` shows them: "dir1/", which stands for all keys
 * below it, and "file1". They are sorted by their bytes. Together they have at most LEVEL_MAX
 * bytes.
 */
#ifndef AWS_BUCKET_LIST_H
#define AWS_BUCKET_LIST_H

#include "aws/s3/list.h"
#include "handler/fault.h"
#include "handler/http/request.h"

enum { LEVEL_MAX = 16 << 20 };

#define LEVEL_RESOURCE "/list-bucket-content"

struct level {
    struct buf names; /* each ends with a NUL */
    size_t count;
    bool exists; /* a key begins with the prefix; it may be the directory's own marker */
};

void level_init(struct level *l);
void level_release(struct level *l);

/*
 * Reads which level a request for /list-bucket-content[/{prefix}] names, as path_after() does.
 *
 * V_OK with the level in `out`, NUL-terminated: "" for the whole archive, else ending with a slash,
 * which the client may leave out.
 */
enum verdict level_path(const struct request *r, struct buf *out, struct fault *f);

/* Lists the level `prefix`, which is "" or ends with a slash. S3_LOCAL if there are too many names.
 */
enum s3_result level_list(struct level *l, struct s3 *s, const char *prefix,
                          struct s3_fault *fault);

/* Appends ["dir1/","file1"]. False if there is no memory, or `out` is full. */
bool level_write(const struct level *l, struct buf *out);

/* Frees the memory of a large level, except `keep` bytes. */
void level_trim(struct level *l, size_t keep);

#endif
