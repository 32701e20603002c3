/*
 * history: the processor time that each process had used by the beat before, so that a staying
 * agent can say what it used since. A process is its pid and its start.
 */
#ifndef AGENT_PROC_HISTORY_H
#define AGENT_PROC_HISTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct history_entry {
    int64_t pid;
    uint64_t start_ticks;
    uint64_t cpu_ticks;
};

struct history {
    struct history_entry *list; /* by pid */
    size_t count, room;
    int64_t at; /* when, on clock_monotonic(); 0: there was no beat before */
};

void history_init(struct history *h);
void history_release(struct history *h);

/* Forgets all, for a beat at `at`; then history_add() in the order of pids. */
void history_start(struct history *h, int64_t at);

/* What finds no memory is not remembered. */
void history_add(struct history *h, const struct history_entry *e);

/* False when that process was not there. */
bool history_find(const struct history *h, int64_t pid, uint64_t start_ticks, uint64_t *cpu_ticks);

/*
 * Percent of one core that a process has used since the beat before, or, when it was not there,
 * since it started. `now`: on clock_monotonic(); `uptime_ms`: of the machine.
 */
double history_percent(const struct history *h, const struct history_entry *e, int64_t now,
                       int64_t uptime_ms, uint64_t hertz);

#endif
