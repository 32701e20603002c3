/*
 * psproc: one process in the form that psutil's Process.as_dict() gives it (psutil 5.9, Linux):
 * one JSON object, named tuples as arrays, null for what could not be read.
 *
 * Where psutil looks at the file system (is there such a terminal, was the program's file removed),
 * so does this, below the root. `environ` is always null: environments are never read. It runs
 * under guard.h, because almost all of it may block.
 */
#ifndef AGENT_PSUTIL_PSPROC_H
#define AGENT_PSUTIL_PSPROC_H

#include "agent/proc/cmdline.h"
#include "agent/proc/procfs.h"
#include "agent/proc/procstat.h"
#include "agent/proc/usernames.h"
#include "agent/psutil/psnet.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct psproc {
    int root;        /* open directory */
    bool own_root;   /* the processes are those of this system: it can be asked about them */
    bool full;       /* also what is expensive to read */
    int64_t boot_ms; /* 0: unknown, and so is create_time */
    uint64_t memory_bytes;
    uint64_t hertz, page;
    struct names *names; /* users are added to it */
    struct cmdline_reader reader;
    struct psnet net;
};

/* The caller sets the other members. */
void psproc_init(struct psproc *p, int root, enum cmdline_args args, size_t cmd_max);
void psproc_release(struct psproc *p);

/* Reads and writes the process below `proc`, the open /proc. `cpu`: percent, or NULL. */
enum proc_outcome psproc_write(struct psproc *p, int proc, const struct procstat *s,
                               const double *cpu, struct buf *out);

/* Writes what `s` has, and null for the rest: for a process that does not answer. */
void psproc_write_poor(struct psproc *p, const struct procstat *s, const double *cpu,
                       const char *user, struct buf *out);

#endif
