/*
 * level: the names one level below a prefix, as a JSON array.
 *
 * Names are relative, as `aws s3 ls` shows them: "dir1/" for all keys below it, "file1". They are
 * sorted by their bytes. Their text is bounded by LEVEL_MAX, whatever the bucket holds.
 */
#ifndef AWS_BUCKET_LEVEL_H
#define AWS_BUCKET_LEVEL_H

#include "aws/s3/list.h"

enum { LEVEL_MAX = 16 << 20 };

struct level {
    struct buf names; /* each with its NUL */
    size_t count;
    bool exists; /* a key begins with the prefix, if only the directory's own marker */
};

void level_init(struct level *l);
void level_release(struct level *l);

/* Lists what is below `prefix`, which is "" or ends with a slash. S3_LOCAL: too many names. */
enum s3_result level_list(struct level *l, struct s3 *s, const char *prefix,
                          struct s3_fault *fault);

/* Adds ["dir1/","file1"]. False when memory is out, or `out` is full. */
bool level_write(const struct level *l, struct buf *out);

/* Gives memory back after a large level. */
void level_trim(struct level *l, size_t keep);

#endif
