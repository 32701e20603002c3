/*
 * send: delivers a beat's record and what earlier beats left in the spool, oldest first.
 *
 * sender_open() once, send_record() for each beat, sender_close(). What cannot be delivered now is
 * spooled, and the log says so in one line, with the reason.
 */
#ifndef AGENT_SEND_SEND_H
#define AGENT_SEND_SEND_H

#include "agent/config.h"
#include "agent/send/backoff.h"
#include "agent/send/post.h"
#include "agent/send/spool.h"

#include <stddef.h>

struct sender {
    const struct config *config;
    struct post *post;
    struct spool spool;
    struct backoff backoff;
    bool (*stopped)(void); /* NULL, or: end soon */
};

/* 0, or the exit code, which has been said: another agent uses the spool, memory is out. */
int sender_open(struct sender *s, const struct config *c);
void sender_close(struct sender *s);

/* The next beat tries at once: there is a new token, say. */
void sender_hurry(struct sender *s);

/*
 * `created`: when it was collected, ms since the epoch. Returns the exit code of the contract for
 * this record: 0, 75, 76, 77 or 78 (sysexits.h).
 */
int send_record(struct sender *s, int64_t created, const char *record, size_t len);

#endif
