/*
 * post: one HTTP POST. The only file that knows libcurl.
 *
 * Proxies are those of curl's environment (http_proxy, https_proxy, no_proxy). Redirects are not
 * followed, so that the token goes nowhere but to the configured URL.
 */
#ifndef AGENT_POST_H
#define AGENT_POST_H

#include "shared/buf.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POST_ANSWER_MAX = 64 << 10, POST_ERROR_MAX = 512 };

struct post_request {
    const char *url;
    const char *token;               /* NULL: none is sent */
    const char *cacert, *cert, *key; /* NULL: curl's default */
    bool insecure;
    bool gzipped;                      /* the body is */
    int64_t connect_timeout, max_time; /* ms */
    const char *body;
    size_t len;
};

struct post_answer {
    long status;                /* 0: there was no whole answer, and `error` says why */
    struct buf body;            /* at most POST_ANSWER_MAX bytes; more is no whole answer */
    int64_t ms;                 /* from the start to the answer's end */
    const char *bad_key;        /* the configuration's key that is wrong; NULL: the network is */
    char error[POST_ERROR_MAX]; /* curl's words */
};

/* `answer` is to be released with post_release() in any case. True when there is a status. */
bool post(const struct post_request *request, struct post_answer *answer);

void post_release(struct post_answer *answer);

#endif
