/*
 * data: POST /data. One record, or a batch, goes to the caller's daily files.
 */
#ifndef HANDLER_DATA_H
#define HANDLER_DATA_H

#include "handler/http/request.h"
#include "handler/worker.h"

/* On V_OK the answer is in w->reply. */
enum verdict data_post(struct worker *w, struct request *r, const struct ip *ip, struct fault *f);

#endif
