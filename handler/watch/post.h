/*
 * post: one HTTP POST of JSON. The only file of the collector's programs that knows libcurl.
 *
 * https, or http to a loopback address (watchconf.h has checked it). Proxies of the environment are
 * not used, redirects are not followed, ~/.netrc is not read.
 */
#ifndef HANDLER_WATCH_POST_H
#define HANDLER_WATCH_POST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { POST_ERROR_MAX = 320 };

struct post {
    const char *url;
    const char *cacert;    /* NULL: the system's */
    const char *signature; /* value of Rollcall-Signature, or NULL */
    int64_t timeout_ms;    /* for the whole exchange */
};

/* True after a 2xx. Else one line in `error`: the status, or why there is none. */
bool post_json(const struct post *p, const char *body, size_t len, char error[POST_ERROR_MAX]);

#endif
