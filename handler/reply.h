/*
 * reply: one HTTP answer (as CGI and FastCGI responders give it: RFC 3875 section 6), with a JSend
 * body.
 */
#ifndef ROLLCALL_REPLY_H
#define ROLLCALL_REPLY_H

#include "fault.h"
#include "shared/buf.h"

/*
 * Starts the answer for success, up to `"data":`; the caller appends an object, then calls
 * reply_end(). `out` is reset.
 */
void reply_success(struct buf *out);
void reply_end(struct buf *out);

/* The whole answer for a request that failed: "fail" below 500, "error" from there. */
void reply_fault(struct buf *out, enum verdict v, const struct fault *f);

/* Where the body starts in a finished answer: HEAD sends only what is before. */
size_t reply_body(const struct buf *out);

#endif
