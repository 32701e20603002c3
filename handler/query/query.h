/*
 * query: what one worker of rollcall-query keeps from request to request, and the life of a
 * request:
 *
 *     route -> authorise -> parameters -> resource -> tag, pack -> reply
 *
 * A resource writes the members of `data` after `as_of` to query.body, or, for what is streamed,
 * answers by itself. Nothing of a request survives it, except the memo (memo.h). Nothing is ever
 * opened for writing.
 */
#ifndef HANDLER_QUERY_QUERY_H
#define HANDLER_QUERY_QUERY_H

#include "handler/config.h"
#include "handler/http/auth.h"
#include "handler/query/params.h"
#include "handler/read/hosts.h"
#include "handler/read/judge.h"

struct query {
    const struct config *config; /* borrowed */
    struct tokens tokens;
    struct digest *digest;
    struct hostsfile hosts_file;
    struct policy_file policy;
    struct judge judge; /* emptied after each request */
    struct memo *memo;  /* NULL: switched off */
    struct params params;
    struct buf body;  /* of the answer, from the member after `as_of` on */
    struct buf reply; /* headers and body, as sent */

    /* Of the request in hand. */
    const struct request *request;
    const char *rest; /* the path after the route */
    int data;         /* <records_dir>/data, -1: there is none */
    int64_t now_ms;
    int64_t as_of_ms; /* now, or the end of a closed day */
    int64_t deadline; /* monotonic milliseconds */
    bool streamed;    /* the resource has answered */
};

bool query_init(struct query *q, const struct config *config);
void query_release(struct query *q);

/* True if `path` is one of this program's; for request_find_path(). */
bool query_serves(const void *query, const char *path);

/* Answers one request through fcgi_answer(). */
void query_answer(struct query *q, const struct request *r);

/* What hosts_scan() needs to see the fleet at query.as_of_ms, for query_seconds at most. */
struct hosts_scan query_scan(struct query *q);

/* Reads `from` and `to`: the hour before now, or before `to`, if they are absent. */
enum verdict query_span(const struct query *q, int64_t *from_ms, int64_t *to_ms, struct fault *f);

/* True when query_seconds are over. `query` is a struct query. */
bool query_over(void *query);

#endif
