/*
 * backlog: sends what the spool holds, oldest first.
 *
 * Records are sent as batches, process listings one by one. A batch that the server finds too large
 * is halved. A record that rollcall refuses is set aside, so that the others can be sent. One beat
 * sends at most BACKLOG_BYTES in BACKLOG_REQUESTS: after an outage a fleet delivers its backlog bit
 * by bit.
 */
#ifndef AGENT_SEND_BACKLOG_H
#define AGENT_SEND_BACKLOG_H

#include "agent/send/attempt.h"
#include "agent/send/spool.h"

enum {
    BACKLOG_BATCH_BYTES = 4 << 20, /* uncompressed; a single record may be larger */
    BACKLOG_BATCH_RECORDS = 256,
    BACKLOG_BYTES = 8 << 20,
    BACKLOG_REQUESTS = 16,
};

struct backlog {
    struct post *post;
    const struct agent_config *config;
    struct spool *spool;
    enum spool_kind kind; /* what the url accepts; records of other kinds stay */
    int64_t until;        /* on clock_monotonic(): no request is started later */
    bool (*stopped)(void);
};

/*
 * Returns how many records of this kind still wait. `o` is the outcome of the last request: its
 * code is 0 if none failed. o->unwritten is set if it was for any of them.
 */
size_t backlog_send(const struct backlog *b, struct outcome *o);

#endif
