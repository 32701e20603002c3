/*
 * ship: copies a day to the archive.
 *
 * The day's manifest and a listing tell what the archive has. If an object is not in the manifest,
 * because an earlier run was killed, its metadata describes it (objmeta.h). Only files that are
 * missing or grew are shipped. An object is never replaced by a file that does not continue it:
 * that is reported as a problem.
 *
 * Then the manifest is written. If the day is over and whole, the local mark is written too.
 */
#ifndef AWS_ARCHIVE_SHIP_H
#define AWS_ARCHIVE_SHIP_H

#include "aws/archive/pool.h"

/* `over`: the day has ended, so its files do not grow any more. */
void ship_day(struct pool *r, const char *branch, const char *date, bool over);

#endif
