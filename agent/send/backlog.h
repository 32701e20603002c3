/*
 * drain: sends what the spool holds, oldest first.
 *
 * Records go as batches, process listings one by one. A batch that the server finds too large is
 * halved; a record that it refuses for good is set aside, so that it is not in the way of the
 * others. No beat sends more than DRAIN_BYTES in DRAIN_REQUESTS: after an outage a fleet comes back
 * with its backlog bit by bit.
 */
#ifndef AGENT_SEND_BACKLOG_H
#define AGENT_SEND_BACKLOG_H

#include "agent/send/attempt.h"
#include "agent/send/spool.h"

enum {
    DRAIN_BATCH_BYTES = 4 << 20, /* as text; a single record may be larger */
    DRAIN_BATCH_RECORDS = 256,
    DRAIN_BYTES = 8 << 20,
    DRAIN_REQUESTS = 16,
};

struct drain {
    struct post *post;
    const struct config *config;
    struct spool *spool;
    enum spool_kind kind; /* what the url takes; others stay */
    int64_t until;        /* on clock_monotonic(): no request is begun later */
    bool (*stopped)(void);
};

/*
 * Returns how many records of this kind still wait. `o` is the outcome of the request that ended
 * it; its code is 0 when none failed.
 */
size_t drain(const struct drain *d, struct outcome *o);

#endif
