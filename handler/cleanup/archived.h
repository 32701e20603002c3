/*
 * archived: is a day in the archive, so that it may be removed here?
 *
 * It is when the mark that rollcall-archive left (manifest.h) is of a whole day, and every file of
 * the day's directory stands in it with the size, and the last chain, that it has now. Whoever
 * writes to the day after it was shipped makes it not archived again. Only days that nobody writes
 * to any more are asked for, so no lock is taken.
 */
#ifndef HANDLER_CLEANUP_ARCHIVED_H
#define HANDLER_CLEANUP_ARCHIVED_H

#include "handler/shared/clock.h"

#include <stdbool.h>

enum { ARCHIVED_WHY_MAX = 256 };

/*
 * Looks at <records_dir>/<branch>/<date>, open as `day`. When it is not archived, `why` says what
 * is missing.
 */
bool archived_day(const char *records_dir, const char *branch, const char *date, int day,
                  char why[ARCHIVED_WHY_MAX]);

/* Removes the mark of a day that was removed. */
void archived_forget(const char *records_dir, const char *branch, const char *date);

#endif
