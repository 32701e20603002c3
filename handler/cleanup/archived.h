/*
 * archived: is a day in the archive, so that it may be removed here?
 *
 * It is if rollcall-archive has left the mark of a whole day (handler/store/manifest.h), and if
 * every file of rollcall's in the day's directory has the size, and the last chain, that the mark
 * gives. A day that was written to after it was shipped is not archived. Only days that are no
 * longer written to are asked for, so no lock is taken.
 */
#ifndef HANDLER_CLEANUP_ARCHIVED_H
#define HANDLER_CLEANUP_ARCHIVED_H

enum { ARCHIVED_WHY_MAX = 256 };

enum archived_result {
    ARCHIVED_WHOLE,
    ARCHIVED_NOT,    /* `why` says what is missing */
    ARCHIVED_UNKNOWN /* something could not be read; `why` says what */
};

struct archived_day {
    const char *records_dir, *branch, *date; /* borrowed */
    int fd;                                  /* of <records_dir>/<branch>/<date>; borrowed */
};

enum archived_result archived_check(const struct archived_day *day, char why[ARCHIVED_WHY_MAX]);

/* Removes the mark of a day that was removed. */
void archived_forget(const struct archived_day *day);

#endif
