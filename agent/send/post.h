/*
 * post: HTTP requests over one connection. The only file that knows libcurl, which curlload.c
 * loads.
 *
 * A connection is used for several requests while it is young; servers keep connections open for
 * longer than that. By default libcurl sends a request again if the kept connection turns out to
 * be dead, even if the first copy may have arrived. To prevent this, the body comes from a read
 * callback that cannot rewind: libcurl then fails with CURLE_SEND_FAIL_REWIND (see
 * CURLOPT_SEEKFUNCTION(3)), `stale` is set, and the caller sends again with Rollcall-Retry.
 *
 * Proxies are taken from the environment as curl does (http_proxy, https_proxy, no_proxy).
 * Redirects are not followed: the token is sent to the configured URL only.
 */
#ifndef AGENT_SEND_POST_H
#define AGENT_SEND_POST_H

#include "handler/shared/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POST_ANSWER_MAX = 64 << 10, POST_ERROR_MAX = 512 };

struct post;

struct post_request {
    const char *url;
    const char *token;               /* NULL: no Authorization header */
    const char *cacert, *cert, *key; /* NULL: curl's default */
    bool insecure;
    const char *type;                  /* Content-Type; NULL: GET, without a body */
    bool gzipped;                      /* the body is compressed */
    bool fresh;                        /* use a new connection */
    int64_t retry;                     /* Rollcall-Retry, in seconds; 0: no such header */
    int64_t connect_timeout, max_time; /* ms */
    const char *body;
    size_t len;
    void (*sending)(void *context); /* NULL, or called before the first byte of the body is sent */
    void *context;
};

struct post_answer {
    long status;                /* 0: no complete answer; `error` gives the reason */
    struct buf body;            /* at most POST_ANSWER_MAX bytes; a longer answer is not complete */
    int64_t ms;                 /* from the start to the end of the answer */
    int64_t retry_after;        /* seconds; 0: no such header */
    int64_t date;               /* the server's Date, in seconds since the epoch; 0: none */
    bool sent;                  /* the whole body was handed to the network */
    bool stale;                 /* the kept connection was dead; the request may have arrived */
    const char *bad_key;        /* the configuration key that is wrong; NULL: a network error */
    char error[POST_ERROR_MAX]; /* curl's message, without passwords */
};

/* NULL if memory is out. */
struct post *post_new(void);
void post_free(struct post *p);

/* True if there is a status. Call post_release() on `answer` in any case. */
bool post_send(struct post *p, const struct post_request *request, struct post_answer *answer);

void post_release(struct post_answer *answer);

/*
 * Hides what may be a password in curl's message: cuts it before the quoted URL of a proxy, and
 * replaces the user part of another URL by asterisks. For tests.
 */
void post_hide_passwords(char *text);

#endif
