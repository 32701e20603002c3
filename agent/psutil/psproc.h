/*
 * psproc: one process in the shape that psutil's Process.as_dict() gives it (psutil 5.9, Linux):
 * one JSON object, named tuples as arrays, null for what could not be read.
 *
 * Where psutil looks at the file system (is there such a terminal, has the program's file been
 * deleted), so does this, below the root. `environ` is always null: environments are never read.
 * Runs under guard.h: almost all of it may block.
 */
#ifndef AGENT_PSUTIL_PSPROC_H
#define AGENT_PSUTIL_PSPROC_H

#include "agent/proc/cmdline.h"
#include "agent/proc/procstat.h"
#include "agent/proc/usernames.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

struct psproc {
    int root;      /* open directory */
    bool own_root; /* the processes are those of this system: it can be asked about them */
    bool full;     /* also what is dear to read */
    int64_t boot_ms;
    uint64_t memory_bytes;
    uint64_t hertz, page;
    struct cmdline_reader reader; /* its `proc` is -1 until the first psproc_write() */
};

/* The rest is the caller's to set. */
void psproc_init(struct psproc *p, int root, enum cmdline_args args, size_t cmd_max);
void psproc_release(struct psproc *p);

/* False when the process has ended. `cpu`: percent. Users are added to `names`. */
bool psproc_write(struct psproc *p, const struct procstat *s, double cpu, struct names *names,
                  struct buf *out);

/* What `s` alone tells, null for the rest: of a process that does not answer. */
void psproc_write_poor(struct psproc *p, const struct procstat *s, double cpu, const char *user,
                       struct buf *out);

#endif
