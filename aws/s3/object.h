/*
 * object: writes, inspects and reads objects.
 */
#ifndef AWS_S3_OBJECT_H
#define AWS_S3_OBJECT_H

#include "aws/s3/s3.h"

enum {
    S3_ETAG_MAX = 128,
    S3_NOTE_MAX = 1024,
    S3_CHECKSUM_SIZE = 4 * ((DIGEST_LEN + 2) / 3) + 1,
};

struct s3_object {
    uint64_t size;
    char etag[S3_ETAG_MAX];
    char note[S3_NOTE_MAX]; /* as given to s3_put(), or "" */
};

/* Stored with an object: its Content-Type, and the metadata "x-amz-meta-rollcall" (NULL, or visible
 * ASCII with single blanks). */
struct s3_about {
    const char *type, *note;
};

/* A SHA-256 in base64, as in S3's checksum headers. */
void object_checksum(const unsigned char sha256[DIGEST_LEN], char out[S3_CHECKSUM_SIZE]);

/* Writes an object, in parts if it is too long for one PUT. An object with that key is replaced. */
enum s3_result s3_put(struct s3 *s, const char *key, const struct s3_source *source,
                      const struct s3_about *about, struct s3_fault *fault);

enum s3_result s3_head(struct s3 *s, const char *key, struct s3_object *out,
                       struct s3_fault *fault);

enum s3_result s3_get(struct s3 *s, const char *key, const struct s3_sink *sink,
                      struct s3_fault *fault);

/* A part of one version of an object: its bytes first to last, both included. */
struct s3_span {
    const char *etag; /* as s3_head() gave it: the call fails if the object is another one now */
    uint64_t first, last;
};

enum s3_result s3_get_span(struct s3 *s, const char *key, const struct s3_span *span,
                           const struct s3_sink *sink, struct s3_fault *fault);

/* Reads an object into `out`, which is reset first. S3_BAD_ANSWER if it is longer than out->max. */
enum s3_result s3_get_small(struct s3 *s, const char *key, struct buf *out, struct s3_fault *fault);

#endif
