/*
 * attempt: sends one record or one batch, and reports the outcome.
 *
 * A delivered record is reported here, with its receipt: one line on stdout, and one in the log if
 * there is a log file. A failure is reported by the caller, which decides what becomes of the
 * record.
 */
#ifndef AGENT_SEND_ATTEMPT_H
#define AGENT_SEND_ATTEMPT_H

#include "agent/config.h"
#include "agent/send/post.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct attempt {
    const char *body;
    size_t len;
    size_t records; /* above 1: NDJSON */
    bool gzipped;
    int64_t tried; /* s since the epoch of the first try whose fate is unknown, or 0 */
    void (*sending)(void *context); /* NULL, or called before the first byte of the body is sent */
    void *context;
};

struct outcome {
    int code;            /* exit code of rollcall-agent(1): 0, 75, 76, 77, 78 (sysexits.h) */
    long status;         /* HTTP; 0: no answer */
    bool unknown;        /* the record may have been stored although the attempt failed */
    bool waiting;        /* not tried: older records are sent first */
    bool unwritten;      /* delivered, but stdout does not take the receipt */
    int64_t tried;       /* time of the first try, in seconds since the epoch */
    int64_t retry_after; /* ms that the server asks for, or 0 */
    int64_t date;        /* the server's clock, in seconds since the epoch; 0: not known */
    int64_t line;        /* of a batch: the line that is refused, from 1; or -1 */
    const char *bad_key; /* the configuration key that is wrong, or NULL */
    char reason[POST_ERROR_MAX];
};

void attempt_send(struct post *post, const struct agent_config *c, const struct attempt *a,
                  struct outcome *o);

/* The request that every attempt makes: the configured URL, token and files. */
struct post_request attempt_request(const struct agent_config *c);

/*
 * The exit code for an HTTP status. `refused` says that the answer is a JSend "fail": only then
 * did rollcall itself refuse the record, for good. Any other 4xx may come from a proxy.
 */
int attempt_code(long status, bool refused);

#endif
