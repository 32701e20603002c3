/*
 * restore: a day out of the archive, into <directory>/<branch>/<date>/, each file checked against
 * the manifest before it gets its name. A file that is there already is never touched: it is the
 * same, or that is a problem.
 */
#ifndef AWS_ARCHIVE_RESTORE_H
#define AWS_ARCHIVE_RESTORE_H

#include "aws/archive/pool.h"

/* False when the archive has no such day. */
bool restore_day(struct pool *r, const char *branch, const char *date, const char *directory);

#endif
