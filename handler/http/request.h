/*
 * request: one HTTP request as the web server hands it over (RFC 3875 meta-variables; FastCGI
 * passes the same names), free of how it got here.
 *
 * All strings are borrowed: valid until the request is finished, never NULL ("" when absent).
 */
#ifndef HANDLER_HTTP_REQUEST_H
#define HANDLER_HTTP_REQUEST_H

#include <stdbool.h>
#include <stddef.h>

struct request {
    const char *method;
    const char *path; /* PATH_INFO when not empty, else SCRIPT_NAME; decoded by the web server */
    const char *uri;  /* REQUEST_URI: as the client wrote it, with its query */
    const char *content_type;
    const char *content_encoding;
    const char *content_length;
    const char *authorization;
    const char *remote_addr;
    const char *retry; /* Rollcall-Retry */
    const char *query; /* QUERY_STRING, as the client wrote it */
    const char *accept_encoding;
    const char *if_none_match, *if_range, *range;

    /* Reads up to `len` bytes of the body; fewer only at its end. */
    size_t (*read)(void *source, char *bytes, size_t len);
    void *source;
    bool body_read; /* the body has been read, as far as its length says */
};

/* Fills `r` from a look-up of meta-variables, which returns NULL for what is not set. */
void request_fill(struct request *r, const char *(*param)(void *source, const char *name),
                  void *source);

/* HEAD is answered as GET, without the body. */
bool request_is_head(const struct request *r);

#endif
