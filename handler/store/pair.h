/*
 * pair: the two files of one address and day, opened and locked.
 *
 * pair_make() and pair_find() make one attempt and set `state`. For PAIR_OPEN these hold under the
 * lock: the name leads to the open JSON file, both files are regular files with one name, and the
 * sizes are current. For the other states nothing is open. pair_close() releases the lock; it may
 * be called in any state, and after PAIR_NONE.
 */
#ifndef HANDLER_STORE_PAIR_H
#define HANDLER_STORE_PAIR_H

#include "handler/fault.h"
#include "handler/shared/ip.h"
#include "handler/store/dirs.h"
#include "handler/store/layout.h"

enum pair_state {
    PAIR_CLOSED,
    PAIR_OPEN,
    PAIR_ABSENT, /* there is no JSON file of that day */
    PAIR_MOVED   /* the file or its directory was renamed or removed meanwhile: try again */
};

struct pair {
    enum pair_state state;
    int json, csv; /* -1: not open */
    off_t json_size, csv_size;
    int64_t json_mtime, csv_mtime; /* milliseconds since the epoch */
    char date[CLOCK_DATE_LEN + 1];
    char json_name[LAYOUT_FILE_MAX], csv_name[LAYOUT_FILE_MAX];
    int dir;      /* of that day */
    bool own_dir; /* closed with the pair; else borrowed from struct dirs */
};

#define PAIR_NONE ((struct pair){.json = -1, .csv = -1, .dir = -1})

/* Whose pairs, and how long to wait for a lock. */
struct pair_of {
    struct dirs *dirs; /* borrowed, as `ip` */
    const struct ip *ip;
    int64_t deadline; /* clock_monotonic() */
};

/*
 * Opens today's pair; creates its files and directories. V_OK with PAIR_OPEN or PAIR_MOVED.
 * V_UNAVAILABLE with a Retry-After if the lock was not free in time; V_STORE_FAILED or V_NO_SPACE
 * if the pair cannot be opened. The cause is logged.
 */
enum verdict pair_make(struct pair *p, const struct pair_of *of, const char *date, struct fault *f);

/*
 * Opens the pair of another day; creates nothing. V_OK with PAIR_OPEN, PAIR_ABSENT or PAIR_MOVED,
 * else as above. If only the CSV file is missing, `csv` is -1; pair_make_csv() creates it.
 */
enum verdict pair_find(struct pair *p, const struct pair_of *of, const char *date, struct fault *f);
enum verdict pair_make_csv(struct pair *p, struct fault *f);

void pair_close(struct pair *p);

/* Removes both names: for a pair that was created for a record that was not stored. */
void pair_remove(struct pair *p);

/* Turns errno into a verdict and a reason without paths; logs it with the file's name. */
enum verdict pair_failed(const char *what, const char *name, struct fault *f);

/* The file is not one that rollcall may change: V_STORE_FAILED. Logs name, offset and reason. */
enum verdict pair_not_ours(const char *name, off_t offset, const char *why, struct fault *f);

#endif
