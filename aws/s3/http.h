/*
 * http: sends one HTTP request at a time, signed for AWS or not. The only file that uses libcurl.
 *
 * libcurl signs (CURLOPT_AWS_SIGV4). Three rules avoid the errors of libcurl 7.88: the URL is
 * canonical (percent.h) and contains no dot segments, which libcurl would remove;
 * x-amz-content-sha256 is always among the caller's headers; no header is suppressed.
 *
 * A struct http belongs to one thread and keeps its connection for the next request. Redirects are
 * not followed. The proxy variables of curl(1) apply, unless the request is `direct`.
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
    const char *name, *value; /* skipped if `value` is NULL */
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
    const char *bytes; /* the body; if NULL, the body is `len` bytes of `fd` from `at` */
    int fd;
    off_t at;
    uint64_t len;

    /* Receives the body of a 2xx answer, unless NULL. False ends the request (HTTP_NOT_TAKEN). */
    bool (*take)(void *context, const char *bytes, size_t len);
    void *context;
    size_t body_max; /* the limit of answer->body; a longer one is HTTP_TOO_LONG */

    const char *ca_bundle; /* NULL: the system's */
    bool direct;           /* without a proxy */
    int64_t connect_ms;
    int64_t max_ms;                    /* for the whole request; 0: no limit */
    int64_t stall_s;                   /* without a byte in either direction; 0: no limit */
    const volatile sig_atomic_t *stop; /* unless NULL: not 0 ends the request (HTTP_STOPPED) */
};

enum http_end {
    HTTP_ANSWERED, /* a complete answer, of any status */
    HTTP_NETWORK,  /* no answer; another try may succeed */
    HTTP_SETUP,    /* no answer, and another try cannot succeed: a bad URL or certificate */
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

/* Call once, before the first thread. False if this libcurl is too old. */
bool http_global(char error[HTTP_ERROR_MAX]);

/* NULL if there is no memory. */
struct http *http_new(void);
void http_free(struct http *h);

/* Release `answer` in any case. */
enum http_end http_send(struct http *h, const struct http_request *r, struct http_answer *answer);
void http_release(struct http_answer *answer);

/* A header of the answer, without blanks at its ends. False if it is absent or does not fit. */
bool http_find(const struct http_answer *answer, const char *name, char *out, size_t size);

/* The Date header in milliseconds since the epoch. -1 if it is absent or invalid. */
int64_t http_date(const struct http_answer *answer);

#endif
