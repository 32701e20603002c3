/*
 * listing: POST /api/v1/record, and the test API that shows what it has stored.
 *
 *     {"uuid":"...","timestamp":"1593338576.5624585","data":[...]}
 *
 * uuid: 1 to 64 of A-Z a-z 0-9 -, the first a letter or digit. timestamp: a string or number,
 * decimal seconds since the epoch, at most 32 characters, kept digit for digit. data: an array of
 * objects, as psutil's Process.as_dict() gives them; with drop_environ, the member `environ` of
 * each is removed before the listing is compared and stored.
 */
#ifndef HANDLER_LISTING_H
#define HANDLER_LISTING_H

#include "handler/http/request.h"
#include "handler/worker.h"

/* On V_OK the response is in w->reply. */
enum verdict listing_post(struct worker *w, struct request *r, const struct ip *ip,
                          struct fault *f);

/* GET /api/test/count and /api/test/latest, available only while test_api is on. */
enum verdict listing_count(struct worker *w, struct request *r, const struct ip *ip,
                           struct fault *f);
enum verdict listing_latest(struct worker *w, struct request *r, const struct ip *ip,
                            struct fault *f);

#endif
