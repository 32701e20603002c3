/*
 * daypair: the two files of one address and day, opened and locked.
 *
 * pair_open() takes the lock; pair_keep() or pair_close() gives it back. Under the lock it
 * is certain that the day is today, that the name leads to the file that is open, that both are
 * regular files with one name, and that the sizes are true. Files that were kept open from an
 * earlier request are held to the same: both names are looked up anew.
 */
#ifndef HANDLER_STORE_PAIR_H
#define HANDLER_STORE_PAIR_H

#include "handler/fault.h"
#include "handler/shared/ip.h"
#include "handler/store/dirs.h"
#include "handler/store/kept.h"
#include "handler/store/layout.h"

struct pair {
    int json, csv; /* -1: not open */
    off_t json_size, csv_size;
    int64_t json_mtime, csv_mtime; /* milliseconds */
    int64_t now;                   /* read under the lock; its day is the files' */
    char date[CLOCK_DATE_LEN + 1];
    char json_name[LAYOUT_FILE_MAX], csv_name[LAYOUT_FILE_MAX];
    int dir; /* borrowed from days, or owned when past */
    bool past;
    struct kept_files ids; /* which files these are */
};

/*
 * Opens (and makes) today's pair, or takes it from those that were kept. Waits at most `timeout_ms`
 * for the lock: V_UNAVAILABLE with a Retry-After. V_STORE_FAILED or V_NO_SPACE when it cannot be
 * opened; the cause is logged.
 */
enum verdict pair_open(struct pair *p, struct dirs *days, struct kept *kept, const struct ip *ip,
                       clock_fn clock, int64_t timeout_ms, struct fault *f);

/*
 * The pair of another day, whose JSON file must exist: V_NOT_FOUND when it does not. Where the CSV
 * file does not, it is not opened; pair_make_csv() makes it.
 */
enum verdict pair_open_past(struct pair *p, const struct dirs *days, const struct ip *ip,
                            const char *date, int64_t timeout_ms, struct fault *f);

enum verdict pair_make_csv(struct pair *p, struct fault *f);

/* Closes both files, which gives the lock back. */
void pair_close(struct pair *p);

/*
 * Gives the lock back, and the open files to `kept` for the next request. For today's pair, after
 * all went well; what cannot be kept is closed: empty files, and those on NFS, where the other
 * machines' writers would be seen late and a removed file would stay behind as .nfs....
 */
void pair_keep(struct pair *p, const struct dirs *days, struct kept *kept, const struct ip *ip);

/* Takes both names away: for a pair that was made for a record that could not be stored. */
void pair_remove(struct pair *p);

/* Turns errno into a verdict, logs it with the file's name, and says something without paths. */
enum verdict pair_failed(const char *what, const char *name, struct fault *f);

#endif
