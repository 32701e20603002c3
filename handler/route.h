/*
 * route: which resource answers, and the one ladder of every request:
 *
 *     route -> address -> authorise -> the resource (body, check, store) -> reply -> log
 */
#ifndef ROLLCALL_ROUTE_H
#define ROLLCALL_ROUTE_H

#include "request.h"
#include "worker.h"

/* Answers `r`. The whole answer is in w->reply; the number of its bytes to send is returned. */
size_t route_answer(struct worker *w, struct request *r);

#endif
