/*
 * send: delivers the record of a beat and what earlier beats left in the spool, oldest first.
 *
 * Call sender_open() once, send_record() for each beat, sender_close() at the end. A record that
 * cannot be delivered now is spooled, and one log line gives the reason.
 */
#ifndef AGENT_SEND_SEND_H
#define AGENT_SEND_SEND_H

#include "agent/config.h"
#include "agent/send/backoff.h"
#include "agent/send/post.h"
#include "agent/send/spool.h"

#include <stddef.h>

struct sender {
    const struct agent_config *config;
    struct post *post;
    struct spool spool;
    bool busy; /* another agent sends from the spool: this one adds to it, and sends nothing */
    struct backoff backoff;
    bool (*stopped)(void); /* NULL, or true when the agent must end soon */
};

/* 0, or an exit code after logging the reason. If the spool is in use, `busy` is set. */
int sender_open(struct sender *s, const struct agent_config *c);
void sender_close(struct sender *s);

/* Ends the pause after a failure, because there is a new token or configuration. */
void sender_hurry(struct sender *s);

/*
 * `created`: when the record was collected, ms since the epoch. Returns the exit code of
 * rollcall-agent(1) for this record: 0, 75, 76, 77 or 78 (sysexits.h).
 */
int send_record(struct sender *s, int64_t created, const char *record, size_t len);

#endif
