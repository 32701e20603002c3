/*
 * request: one HTTP request as the web server passes it on (RFC 3875 meta-variables; FastCGI uses
 * the same names), whichever way it came.
 *
 * All strings are borrowed: valid until the request is finished, never NULL ("" if absent).
 */
#ifndef HANDLER_HTTP_REQUEST_H
#define HANDLER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

enum { REQUEST_PATH_MAX = 256 };

struct request {
    const char *method;
    const char *path; /* see request_find_path(); until then PATH_INFO, or SCRIPT_NAME if empty */
    const char *path_info, *script_name; /* decoded by the web server */
    const char *uri;                     /* REQUEST_URI: as the client wrote it, with its query */
    const char *content_type;
    const char *content_encoding;
    const char *content_length;
    const char *authorization;
    const char *remote_addr;
    const char *retry; /* Rollcall-Retry */
    const char *query; /* QUERY_STRING, as the client wrote it */
    const char *accept_encoding;
    const char *if_none_match, *if_range, *range;
    const char *host, *origin, *cookie;
    const char *https, *scheme; /* HTTPS, REQUEST_SCHEME: the web server's word on TLS */

    char joined[REQUEST_PATH_MAX]; /* SCRIPT_NAME followed by PATH_INFO, if that is the path */

    /* Reads up to `len` bytes of the body; fewer only at its end. */
    size_t (*read)(void *source, char *bytes, size_t len);
    void *source;
    bool body_read; /* CONTENT_LENGTH bytes of the body were read */
};

/* Fills `r` from a look-up of meta-variables, which returns NULL for one that is not set. */
void request_fill(struct request *r, const char *(*param)(void *source, const char *name),
                  void *source);

/*
 * Sets r->path to the first path that the program serves: PATH_INFO, or SCRIPT_NAME followed by
 * PATH_INFO. Web servers split paths differently: lighttpd's `"/" =>` without fix-root-scriptname
 * splits /api/v1/record after /api; below a prefix, SCRIPT_NAME is the prefix. False if the program
 * serves neither; r->path is then unchanged.
 */
bool request_find_path(struct request *r, bool (*serves)(const void *program, const char *path),
                       const void *program);

/* True if the client, or a proxy that the web server trusts, used TLS. */
bool request_is_tls(const struct request *r);

/* HEAD is answered as GET, without the body. */
bool request_is_head(const struct request *r);

#endif
