/*
 * dirs: the directories <records_dir>/data/<YYYY-MM-DD>, and record/<YYYY-MM-DD> likewise.
 *
 * The directory of the day stays open for the request: dirs_open() returns the same descriptor
 * again while its name leads to it (an operator or a clean-up may move or remove it). Call
 * dirs_release() after the request.
 */
#ifndef HANDLER_STORE_DIRS_H
#define HANDLER_STORE_DIRS_H

#include "handler/shared/clock.h"

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

struct dirs {
    const char *records_dir; /* borrowed */
    const char *branch;      /* LAYOUT_DATA after dirs_init(); the caller may set LAYOUT_RECORD */
    int fd;                  /* -1: none open */
    char date[CLOCK_DATE_LEN + 1];
    char path[PATH_MAX]; /* of that date */
    dev_t dev;
    ino_t ino;
    bool remote; /* on NFS (EFS): another machine may have lost what it wrote there */
};

void dirs_init(struct dirs *d, const char *records_dir);
void dirs_release(struct dirs *d);

/*
 * Opens the directory of `date`; creates it and its parents if needed (0750). A borrowed
 * descriptor, valid until the next call or dirs_release(); -1 with errno.
 */
int dirs_open(struct dirs *d, const char *date);

/* Opens the directory of another day; never creates it. The caller closes it. -1 with errno. */
int dirs_open_past(const struct dirs *d, const char *date);

/* Syncs the day's directory and the two above it. False with errno. */
bool dirs_sync(const struct dirs *d);

/* The same for the directory of any day, open as `fd`. */
bool dirs_sync_at(int fd);

/*
 * mkdir -p, with mode 0750. Syncs the parent of each directory that it creates, so that a power
 * loss does not take a directory with records in it. False with errno.
 */
bool dirs_make_path(const char *path);

#endif
