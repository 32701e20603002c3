/*
 * processes: what runs, from /proc (proc(5)).
 *
 * processes_scan() reads, processes_write() encodes as often as wanted, processes_release() frees.
 *
 * A process costs five system calls and a bit: open and read of its stat, fstatat of its directory
 * (whose owner is the effective user; that of the open stat file is not, for a process that changed
 * its user), and, read last and under guard.h, open and read of its cmdline; many files are closed
 * at once. `status` tells nothing more and costs more than all of this.
 */
#ifndef AGENT_PROC_PROCESSES_H
#define AGENT_PROC_PROCESSES_H

#include "agent/proc/cmdline.h"
#include "agent/proc/guard.h"
#include "agent/proc/history.h"
#include "agent/proc/procstat.h"
#include "agent/proc/usernames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct process {
    struct procstat stat;
    size_t name;     /* place in `names` */
    const char *cmd; /* NULL: "[comm]" stands for it. Borrowed from the guard's memory */
    size_t cmd_len;
    const char *container; /* NULL: none */
    bool cut;              /* `cmd` is not all of it */
    bool gone;             /* it ended before its command line was read */
};

/*
 * What to read of a process instead of its command line: adds to `out` what the process's `cmd`
 * will then be. Runs under guard.h. False: the process has ended.
 */
typedef bool (*processes_detail)(void *context, const struct process *process, struct names *names,
                                 struct buf *out);

struct processes_options {
    enum cmdline_args args;
    bool containers;
    bool lookup;             /* ask getpwuid(3) for users that etc/passwd does not have */
    size_t cmd_max;          /* bytes of a command line */
    int64_t until;           /* on clock_monotonic(): what is not read then is not read */
    processes_detail detail; /* NULL: the command line */
    void *context;           /* the detail's; of all descriptors it finds only `root` open */
    size_t detail_max;       /* bytes of one */
};

/* What numbers of the machine the processes' own are related to. */
struct processes_scale {
    int64_t boot_ms, uptime_ms;
    uint64_t memory_bytes;
    const struct history *before; /* the beat before; empty: `cpu` is since the process started */
    int64_t now;                  /* on clock_monotonic() */
};

struct processes {
    struct process *list; /* by pid */
    size_t count, room;
    struct names names;
    struct guard guard;
    bool containers;
    size_t unreadable; /* stat or cmdline could not be read; the latter stay in the list */
    size_t vanished;   /* ended while they were looked at; not in the list */
};

/* False with errno when /proc cannot be read, or memory is out; processes_release() all the same.
 */
bool processes_scan(int root, const struct processes_options *o, struct processes *p);

/*
 * Adds a JSON array of objects. Command lines are cut to `cmd_max` bytes; the number of those that
 * are not whole is stored in `truncated`.
 */
void processes_write(const struct processes *p, const struct processes_scale *scale, size_t cmd_max,
                     size_t *truncated, struct buf *out);

/* Percent of one core; see history.h. */
double processes_cpu(const struct processes_scale *scale, const struct procstat *s);

/* Notes in `h` what the processes have used, for the next beat. `now` is as above. */
void processes_remember(const struct processes *p, int64_t now, struct history *h);

void processes_release(struct processes *p);

#endif
