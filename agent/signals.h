/*
 * signals: those that a staying agent obeys, taken between beats and never during one.
 *
 * No handlers: the signals are held back and waited for, so that nothing is interrupted and none
 * gets lost.
 */
#ifndef AGENT_SIGNALS_H
#define AGENT_SIGNALS_H

#include <stdbool.h>
#include <stdint.h>

enum signals_event {
    SIGNALS_NONE,   /* it is `until` now */
    SIGNALS_END,    /* SIGTERM, SIGINT */
    SIGNALS_RELOAD, /* SIGHUP */
};

/* From now on they wait for signals_wait(). */
void signals_hold(void);

/* Sleeps until clock_monotonic() is `until`, or one of them comes. */
enum signals_event signals_wait(int64_t until);

/* SIGTERM or SIGINT waits. */
bool signals_ending(void);

#endif
