/*
 * health: GET /healthz. 200 if a record could be stored now, else 503 with the cause.
 *
 * Each worker probes the store at most once every HEALTH_EVERY_MS, and repeats the result until
 * then.
 */
#ifndef HANDLER_HEALTH_H
#define HANDLER_HEALTH_H

#include "handler/http/request.h"
#include "handler/worker.h"

enum { HEALTH_EVERY_MS = 5000 };

enum verdict health_get(struct worker *w, struct request *r, const struct ip *ip, struct fault *f);

#endif
