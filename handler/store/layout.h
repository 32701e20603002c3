/*
 * layout: the names in the store, made and taken apart; see rollcall-files(5). No other file knows
 * them.
 *
 *     data/<YYYY-MM-DD>/<ip>_<YYYY-MM-DD>.json     the records of one address and day
 *     data/<YYYY-MM-DD>/<ip>_<YYYY-MM-DD>.csv      their processes
 *     record/<YYYY-MM-DD>/<uuid>_<timestamp>.json  one full process listing
 *     .new-*, .probe-*, .csv-*                     temporary; left by a process that was killed
 *
 *     .waits                                       counts waits for locks (crowd.h)
 *
 * LAYOUT_DATA and LAYOUT_RECORD are the two branches.
 */
#ifndef HANDLER_STORE_LAYOUT_H
#define HANDLER_STORE_LAYOUT_H

#include "handler/shared/clock.h"
#include "handler/shared/ip.h"

#define LAYOUT_DATA   "data"
#define LAYOUT_RECORD "record"

#define LAYOUT_WAITS ".waits"

#define LAYOUT_JSON ".json"
#define LAYOUT_CSV  ".csv"

enum {
    LAYOUT_FILE_MAX = IP_TEXT_LEN + CLOCK_DATE_LEN + 8, /* a file of an address, with its NUL */
    LAYOUT_LISTING_MAX = 128                            /* a listing below records_dir */
};

/* The address and day in the name of a file. */
struct layout_name {
    struct ip ip;
    char date[CLOCK_DATE_LEN + 1];
};

/* Writes `<ip>_<date><suffix>`; `suffix` is LAYOUT_JSON or LAYOUT_CSV. */
void layout_file(const struct ip *ip, const char *date, const char *suffix,
                 char out[LAYOUT_FILE_MAX]);

/* Takes `<ip>_<YYYY-MM-DD><suffix>` (no directory) apart. False if the name is not of that form. */
bool layout_parse(const char *name, const char *suffix, struct layout_name *out);

/*
 * Writes the name or path of the other file of a pair: the CSV file of a JSON file, and the
 * reverse. False if `path` has neither suffix, or `out` is too small.
 */
bool layout_other(const char *path, char *out, size_t size);

/* Writes `record/<date>/<uuid>_<timestamp>.json`; the parts have been checked. */
void layout_listing(const char *date, const char *uuid, const char *timestamp,
                    char out[LAYOUT_LISTING_MAX]);

/* True for a day of the calendar in our spelling. */
bool layout_is_day(const char *name);

bool layout_is_listing(const char *name);
bool layout_is_temporary(const char *name);

enum layout_kind {
    LAYOUT_IS_JSON,
    LAYOUT_IS_CSV,
    LAYOUT_IS_LISTING,
    LAYOUT_IS_TEMPORARY,
    LAYOUT_IS_FOREIGN /* a name that rollcall does not give in this directory */
};

/* The kind of a name in the directory of `date` in `branch`. */
enum layout_kind layout_kind(const char *branch, const char *date, const char *name);

#endif
