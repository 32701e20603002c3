/*
 * diff: what changed between two records of one machine.
 *
 *     diff_init(&d);
 *     if (diff_make(&d, &before, &after)) ... d.processes, d.users ...
 *     diff_release(&d);
 *
 * Processes. A process is the same one in both records if boot_id, pid and start_ticks are equal;
 * where one of them is not known, if pid, start and cmd are. Starts that differ by at most 2 s are
 * equal: a clock step moves them. Starts of different form (ps prints 10:15, and Nov26 a day
 * later) cannot be compared and count as equal. Of those that are in one record only, one that
 * ended and one that started with the same cmd and user are `restarted`, paired in the order of
 * the records. A line of a table that has no pid is known by its text.
 *
 * Kernel threads are left out and counted. If boot_id differs, `rebooted` is the one entry for all
 * processes.
 *
 * Users are compared by name, terminal, host and time; listening sockets by protocol, address,
 * port and uid, never by process, and only if both records list them. Facts are compared if both
 * records have them.
 *
 * The time is n log n in the worst case, linear if the records are in order of pid.
 */
#ifndef HANDLER_READ_DIFF_H
#define HANDLER_READ_DIFF_H

#include "handler/read/snapshot.h"

enum { DIFF_FACTS_MAX = 5 };

struct diff_fact {
    enum fact fact; /* hostname, os_name, os_pretty_name, os_ver (kernel), memory_bytes */
    struct text before, after;
};

struct diff_process {
    const struct proc *before; /* NULL: started */
    const struct proc *after;  /* NULL: stopped */
};

struct diff_user {
    const struct snapshot_user *user;
    bool in; /* else out */
};

struct diff_socket {
    const struct snapshot_socket *socket;
    bool opened; /* else closed */
};

/* Everything points into the two snapshots. */
struct diff {
    const struct snapshot *before, *after;
    bool rebooted;
    struct diff_fact facts[DIFF_FACTS_MAX];
    size_t fact_count;
    struct diff_process
        *processes; /* started and restarted in the order of `after`, then stopped */
    size_t process_count, process_room;
    struct diff_user *users; /* by name */
    size_t user_count, user_room;
    struct diff_socket *sockets; /* by protocol, address and port */
    size_t socket_count, socket_room;
    size_t kernel_started, kernel_stopped; /* kernel threads that were left out */
};

void diff_init(struct diff *d);
void diff_release(struct diff *d);

/* Compares two records. False: memory is out. */
bool diff_make(struct diff *d, const struct snapshot *before, const struct snapshot *after);

/* True if nothing changed. Kernel threads do not count. */
bool diff_empty(const struct diff *d);

/* The member name of a fact, such as "os_ver". */
const char *diff_fact_name(enum fact fact);

/*
 * Appends the members of a JSON object, without its braces:
 *
 *     "rebooted":true,"changed":[{"fact","before","after"}],
 *     "processes":{"started":[...],"stopped":[...],"restarted":[{"before":{...},"after":{...}}]},
 *     "kernel_threads":{"started":0,"stopped":0},
 *     "users":{"in":[...],"out":[...]},"listening":{"opened":[...],"closed":[...]}
 *
 * Processes are as procs_put() writes them.
 */
void diff_put(const struct diff *d, struct buf *out);

#endif
