/*
 * spool: a directory that keeps records until they are delivered, one file each.
 *
 * spool_open() once, spool_scan() at the start of each beat; then the entries are there, oldest
 * first, to be read, marked and removed, until spool_close().
 *
 * What holds whatever happens: a file with a record's name is a whole record. It is written as
 * ".new", synced, renamed, and the directory synced; a ".new" that somebody left behind by dying is
 * removed. Whoever has the spool open holds a lock on "lock", so there is one at a time.
 *
 * The directory is made with mode 0700, files have 0600. Only regular files with a name of ours
 * (spoolname.h) are looked at; links and all else are left alone. Bounds are kept when a record
 * comes in: by count, by bytes and by age; the oldest go, and the log says how many.
 *
 * A file is one gzip member (gunzip shows it) that holds one line.
 */
#ifndef AGENT_SEND_SPOOL_H
#define AGENT_SEND_SPOOL_H

#include "agent/send/spoolname.h"

#include <stddef.h>

struct buf;

enum { SPOOL_COUNT_MAX = 10000, SPOOL_WHY_MAX = 512, SPOOL_RECORD_MAX = 64 << 20 };

struct spool_entry {
    struct spoolname name;
    uint64_t size;
    bool gone; /* removed, or set aside */
};

struct spool {
    const char *path; /* borrowed */
    int dir, lock;    /* -1: there is no spool */
    uint64_t bytes_max;
    int64_t age_max; /* ms */
    struct spool_entry *list;
    size_t count, room;
    size_t waiting; /* of the entries, those neither gone nor bad */
    uint64_t bytes; /* of all entries that are not gone */
};

enum spool_opened {
    SPOOL_OPEN,
    SPOOL_UNUSABLE, /* `why` says why; all calls below do nothing */
    SPOOL_BUSY,     /* another agent has it */
};

/* Sets path, bytes_max and age_max; waits up to `wait` ms for another agent to end. */
enum spool_opened spool_open(struct spool *s, const char *path, uint64_t bytes_max, int64_t age_max,
                             int64_t wait, char why[SPOOL_WHY_MAX]);

/* A spool that is never there. */
void spool_none(struct spool *s);

void spool_close(struct spool *s);

/* Lists what is there, and drops what is older than age_max at `now` (ms). */
void spool_scan(struct spool *s, int64_t now);

/*
 * Keeps one line (without its newline). `tried` is the second of a first try whose fate is
 * unknown, or 0. False with `why` when it cannot be kept.
 */
bool spool_add(struct spool *s, enum spool_kind kind, int64_t created, int64_t tried,
               const char *line, size_t len, char why[SPOOL_WHY_MAX]);

/*
 * Adds the file's bytes to `packed` and its line, with the newline, to `text`. False when it is not
 * what spool_add() wrote, or cannot be read; what was added is then to be thrown away.
 */
bool spool_read(const struct spool *s, const struct spool_entry *e, struct buf *packed,
                struct buf *text);

/* Notes the first try of entries that have none. Kept over kill -9; spool_sync() for more. */
void spool_mark(struct spool *s, struct spool_entry *e, int64_t tried);
void spool_sync(const struct spool *s);

/* Delivered. */
void spool_remove(struct spool *s, struct spool_entry *e);

/* Renames it to .bad, with a line in the log: nobody looks at it again but a human. */
void spool_set_aside(struct spool *s, struct spool_entry *e, const char *reason);

/* "Not before": kept for the next agent; 0 when there is none. In ms since the epoch. */
int64_t spool_hold(const struct spool *s);
void spool_set_hold(struct spool *s, int64_t until);

#endif
