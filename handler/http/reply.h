/*
 * reply: one HTTP response in the form of CGI and FastCGI (RFC 3875 section 6), with a JSend body
 * (except reply_head(), which writes none).
 */
#ifndef HANDLER_HTTP_REPLY_H
#define HANDLER_HTTP_REPLY_H

#include "handler/fault.h"
#include "handler/shared/buf.h"

/*
 * Starts an answer of any status, up to its body, which the caller adds. `out` is reset; the
 * headers are those of `f`, which may be NULL.
 */
void reply_head(struct buf *out, enum verdict v, const struct fault *f);

/*
 * Starts the answer for success, up to `"data":`; the caller appends an object, then calls
 * reply_end(). `out` is reset.
 */
void reply_success(struct buf *out);
void reply_end(struct buf *out);

/* The whole answer for a request that failed: "fail" below 500, "error" from there. */
void reply_fault(struct buf *out, enum verdict v, const struct fault *f);

/* The offset of the body in a finished response: HEAD sends only the bytes before it. */
size_t reply_body(const struct buf *out);

#endif
