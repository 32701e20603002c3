/*
 * pace: when beats are due, without drift: at start, start + period, start + 2 periods … Pure.
 */
#ifndef AGENT_PACE_H
#define AGENT_PACE_H

#include <stdint.h>

struct pace {
    int64_t period; /* ms, above 0 */
    int64_t due;    /* the beat in hand, on clock_monotonic() */
};

/*
 * Moves to the first beat after `now`, and returns how many were skipped on the way: one that takes
 * longer than its period does not make others pile up.
 */
int64_t pace_next(struct pace *p, int64_t now);

#endif
