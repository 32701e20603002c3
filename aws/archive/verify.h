/*
 * recheck: reads a day back from the archive, whole, and holds it against its manifest and against
 * the files that are still here, byte for byte.
 */
#ifndef AWS_ARCHIVE_VERIFY_H
#define AWS_ARCHIVE_VERIFY_H

#include "aws/archive/pool.h"

/* `over`: the day is, so everything of it should be in the archive. */
void recheck_day(struct run *r, const char *branch, const char *date, bool over);

#endif
