/*
 * data: POST /data. Appends one record, or a batch, to the daily files of the client's address.
 */
#ifndef HANDLER_DATA_H
#define HANDLER_DATA_H

#include "handler/http/request.h"
#include "handler/worker.h"

/* After V_OK the answer is in w->reply. */
enum verdict data_post(struct worker *w, struct request *r, const struct ip *ip, struct fault *f);

#endif
