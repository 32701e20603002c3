/*
 * guard: runs jobs that may block forever, without blocking with them.
 *
 * Reading /proc/PID/cmdline takes a lock of that process's memory: if the process is stuck, so is
 * the reader, often out of reach of any signal. A user name from LDAP may block as well. So the
 * jobs run in a child process, one after the other. If a job neither ends nor dies in time, it is
 * given up with its child, and a new child continues with the next job.
 *
 * It is a child and not a thread: a process ends for its parent only when all its threads have
 * ended, and a thread in uninterruptible sleep would leave cron waiting for a zombie. A child that
 * does not end at once after SIGKILL is reported to the caller. It holds none of the agent's
 * descriptors: a pipe on stdout would keep its reader waiting, and a lock would stay locked.
 *
 * Results are passed through shared memory: no system call per job.
 */
#ifndef AGENT_PROC_GUARD_H
#define AGENT_PROC_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct buf;
struct guard_shared;

enum { GUARD_KEEP = 2 };

struct guard_work {
    /*
     * Job number `index` appends its result to `out`, which is empty and takes `result_max` bytes.
     * False if it has none. It runs in a child: the parent does not see what it changes in memory.
     */
    bool (*job)(void *context, size_t index, struct buf *out);
    /* NULL, or: job `index` blocks, and `child` did not end after SIGKILL. False: run no more. */
    bool (*abandoned)(void *context, size_t index, pid_t child);
    void *context;
    size_t count, result_max;
    int keep[GUARD_KEEP]; /* descriptors that the jobs need; 0 to 2 are /dev/null to them */
    int64_t until;        /* on clock_monotonic() */
    bool stop_if_lost;    /* run no more jobs after one that blocks */
};

struct guard {
    struct guard_shared *shared;
    size_t size; /* of the mapping */
    size_t count;
};

enum guard_state {
    GUARD_NONE,  /* not run: out of time */
    GUARD_DONE,  /* the job returned true */
    GUARD_EMPTY, /* the job returned false */
    GUARD_LOST,  /* the job blocked or crashed, or there was no room for its result */
};

/*
 * Runs jobs 0 to `count` - 1. A job is given up when it takes a quarter of the time that is left.
 * False with errno if there is no memory to share: then no job has run, and guard_release() must
 * not be called.
 */
bool guard_run(struct guard *g, const struct guard_work *work);

/* How job `index` ended; with GUARD_DONE its result, borrowed until guard_release(). */
enum guard_state guard_result(const struct guard *g, size_t index, const char **bytes, size_t *len);

void guard_release(struct guard *g);

#endif
