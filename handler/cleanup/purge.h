/*
 * purge: removes the days that are older than the configuration keeps.
 *
 * Only what rollcall writes in a day's directory is removed, by name: the files of an address and
 * that day, listings, temporary files. Anything else stays and is named on stderr. No symbolic link
 * is followed, so nothing outside records_dir is touched. A pair is unlinked under the lock of its
 * JSON file, the CSV file first: a writer that waited for the lock sees that the name is gone, and
 * starts again.
 *
 * With an archive configured, a day is removed only if all of it is archived (archived.h). Its mark
 * is removed with it.
 */
#ifndef HANDLER_CLEANUP_PURGE_H
#define HANDLER_CLEANUP_PURGE_H

#include "handler/shared/clock.h"

#include <stdbool.h>

struct purge {
    const char *records_dir; /* borrowed */
    bool dry_run;
    bool verbose;                /* one line on stdout per day */
    bool archive;                /* remove only what is archived */
    uint64_t days, files, bytes; /* removed, or, with dry_run, what would be */
    uint64_t kept;               /* days that are not archived */
    bool failed;                 /* something could not be read or removed; named on stderr */
};

/*
 * Removes the days before `first` ("YYYY-MM-DD") from <records_dir>/<branch>; `branch` is
 * LAYOUT_DATA or LAYOUT_RECORD. A branch that does not exist is empty.
 */
void purge_branch(struct purge *p, const char *branch, const char first[CLOCK_DATE_LEN + 1]);

#endif
