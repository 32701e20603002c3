/*
 * multipart: uploads an object in parts, for files that are too long for one PUT.
 *
 * Each part carries its SHA-256, and the store checks it. The object appears when the last call
 * succeeds: until then a reader sees the old object or none. After a failure the parts are removed;
 * those of a killed process stay until the bucket's lifecycle rule removes them
 * (AbortIncompleteMultipartUpload).
 */
#ifndef AWS_S3_MULTIPART_H
#define AWS_S3_MULTIPART_H

#include "aws/s3/object.h"

/* S3's own limits: one PUT carries at most 5 GiB, an upload has at most 10,000 parts. A test build
 * sets both constants to 5 MiB, the least that S3 accepts for a part. */
#ifndef S3_PUT_MAX
#define S3_PUT_MAX (UINT64_C(5) << 30)
#endif
#ifndef S3_PART_MIN
#define S3_PART_MIN (UINT64_C(64) << 20)
#endif
enum { S3_PARTS_MAX = 10000 };

/* The size of all parts but the last, for an object of `len` bytes. */
uint64_t multipart_part_size(uint64_t len);

/* As s3_put(). The source is in a file. */
enum s3_result multipart_put(struct s3 *s, const char *key, const struct s3_source *source,
                             const struct s3_about *about, struct s3_fault *fault);

#endif
