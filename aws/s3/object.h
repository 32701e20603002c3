/*
 * s3object: objects put, looked at and got back.
 */
#ifndef AWS_S3_OBJECT_H
#define AWS_S3_OBJECT_H

#include "aws/s3/s3.h"

enum { S3_ETAG_MAX = 128, S3_NOTE_MAX = 1024 };

struct s3_object {
    uint64_t size;
    char etag[S3_ETAG_MAX];
    char note[S3_NOTE_MAX]; /* what was given to s3_put(); "" for none */
};

/*
 * Puts an object, over the one that is there. `note` (NULL, or visible ASCII and single blanks) is
 * kept with it as its metadata "x-amz-meta-rollcall"; `type` is its Content-Type.
 */
enum s3_result s3_put(struct s3 *s, const char *key, const struct s3_source *source,
                      const char *type, const char *note, struct s3_fault *fault);

enum s3_result s3_head(struct s3 *s, const char *key, struct s3_object *out,
                       struct s3_fault *fault);

enum s3_result s3_get(struct s3 *s, const char *key, const struct s3_sink *sink,
                      struct s3_fault *fault);

/* Into memory: `out` is reset first; an object longer than out->max is S3_BAD_ANSWER. */
enum s3_result s3_get_small(struct s3 *s, const char *key, struct buf *out, struct s3_fault *fault);

#endif
