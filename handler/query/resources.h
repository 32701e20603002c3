/*
 * resources: what rollcall-query answers; each writes the members of `data` to query.body.
 */
#ifndef HANDLER_QUERY_RESOURCES_H
#define HANDLER_QUERY_RESOURCES_H

#include "handler/query/query.h"

/* GET /api/v1/hosts */
extern const char *const list_params[];
enum verdict list_get(struct query *q, struct fault *f);

/* GET /api/v1/hosts/{ip}, {ip}/timeline, {ip}/days and {ip}/changes */
extern const char *const host_params[];
enum verdict host_get(struct query *q, struct fault *f);

/* GET /api/v1/hosts/{ip}/changes, called by host_get() */
enum verdict host_changes(struct query *q, const struct ip *ip, struct fault *f);

/* GET /files/{date}/{ip}_{date}.json and .csv */
extern const char *const download_params[];
enum verdict download_get(struct query *q, struct fault *f);

/* POST and DELETE /api/v1/session: authorises and answers by itself. */
extern const char *const session_params[];
enum verdict session_answer(struct query *q, struct fault *f);

/* GET /metrics */
extern const char *const metrics_params[];
enum verdict metrics_get(struct query *q, struct fault *f);

/* GET /api/v1/compliance */
extern const char *const compliance_params[];
enum verdict compliance_get(struct query *q, struct fault *f);

/*
 * Appends `,"verdicts":[...]`, what the policy says of the host at `ip`; null if there is no policy
 * or `received_ms` is not the time of its newest record.
 */
void compliance_put_host(struct query *q, const struct ip *ip, int64_t received_ms);

/* GET /api/v1/changes */
extern const char *const changes_params[];
enum verdict changes_get(struct query *q, struct fault *f);

/* GET /api/v1/search */
extern const char *const search_params[];
enum verdict search_get(struct query *q, struct fault *f);

#endif
