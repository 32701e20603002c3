/*
 * progress: the output of a long run. On a terminal a bar that is redrawn, and important lines
 * above it; elsewhere lines only. Several threads may call at once.
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
    bool quiet;    /* no lines but problems, and no bar */
    bool drawn;    /* the last line is a bar */
    uint64_t files, files_total;
    uint64_t bytes, bytes_total;
};

void progress_init(struct progress *p, bool quiet);
void progress_release(struct progress *p);

/* A new piece of work. */
void progress_begin(struct progress *p, uint64_t files, uint64_t bytes);

/* One file of so many bytes is done. */
void progress_file(struct progress *p, uint64_t bytes);

/* Draws the bar, where there is one; to be called now and then. */
void progress_draw(struct progress *p);
void progress_end(struct progress *p);

/* A line on stdout, unless quiet; `detail` lines are left out where there is a bar. */
void progress_say(struct progress *p, bool detail, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* A line on stderr, in any case; control characters in it become '?'. */
void progress_complain(struct progress *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif
