/*
 * http: one HTTP request at a time, signed for AWS or not. The only file that knows libcurl.
 *
 * Signing is libcurl's (CURLOPT_AWS_SIGV4). What libcurl 7.88 gets wrong is left to no chance here:
 * the URL comes canonical (percent.h) and holds no dot segments, which libcurl would take away,
 * x-amz-content-sha256 is always among the caller's headers, and no header is suppressed.
 *
 * A struct http keeps its connection for the next request; it belongs to one thread. Redirects are
 * not followed. Proxies are those of curl's environment, except where the request says `direct`.
 */
#ifndef AWS_S3_HTTP_H
#define AWS_S3_HTTP_H

#include "handler/shared/buf.h"

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HTTP_ERROR_MAX = 320, HTTP_HEADERS_MAX = 16 << 10 };

struct http;

struct http_header {
    const char *name, *value; /* one without a value is passed over */
};

struct http_key {
    const char *access, *secret; /* borrowed for the request */
    const char *region, *service;
};

struct http_request {
    const char *method; /* GET HEAD PUT POST DELETE */
    const char *url;
    const struct http_header *headers;
    size_t header_count;
    const struct http_key *sign; /* NULL: not signed */

    bool has_body;
    const char *bytes; /* the body, or NULL: it is `len` bytes of `fd` from `at` */
    int fd;
    off_t at;
    uint64_t len;

    /* NULL, or where a 2xx answer's body goes; false ends the request (HTTP_NOT_TAKEN). */
    bool (*take)(void *context, const char *bytes, size_t len);
    void *context;
    size_t body_max; /* of what is kept in answer->body; more is HTTP_TOO_LONG */

    const char *ca_bundle; /* NULL: the system's */
    bool direct;           /* past any proxy */
    int64_t connect_ms;
    int64_t max_ms;                    /* 0: as long as it moves */
    int64_t stall_s;                   /* 0, or: given up when nothing moves for so long */
    const volatile sig_atomic_t *stop; /* NULL, or: not 0 ends the request (HTTP_STOPPED) */
};

enum http_end {
    HTTP_ANSWERED, /* there is a whole answer, whatever its status */
    HTTP_NETWORK,  /* there is none, and a next try may bring one */
    HTTP_SETUP,    /* it cannot be asked for: a bad URL, a certificate that does not hold */
    HTTP_TOO_LONG,
    HTTP_NOT_TAKEN,
    HTTP_STOPPED,
};

struct http_answer {
    enum http_end end;
    long status;
    struct buf body;
    struct buf headers; /* of the last answer, "name: value\n" each */
    char error[HTTP_ERROR_MAX];
};

/* For the program's life, before the first thread. False when libcurl cannot do what is needed. */
bool http_global(char error[HTTP_ERROR_MAX]);

/* NULL when memory is out. */
struct http *http_new(void);
void http_free(struct http *h);

/* `answer` is to be released in any case. */
enum http_end http_send(struct http *h, const struct http_request *r, struct http_answer *answer);
void http_release(struct http_answer *answer);

/* A header of the answer, its blanks trimmed; false when it is not there or does not fit. */
bool http_find(const struct http_answer *answer, const char *name, char *out, size_t size);

/* HTTP's Date as milliseconds since the epoch, -1 when there is none that can be read. */
int64_t http_date(const struct http_answer *answer);

#endif
