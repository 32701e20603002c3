/*
 * backoff: when to try again after a failure. Pure: time and chance are arguments.
 *
 * Full jitter: the pause is anything between nothing and a span that doubles with each failure in
 * a row, up to BACKOFF_SPAN_MAX, so that those who failed together do not come back together. What
 * the server asked for (Retry-After) is waited for first, in any case.
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

/* Delivered, or there is another reason to believe in the next try. */
void backoff_clear(struct backoff *b);

/* `asked`: ms of Retry-After, or 0; `random`: any number. Returns when what was asked for ends. */
int64_t backoff_fail(struct backoff *b, int64_t now, int64_t asked, uint64_t random);

/* A pause that is longer than any of ours was made under another clock, and does not count. */
bool backoff_waits(const struct backoff *b, int64_t now);

#endif
