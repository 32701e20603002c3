/*
 * ship: a day into the archive.
 *
 * What is there already is found out from the day's manifest and from a listing; for an object that
 * the manifest does not know (a run before this one was killed) its own metadata says what it is.
 * Shipped is only what is missing or grew. What is in the archive is never replaced by something
 * that does not continue it: that is a problem, said and left.
 *
 * Then the manifest is put, and for a day that is over and whole, the local mark is left.
 */
#ifndef AWS_ARCHIVE_SHIP_H
#define AWS_ARCHIVE_SHIP_H

#include "aws/archive/pool.h"

/* `over`: the day is; nobody writes to it any more. */
void ship_day(struct pool *r, const char *branch, const char *date, bool over);

#endif
