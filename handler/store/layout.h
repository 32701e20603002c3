/*
 * filename: the names of the store, taken apart.
 *
 *     <YYYY-MM-DD>                    a day
 *     <ip>_<YYYY-MM-DD>.json, .csv    the files of an address
 *     <uuid>_<timestamp>.json         a listing
 *     .new-*, .probe-*, .<ip>_...     temporary, left by a process that was killed
 */
#ifndef HANDLER_STORE_LAYOUT_H
#define HANDLER_STORE_LAYOUT_H

#include "handler/shared/clock.h"
#include "handler/shared/ip.h"

/* What the files of one address and day are called. */
struct filename {
    struct ip ip;
    char date[CLOCK_DATE_LEN + 1];
};

/* Takes `<ip>_<YYYY-MM-DD><suffix>` (no directory) apart. False when it is none. */
bool filename_parse(const char *name, const char *suffix, struct filename *out);

/* A day of the calendar, spelt as we spell it. */
bool filename_is_day(const char *name);

bool filename_is_listing(const char *name);
bool filename_is_temporary(const char *name);

#endif
