/*
 * manifest_io: gets manifests from the archive, puts them there, and writes the mark that lets
 * rollcall-cleanup remove a day.
 */
#ifndef AWS_ARCHIVE_MANIFEST_IO_H
#define AWS_ARCHIVE_MANIFEST_IO_H

#include "aws/s3/s3.h"
#include "handler/store/manifest.h"

/*
 * Reads the archive's manifest into an initialised, empty one. S3_NOT_FOUND: there is none.
 * S3_BAD_ANSWER: the object is not a manifest of that day.
 */
enum s3_result manifest_io_get(struct s3 *s, const char *prefix, struct manifest *m,
                               struct s3_fault *fault);

enum s3_result manifest_io_put(struct s3 *s, const char *prefix, const struct manifest *m,
                               struct s3_fault *fault);

/* <records_dir>/archived, created if it is absent; false with errno. */
bool manifest_io_make_directory(const char *records_dir);

/* Writes the mark atomically and syncs it. False with errno. */
bool manifest_io_mark(const char *records_dir, const struct manifest *m);

#endif
