/*
 * deliver: one request with one record or a batch, and what became of it.
 *
 * What was delivered is said here, with its receipt: one line on stdout, and in the log where there
 * is one. What was not delivered is said by the caller, who knows what happens to the record.
 */
#ifndef AGENT_SEND_ATTEMPT_H
#define AGENT_SEND_ATTEMPT_H

#include "agent/config.h"
#include "agent/send/post.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct parcel {
    const char *body;
    size_t len;
    size_t records; /* above 1: NDJSON */
    bool gzipped;
    int64_t tried; /* s since the epoch of the first try whose fate is unknown, or 0 */
    void (*sending)(void *context); /* NULL, or: called before the body's first byte goes out */
    void *context;
};

struct outcome {
    int code;            /* of the contract: 0, 75, 76, 77, 78 (sysexits.h) */
    long status;         /* HTTP; 0: there was no answer */
    bool unknown;        /* it may have been stored all the same */
    int64_t tried;       /* when it was sent, s since the epoch */
    int64_t retry_after; /* ms that the server asks for, or 0 */
    int64_t line;        /* of a batch: the one that is to blame, from 1; or -1 */
    const char *bad_key; /* the configuration's key that is to blame, or NULL */
    char reason[POST_ERROR_MAX];
};

void deliver(struct post *post, const struct config *c, const struct parcel *p, struct outcome *o);

/* The exit code that belongs to an HTTP status. */
int deliver_code(long status);

#endif
