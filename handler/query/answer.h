/*
 * answer: sends what a resource made: headers, entity tag, gzip. The only file of the read side
 * that knows libdeflate.
 */
#ifndef HANDLER_QUERY_ANSWER_H
#define HANDLER_QUERY_ANSWER_H

#include "handler/query/query.h"

/*
 * Sends {"status":"success","data":{"as_of":..., and query.body, closed. The entity tag is weak and
 * covers all but `as_of` (RFC 9110 section 8.8.3); a matching If-None-Match is answered with 304.
 */
void answer_success(struct query *q);

/* A body that is not JSend. */
struct answer_text {
    const char *type;    /* media type */
    const char *name;    /* it is an attachment of this name; NULL: it is none */
    const char *headers; /* further ones, each with its CRLF; NULL: none */
    struct text bytes;
};

void answer_text(struct query *q, const struct answer_text *t);

/* Sends the fault. */
void answer_fault(struct query *q, enum verdict v, const struct fault *f);

#endif
