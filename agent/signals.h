/*
 * signals: when a staying agent collects, and the signals that it obeys in between.
 *
 * There are no handlers: the signals are blocked and waited for, so that nothing is interrupted and
 * no signal is lost.
 */
#ifndef AGENT_SIGNALS_H
#define AGENT_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

/* Beats are due at start, start + period, start + 2 periods, without drift. */
struct pace {
    int64_t period; /* ms, above 0 */
    int64_t due;    /* the current beat, on clock_monotonic() */
};

/*
 * Moves to the first beat after `now`, and returns how many were skipped: after a beat that takes
 * longer than its period, others do not pile up. Pure.
 */
int64_t pace_next(struct pace *p, int64_t now);

enum signals_event {
    SIGNALS_NONE,   /* the time has come */
    SIGNALS_END,    /* SIGTERM, SIGINT */
    SIGNALS_RELOAD, /* SIGHUP */
};

/* Blocks the signals: from now on they wait for signals_wait(). */
void signals_hold(void);

/* Sleeps until clock_monotonic() is `until`, or a signal arrives. */
enum signals_event signals_wait(int64_t until);

/* True if SIGTERM or SIGINT is pending. */
bool signals_ending(void);

#endif
