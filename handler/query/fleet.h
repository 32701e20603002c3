/*
 * fleet: the hosts that a resource looks at one after the other, in order of address.
 *
 *     v = fleet_begin(&fleet, q, f);              reads `host`, `limit` and `cursor`, scans
 *     while ((host = fleet_next(&fleet, q))) ...  until query_seconds are over, at least one
 *     fleet_put(&fleet, &q->body);                "complete", "looked_at", "of", "cursor"
 *     fleet_end(&fleet);
 *
 * `host` has words as `q` of the list of hosts. Hosts whose state is hidden are left out.
 */
#ifndef HANDLER_QUERY_FLEET_H
#define HANDLER_QUERY_FLEET_H

#include "handler/query/cursor.h"
#include "handler/read/select.h"

enum { FLEET_LIMIT = 1000, FLEET_LIMIT_MAX = 20000 };

struct fleet {
    struct select words;
    struct cursor cursor;
    int64_t limit;
    struct hosts hosts;
    const struct host **rows; /* those to look at */
    size_t count, start, at;  /* at: the next one */
    size_t stop;              /* rows after this many are for the next page; SIZE_MAX: none */
    bool over;                /* the time ended before all were looked at */
};

enum verdict fleet_begin(struct fleet *f, struct query *q, struct fault *fault);

/* The next host; NULL: no more, or the time is over. */
const struct host *fleet_next(struct fleet *f, struct query *q);

/* The page is full: it ends with the host that fleet_next() gave last. */
void fleet_full(struct fleet *f);

void fleet_put(const struct fleet *f, struct buf *out);
void fleet_end(struct fleet *f);

#endif
