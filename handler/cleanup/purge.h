/*
 * purge: takes the days away that are older than the configuration keeps.
 *
 * Only what rollcall itself made is removed, by name: the files of addresses, listings, temporary
 * files. Anything else is left, and said. No symbolic link is followed, so nothing outside
 * records_dir is ever touched. A JSON file is unlinked under its lock, after its CSV file: a writer
 * who waited for the lock sees that the name is gone, and starts over.
 *
 * With an archive configured, a day goes only when all of it is archived (archived.h); its mark
 * goes with it.
 */
#ifndef HANDLER_CLEANUP_PURGE_H
#define HANDLER_CLEANUP_PURGE_H

#include "handler/shared/clock.h"

#include <stdbool.h>

struct purge {
    bool dry_run;
    bool verbose;                /* one line on stdout a day */
    bool archive;                /* only what is archived goes */
    uint64_t days, files, bytes; /* removed, or what would be */
    uint64_t kept;               /* days that are not archived */
    uint64_t left;               /* foreign files, files in use: what could not go */
    bool failed;                 /* something could not be read or removed; said on stderr */
};

/*
 * Looks through <records_dir>/<branch> ("data" or "record") and removes the days before `first`
 * ("YYYY-MM-DD"). A branch that is not there is empty.
 */
void purge_branch(struct purge *p, const char *records_dir, const char *branch,
                  const char first[CLOCK_DATE_LEN + 1]);

#endif
