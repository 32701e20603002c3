/*
 * restore: copies a day from the archive to <directory>/<branch>/<date>/. Each file is checked
 * against the manifest before it gets its name. An existing file is never changed: if it differs
 * from the archive, that is reported as a problem.
 */
#ifndef AWS_ARCHIVE_RESTORE_H
#define AWS_ARCHIVE_RESTORE_H

#include "aws/archive/pool.h"

/* False if the archive has no such day. */
bool restore_day(struct pool *r, const char *branch, const char *date, const char *directory);

#endif
