/*
 * post: HTTP POSTs over one connection. The only file that knows libcurl, which curlload.c loads.
 *
 * The connection is kept from one call to the next and used again while it is young; a server's
 * keep-alive times are longer than that. Left to itself, libcurl sends a request a second time when
 * the kept connection turns out to be dead, even when the first copy may have arrived. So the body
 * comes through a read callback that cannot be rewound: libcurl gives up instead
 * (CURLE_SEND_FAIL_REWIND, see CURLOPT_SEEKFUNCTION(3)), the answer is `stale`, and it is the
 * caller who sends again, saying so.
 *
 * Proxies are those of curl's environment (http_proxy, https_proxy, no_proxy). Redirects are not
 * followed, so that the token goes nowhere but to the configured URL.
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
    const char *token;               /* NULL: none is sent */
    const char *cacert, *cert, *key; /* NULL: curl's default */
    bool insecure;
    const char *type;                  /* Content-Type */
    bool gzipped;                      /* the body is */
    bool fresh;                        /* over a new connection */
    int64_t retry;                     /* Rollcall-Retry, in seconds; 0: none is sent */
    int64_t connect_timeout, max_time; /* ms */
    const char *body;
    size_t len;
    void (*sending)(void *context); /* NULL, or: called before the body's first byte goes out */
    void *context;
};

struct post_answer {
    long status;                /* 0: there was no whole answer, and `error` says why */
    struct buf body;            /* at most POST_ANSWER_MAX bytes; more is no whole answer */
    int64_t ms;                 /* from the start to the answer's end */
    int64_t retry_after;        /* seconds, 0: not said */
    bool sent;                  /* all of the body was handed to the network */
    bool stale;                 /* the kept connection was dead; what became of `sent` is unknown */
    const char *bad_key;        /* the configuration's key that is wrong; NULL: the network is */
    char error[POST_ERROR_MAX]; /* curl's words */
};

/* NULL when memory is out. */
struct post *post_new(void);
void post_free(struct post *p);

/* `answer` is to be released with post_release() in any case. True when there is a status. */
bool post_send(struct post *p, const struct post_request *request, struct post_answer *answer);

void post_release(struct post_answer *answer);

#endif
