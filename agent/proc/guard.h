/*
 * guard: runs jobs that may block for ever, without blocking with them.
 *
 * Reading /proc/PID/cmdline takes a lock of that process's memory: when the process is stuck, so is
 * the reader, often beyond the reach of any signal. A user name from LDAP is no better. So the jobs
 * run in a child process, one after the other; a job that neither ends nor dies in time is given
 * up with its child, and a new child goes on behind it.
 *
 * A child and not a thread: a process can end, and its parent learn of it, only when all its
 * threads have ended; a thread in uninterruptible sleep would make a zombie of the agent that cron
 * waits for. A child that even SIGKILL does not end at once is left to init. It holds none of our
 * descriptors (a pipe on stdout would keep its reader waiting, a lock stay locked).
 *
 * The jobs' results come back through shared memory: no system call a job.
 */
#ifndef AGENT_PROC_GUARD_H
#define AGENT_PROC_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct guard_shared;

/*
 * Job number `index` adds its result to `out` (empty, its max is `result_max`). False when it has
 * none. It runs in a child: what it changes in memory the parent does not see.
 */
typedef bool (*guard_job)(void *context, size_t index, struct buf *out);

struct guard {
    struct guard_shared *shared;
    size_t size; /* of the mapping */
    size_t count;
};

enum guard_state {
    GUARD_NONE,  /* not run: out of time */
    GUARD_DONE,  /* the job returned true */
    GUARD_EMPTY, /* the job returned false */
    GUARD_LOST,  /* it blocked, crashed, or there was no room for its result */
};

/*
 * Runs jobs 0 to `count` - 1 until clock_monotonic() is `until`, and returns. `keep_fd` is the one
 * descriptor that the jobs need besides standard input, output and error (which are /dev/null to
 * them). False with errno when there is no memory to share; no job has run then, and
 * guard_release() is not needed. A job is given up when it takes a quarter of the time that is
 * left.
 */
bool guard_run(struct guard *g, size_t count, size_t result_max, guard_job job, void *context,
               int keep_fd, int64_t until);

/* How job `index` ended; with GUARD_DONE its result, borrowed until guard_release(). */
enum guard_state guard_result(const struct guard *g, size_t index, const char **bytes, size_t *len);

void guard_release(struct guard *g);

#endif
