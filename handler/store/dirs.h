/*
 * days: the directories <records_dir>/data/<YYYY-MM-DD>, and record/<YYYY-MM-DD> likewise.
 *
 * A worker keeps the directory of the day open, and looks at each request whether the name still
 * leads to it (a clean-up may have removed it, an operator may have moved it).
 */
#ifndef HANDLER_STORE_DIRS_H
#define HANDLER_STORE_DIRS_H

#include "handler/shared/clock.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct dirs {
    const char *records_dir; /* borrowed */
    const char *branch;      /* "data" after dirs_init(); whoever wants "record" says so then */
    int fd;                  /* -1: none open */
    char date[CLOCK_DATE_LEN + 1];
    char path[PATH_MAX]; /* of that date */
    dev_t dev;
    ino_t ino;
    unsigned opened; /* how often: another number, another directory */
    bool remote; /* on NFS (EFS): what was written there may be lost on another machine's crash */
};

void dirs_init(struct dirs *d, const char *records_dir);
void dirs_release(struct dirs *d);

/*
 * The directory of `date`, made with its parents when absent (0750). A borrowed descriptor, valid
 * until the next call; -1 with errno.
 */
int dirs_open(struct dirs *d, const char *date);

/* A directory of another day, for looking back: never made. The caller closes it; -1 with errno. */
int dirs_open_past(const struct dirs *d, const char *date);

/* Puts the entries of the day's directory, and those above it, on disk. False with errno. */
bool dirs_sync(const struct dirs *d);

/* The same for the directory of any day, open as `fd`. */
bool dirs_sync_at(int fd);

/* mkdir -p, 0750. False with errno. */
bool dirs_make_path(const char *path);

#endif
