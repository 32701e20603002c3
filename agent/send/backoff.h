/*
 * backoff: when to try again after a failure. Pure: time and random numbers are arguments.
 *
 * Full jitter: the pause is a random time up to a span that doubles with each consecutive failure,
 * up to BACKOFF_SPAN_MAX, so that agents that failed together do not try again together. The time
 * that the server asks for (Retry-After) comes first, in any case.
 */
#ifndef AGENT_SEND_BACKOFF_H
#define AGENT_SEND_BACKOFF_H

#include <stdbool.h>
#include <stdint.h>

enum {
    BACKOFF_SPAN_FIRST = 5000, /* ms */
    BACKOFF_SPAN_MAX = 300000,
    BACKOFF_ASKED_MAX = 24 * 3600 * 1000, /* of Retry-After, and of any pause */
};

struct backoff {
    unsigned failures; /* in a row */
    int64_t until;     /* ms since the epoch; 0: no pause */
};

/* After a delivery, or for another reason to try at once. */
void backoff_clear(struct backoff *b);

/* `asked`: ms of Retry-After, or 0; `random`: any number. Returns the end of the asked time. */
int64_t backoff_fail(struct backoff *b, int64_t now, int64_t asked, uint64_t random);

/* A pause that is longer than any possible one comes from another clock setting, and is ignored. */
bool backoff_waits(const struct backoff *b, int64_t now);

#endif
