/*
 * processes: what runs, from /proc (proc(5)).
 *
 * processes_scan() reads, processes_write() encodes as often as needed, processes_release() frees.
 *
 * A process costs six system calls and a fraction: open and read of its stat, fstatat of its
 * directory before and after (its owner is the effective user; that of the open stat file is not,
 * for a process that changed its user), and, read last and under guard.h, open and read of its
 * cmdline. Files are closed many at once. `status` adds nothing and costs more than all of these.
 */
#ifndef AGENT_PROC_PROCESSES_H
#define AGENT_PROC_PROCESSES_H

#include "agent/proc/guard.h"
#include "agent/proc/history.h"
#include "agent/proc/procfs.h"
#include "agent/proc/procstat.h"
#include "agent/proc/usernames.h"

#include "handler/shared/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct proc {
    struct procstat stat;
    uint64_t inode;     /* of /proc/PID: it changes when the pid is used again */
    size_t name;        /* place in `names` */
    bool read;          /* `result` is set */
    bool ended;         /* while it was read; not in the list after processes_scan() */
    struct text result; /* what the reader read; borrowed until processes_release() */
};

/* Reads what `stat` does not have. It runs under guard.h. */
struct processes_reader {
    /* Appends its result, at most `max` bytes, to `out`. `proc` is the open /proc. */
    enum proc_outcome (*read)(void *context, int proc, const struct proc *p, struct buf *out);
    void *context;
    size_t max;
    /* Also for kernel threads, zombies and processes in uninterruptible sleep. Otherwise these have
     * no result, and the last are counted as unreadable. */
    bool all;
};

struct processes_options {
    struct processes_reader reader;
    bool lookup;   /* ask getpwuid(3) for users that etc/passwd does not have */
    int64_t until; /* on clock_monotonic(): what is not read by then is unreadable */
    struct history *history;
};

/* The numbers of the machine that those of a process are related to. */
struct processes_scale {
    int64_t boot_ms;       /* 0: unknown */
    uint64_t memory_bytes; /* 0: unknown */
    const struct history *before;
    struct history_clock clock;
};

struct processes {
    struct proc *list; /* by pid */
    size_t count, room;
    struct names names;
    struct guard guard;
    size_t unreadable; /* without stat, which are not in the list, or without a result */
    size_t vanished;   /* ended while they were read; not in the list */
};

/*
 * False with errno if /proc cannot be read or memory is out. Call processes_release() in any case.
 * The reader finds the descriptors `root` and `proc` open, and no other.
 */
bool processes_scan(int root, const struct processes_options *o, struct processes *p);

struct processes_format {
    size_t cmd_max;  /* bytes kept of a command line */
    bool containers; /* with the container ids */
};

/*
 * Appends a JSON array of objects; the results of the reader are those of cmdline_pack(). Returns
 * the number of command lines that were cut.
 */
size_t processes_write(const struct processes *p, const struct processes_scale *scale,
                       const struct processes_format *format, struct buf *out);

/* Appends `,"cmd":"…"` of the process at place `index`, as processes_write() does. */
void processes_write_cmd(const struct processes *p, size_t index,
                         const struct processes_format *format, struct buf *out);

/* Percent of one core; false if it is unknown. See history.h. */
bool processes_cpu(const struct processes_scale *scale, const struct procstat *s, double *percent);

/* Notes in `h` what the processes have used, for the next beat. `now` is on clock_monotonic(). */
void processes_remember(const struct processes *p, int64_t now, struct history *h);

void processes_release(struct processes *p);

#endif
