/*
 * manifest_io: reads and writes the archive's manifests, and writes the mark that allows
 * rollcall-cleanup to remove a day.
 */
#ifndef AWS_ARCHIVE_MANIFEST_IO_H
#define AWS_ARCHIVE_MANIFEST_IO_H

#include "aws/s3/s3.h"
#include "handler/store/manifest.h"

/*
 * Reads the archive's manifest of m->branch and m->date into `m`, which is initialised and empty.
 * S3_NOT_FOUND if there is none, S3_BAD_ANSWER if the object is not a manifest of that day.
 */
enum s3_result manifest_io_get(struct s3 *s, const char *prefix, struct manifest *m,
                               struct s3_fault *fault);

enum s3_result manifest_io_put(struct s3 *s, const char *prefix, const struct manifest *m,
                               struct s3_fault *fault);

/* Creates <records_dir>/archived unless it exists. False with errno. */
bool manifest_io_make_directory(const char *records_dir);

/* Writes the mark of the day atomically, and syncs it. False with errno. */
bool manifest_io_mark(const char *records_dir, const struct manifest *m);

#endif
