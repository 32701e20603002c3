/*
 * route: which resource answers, and the ladder of every request:
 *
 *     route -> address -> authorise -> the resource (body, check, store) -> reply -> log
 */
#ifndef HANDLER_ROUTE_H
#define HANDLER_ROUTE_H

#include "handler/http/request.h"
#include "handler/worker.h"

/* Answers `r`. The answer is in w->reply; returns how many of its bytes to send. */
size_t route_answer(struct worker *w, struct request *r);

#endif
