/*
 * progress: the output of a long run. On a terminal there is a bar, with important lines above it;
 * elsewhere there are only lines. Several threads may call at once.
 *
 *     [#########...............] 12/340 files, 1.2 of 3.4 GB
 */
#ifndef AWS_ARCHIVE_PROGRESS_H
#define AWS_ARCHIVE_PROGRESS_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct progress {
    pthread_mutex_t lock;
    bool terminal; /* stdout is one */
    bool quiet;    /* only problems are shown */
    bool drawn;    /* the cursor is on a bar */
    uint64_t files, files_total;
    uint64_t bytes, bytes_total;
};

void progress_init(struct progress *p, bool quiet);
void progress_release(struct progress *p);

/* Starts a piece of work of so many files and bytes. */
void progress_begin(struct progress *p, uint64_t files, uint64_t bytes);

/* Counts a file of so many bytes as done. */
void progress_file(struct progress *p, uint64_t bytes);

/* Draws the bar, if the output is a terminal. Call it at intervals. */
void progress_draw(struct progress *p);

/* Removes the bar. */
void progress_end(struct progress *p);

/* Prints a line to stdout, unless quiet. A line of `detail` is left out on a terminal. */
void progress_say(struct progress *p, bool detail, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Prints a line to stderr, always. Control characters in it become '?'. */
void progress_complain(struct progress *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
