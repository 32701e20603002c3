/*
 * ledger: the manifests: fetched from the archive, put there, and left here as the mark that
 * rollcall-cleanup trusts.
 */
#ifndef AWS_ARCHIVE_MANIFEST_IO_H
#define AWS_ARCHIVE_MANIFEST_IO_H

#include "aws/s3/s3.h"
#include "handler/store/manifest.h"

/*
 * Reads the archive's manifest into an initialised, empty one. S3_NOT_FOUND: there is none.
 * S3_BAD_ANSWER: what lies there is no manifest of that day.
 */
enum s3_result ledger_get(struct s3 *s, const char *prefix, struct manifest *m,
                          struct s3_fault *fault);

enum s3_result ledger_put(struct s3 *s, const char *prefix, const struct manifest *m,
                          struct s3_fault *fault);

/* <records_dir>/archived, made when absent; false with errno. */
bool ledger_make_directory(const char *records_dir);

/* Writes the mark, all or nothing, and on disk before it counts. False with errno. */
bool ledger_mark(const char *records_dir, const struct manifest *m);

#endif
