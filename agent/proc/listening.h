/*
 * listening: the member "listening" of a record: the sockets that wait for peers.
 *
 * listening_scan() reads them, listening_find_owners() adds their processes if these are wanted,
 * listening_sort() orders them, listening_write() encodes as often as needed, listening_release()
 * frees.
 *
 * The kernel is asked by netlink, one protocol after the other, and what it does not answer (an old
 * kernel, a filter for system calls) is read from /proc/net.
 */
#ifndef AGENT_PROC_LISTENING_H
#define AGENT_PROC_LISTENING_H

#include "agent/proc/listeners.h"

#include <stdbool.h>
#include <stdint.h>

struct buf;
struct processes;
struct processes_format;

struct listening {
    bool known; /* false: unread, and listening_write() writes nothing */
    struct listeners sockets;
};

/*
 * All of them or, after a log line, none: a part would look as if services had ended. A tree
 * without proc/net has none. Without `own_root` they are those of the namespace of process 1 below
 * `root`. `until` is on clock_monotonic().
 */
void listening_scan(int root, bool own_root, int64_t until, struct listening *l);

/*
 * Finds the process with the lowest pid that has each socket open, as far as the descriptors of
 * processes may be read: expensive. `p` must remain until listening_release().
 */
void listening_find_owners(int root, const struct processes *p, int64_t until, struct listening *l);

/* One entry remains of sockets that differ in nothing that is reported. */
void listening_sort(struct listening *l);

/* Appends `"listening":[…],`, or nothing. `p` and `format` are those of processes_write(). */
void listening_write(const struct listening *l, const struct processes *p,
                     const struct processes_format *format, struct buf *out);

void listening_release(struct listening *l);

#endif
