/*
 * spool: a directory that keeps records until they are delivered, one file each.
 *
 * Call spool_open() once and spool_scan() at the start of each beat. The entries, oldest first, can
 * then be read, marked and removed, until spool_close().
 *
 * A file with a record's name is always a complete record: it is written as ".new", synced and
 * renamed, and the directory is synced. A ".new" that a killed process left is removed.
 *
 * One agent at a time sends from a spool: it holds a lock on the file "lock" while the spool is
 * open. Any agent may add a record: it holds a lock on "adding" meanwhile.
 *
 * The directory is created with mode 0700, files with 0600. Only regular files with a name as in
 * spoolname.h are used; symbolic links and all other files are ignored. The limits on count and
 * bytes are enforced when a record is added: the oldest are dropped, and their number is logged.
 *
 * A file is one gzip member that holds one line; gunzip(1) shows it.
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
    int dir;          /* -1: no spool */
    int lock;         /* -1: another agent sends from it; this one may add */
    uint64_t bytes_max;
    int64_t age_max; /* ms */
    struct spool_entry *list;
    size_t count, room;
    size_t waiting; /* number of entries that are neither gone nor bad */
    uint64_t bytes; /* of all entries that are not gone */
};

enum spool_opened {
    SPOOL_OPEN,
    SPOOL_UNUSABLE, /* `why` gives the reason; all calls below do nothing */
    SPOOL_BUSY,     /* another agent sends from it: spool_scan() and spool_add() only */
};

/* Until spool_open(), and after spool_close(), there is no spool: all other calls do nothing. */
void spool_init(struct spool *s, const char *path, uint64_t bytes_max, int64_t age_max);

/* Waits up to `wait` ms for the agent that sends from the spool. */
enum spool_opened spool_open(struct spool *s, int64_t wait, char why[SPOOL_WHY_MAX]);

void spool_close(struct spool *s);

/* Lists the files. */
void spool_scan(struct spool *s);

/*
 * Drops entries older than age_max at `now` (ms). Call it after sending, and only if `now` is known
 * to be right: a clock that jumps must not empty the spool.
 */
void spool_expire(struct spool *s, int64_t now);

struct spool_record {
    enum spool_kind kind;
    int64_t created;  /* ms since the epoch */
    int64_t tried;    /* s since the epoch of a first try whose fate is unknown, or 0 */
    const char *line; /* without its newline */
    size_t len;
};

/* False with `why` if the record cannot be kept. */
bool spool_add(struct spool *s, const struct spool_record *record, char why[SPOOL_WHY_MAX]);

enum spool_read {
    SPOOL_READ,
    SPOOL_GONE,   /* dropped by another agent; nothing was added */
    SPOOL_FAILED, /* damaged, unreadable, or too large for the buffers: the caller truncates them */
};

/* Appends the file's bytes to `packed`, and its line with the newline to `text`. */
enum spool_read spool_read(const struct spool *s, const struct spool_entry *e, struct buf *packed,
                           struct buf *text);

/*
 * Notes the first try of an entry that has none. The note survives kill -9; call spool_sync() for
 * it to survive a power loss.
 */
void spool_mark(struct spool *s, struct spool_entry *e, int64_t tried);
void spool_sync(const struct spool *s);

/* Removes a delivered record. */
void spool_remove(struct spool *s, struct spool_entry *e);

/* Renames it to .bad and logs the reason. The agent ignores it from then on. */
void spool_set_aside(struct spool *s, struct spool_entry *e, const char *reason);

/* The time before which nothing is sent, for this agent and the next; ms since the epoch, 0: none.
 */
int64_t spool_hold(const struct spool *s);
void spool_set_hold(struct spool *s, int64_t until);

#endif
