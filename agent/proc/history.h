/*
 * history: what a staying agent remembers from beat to beat.
 *
 * The processor time that each process had used, so that the next beat can report what it used
 * since. The processes that did not answer: each has left a child process that even SIGKILL did not
 * end, and asking again would leave another one. And whether the directory service answered.
 *
 * A process is identified by its pid and its start.
 */
#ifndef AGENT_PROC_HISTORY_H
#define AGENT_PROC_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { HISTORY_STUCK_MAX = 32, HISTORY_LOOKUP_PAUSE = 300000 }; /* ms */

struct history_entry {
    int64_t pid;
    uint64_t start_ticks;
    uint64_t cpu_ticks;
};

struct history_stuck {
    int64_t pid; /* 0: the directory service, not a process */
    uint64_t start_ticks;
    pid_t child;
};

struct history {
    struct history_entry *list; /* by pid */
    size_t count, room;
    int64_t at; /* time of the previous beat, on clock_monotonic(); 0: there was none */
    struct history_stuck stuck[HISTORY_STUCK_MAX];
    size_t stuck_count;
    int64_t no_lookup_until; /* on clock_monotonic(): do not ask the directory service before */
};

void history_init(struct history *h);
void history_release(struct history *h);

/* Forgets the times, for a beat at `at`. Then call history_add() in the order of pids. */
void history_start(struct history *h, int64_t at);

/* Without memory, the entry is not remembered. */
void history_add(struct history *h, const struct history_entry *e);

/* False if that process is not known. */
bool history_find(const struct history *h, int64_t pid, uint64_t start_ticks, uint64_t *cpu_ticks);

struct history_clock {
    int64_t now;       /* on clock_monotonic() */
    int64_t uptime_ms; /* of the machine; 0: unknown */
    uint64_t hertz;    /* clock ticks per second */
    unsigned cores;    /* 0: unknown */
};

/*
 * Percent of one core that a process has used since the previous beat, or since its start if it is
 * new. At most 100 for each core. False if that is unknown.
 */
bool history_percent(const struct history *h, const struct history_entry *e,
                     const struct history_clock *clock, double *percent);

/* Remembers a process that does not answer, and the child that hangs on it. */
void history_add_stuck(struct history *h, const struct history_stuck *s);

/* Reaps the children that have ended; their processes may be asked again. */
void history_reap(struct history *h);

bool history_is_stuck(const struct history *h, int64_t pid, uint64_t start_ticks);

/* True if so many children hang that no more may be left behind. */
bool history_is_full(const struct history *h);

#endif
