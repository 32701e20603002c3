/*
 * worker: what one process keeps from request to request. Nothing of a request survives in it: the
 * arena is reset, the buffers are emptied and, after an unusually large request, given back.
 */
#ifndef HANDLER_WORKER_H
#define HANDLER_WORKER_H

#include "handler/config.h"
#include "handler/http/auth.h"
#include "handler/http/body.h"
#include "handler/record/rows.h"
#include "handler/store/snapshots.h"
#include "handler/store/store.h"

struct worker {
    const struct config *config; /* borrowed */
    struct tokens tokens;
    struct digest *digest;
    struct arena arena;
    struct buf text, packed; /* the body */
    struct buf csv;          /* the request's CSV rows */
    struct buf reply;
    struct body body;
    struct rows rows;
    struct store store;
    struct snapshots snapshots;

    /* The last look at the store, see health.h. */
    int64_t probed; /* monotonic milliseconds; 0: never */
    enum verdict health;
    struct fault health_fault;
};

/* False when memory is out or libcrypto has no SHA-256. */
bool worker_init(struct worker *w, const struct config *config, clock_fn clock);
void worker_release(struct worker *w);

/* Call after each request. */
void worker_reset(struct worker *w);

#endif
