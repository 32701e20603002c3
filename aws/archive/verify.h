/*
 * verify: reads a day back from the archive and compares it with its manifest and, byte by byte,
 * with the files that still exist locally.
 */
#ifndef AWS_ARCHIVE_VERIFY_H
#define AWS_ARCHIVE_VERIFY_H

#include "aws/archive/pool.h"

/* `over`: the day has ended, so all its files must be in the archive. */
void verify_day(struct pool *r, const char *branch, const char *date, bool over);

#endif
