/*
 * list: the level of the archive that a request names, and the names one level below it.
 *
 * Names are relative, as `aws s3 ls` shows them: "dir1/" for all keys below it, "file1". They are
 * sorted by their bytes. Their text is bounded by LEVEL_MAX, however large the bucket is.
 */
#ifndef AWS_BUCKET_LIST_H
#define AWS_BUCKET_LIST_H

#include "aws/s3/list.h"
#include "handler/fault.h"
#include "handler/http/request.h"

enum { LEVEL_MAX = 16 << 20 };

struct level {
    struct buf names; /* each with its NUL */
    size_t count;
    bool exists; /* a key begins with the prefix, if only the directory's own marker */
};

void level_init(struct level *l);
void level_release(struct level *l);

/*
 * Reads which level a request for /list-bucket-content[/{prefix}] names. A key may contain what web
 * servers change in a path ("//", "..", "%2F"), so REQUEST_URI is decoded, once. If REQUEST_URI is
 * another path (it led here by ".."), the path that the web server made of it is used as it is.
 *
 * V_OK with the level in `out`, NUL-terminated: "" for all, else with a slash at its end, which the
 * client may leave out. V_NOT_FOUND if the request is for another path. V_BAD_REQUEST for what
 * cannot be part of a key: bad encoding, NUL, invalid UTF-8, more than `out` takes.
 */
enum verdict level_path(const struct request *r, struct buf *out, struct fault *f);

/* Lists what is below `prefix`, which is "" or ends with a slash. S3_LOCAL: too many names. */
enum s3_result level_list(struct level *l, struct s3 *s, const char *prefix,
                          struct s3_fault *fault);

/* Adds ["dir1/","file1"]. False if there is no memory, or `out` is full. */
bool level_write(const struct level *l, struct buf *out);

/* Frees memory after a large level. */
void level_trim(struct level *l, size_t keep);

#endif
