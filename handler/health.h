/*
 * health: GET /healthz. 200 when a record could be stored now, else 503 with the cause.
 *
 * The store is tried, not guessed at, but at most once in HEALTH_EVERY_MS a worker.
 */
#ifndef HANDLER_HEALTH_H
#define HANDLER_HEALTH_H

#include "handler/http/request.h"
#include "handler/worker.h"

enum { HEALTH_EVERY_MS = 5000 };

enum verdict health_get(struct worker *w, struct request *r, const struct ip *ip, struct fault *f);

#endif
