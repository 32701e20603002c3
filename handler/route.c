#include "handler/route.h"

#include "handler/data.h"
#include "handler/health.h"
#include "handler/http/reply.h"
#include "handler/listing.h"
#include "handler/shared/log.h"

#include <string.h>

#define ALLOW_POST "Allow: POST\r\n"
#define ALLOW_GET  "Allow: GET, HEAD\r\n"

static const struct route {
    const char *path;
    const char *method;
    const char *allow; /* the header of a 405 */
    unsigned scope;    /* 0: no token needed */
    enum verdict (*answer)(struct worker *, struct request *, const struct ip *, struct fault *);
    bool test_api; /* exists only if the configuration says so */
} routes[] = {
    {"/data", "POST", ALLOW_POST, SCOPE_INGEST, data_post, false},
    {"/api/v1/record", "POST", ALLOW_POST, SCOPE_INGEST, listing_post, false},
    {"/healthz", "GET", ALLOW_GET, 0, health_get, false},
    {"/api/test/count", "GET", ALLOW_GET, SCOPE_READ, listing_count, true},
    {"/api/test/latest", "GET", ALLOW_GET, SCOPE_READ, listing_latest, true},
};

static bool route_is_open(const struct route *route, const struct worker *w)
{
    return !route->test_api || w->config->test_api;
}

static const struct route *route_of(const struct worker *w, const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++)
        if (strcmp(routes[i].path, path) == 0 && route_is_open(&routes[i], w))
            return &routes[i];
    return NULL;
}

static bool route_exists(const void *worker, const char *path)
{
    return route_of(worker, path) != NULL;
}

static enum verdict route_find(const struct worker *w, struct request *r,
                               const struct route **route, struct fault *f)
{
    if (!request_find_path(r, route_exists, w)) {
        /* Not "return fault_set": the static analyzer cannot see that it never returns V_OK. */
        fault_set(f, V_NOT_FOUND,
                  "no such path; send records to POST /data, listings to POST /api/v1/record");
        return V_NOT_FOUND;
    }
    *route = route_of(w, r->path);
    if (strcmp((*route)->method, request_is_head(r) ? "GET" : r->method) == 0)
        return V_OK;
    f->headers = (*route)->allow;
    return fault_set(f, V_METHOD, "%s accepts %s only", (*route)->path, (*route)->method);
}

static enum verdict route_authorise(struct worker *w, const struct request *r,
                                    const struct route *route, struct ip *ip, struct fault *f)
{
    if (route->scope == 0)
        return V_OK;
    return auth_admit(&(struct auth){&w->tokens, w->digest}, r, ip, (enum scope)route->scope, f);
}

size_t route_answer(struct worker *w, struct request *r)
{
    const struct route *route = NULL;
    struct ip ip = {.text = ""};
    struct fault f;
    fault_clear(&f);
    enum verdict v = route_find(w, r, &route, &f);
    if (v == V_OK)
        v = route_authorise(w, r, route, &ip, &f);
    if (v == V_OK)
        v = route->answer(w, r, &ip, &f);
    if (v == V_OK && w->reply.failed)
        v = fault_memory(&f);
    if (v != V_OK) {
        reply_fault(&w->reply, v, &f);
        log_event(LOG_INFO, "refused", "status=%d client_ip=%s reason=%s method=%s path=%s",
                  fault_status(v), r->remote_addr, fault_reason(v, &f), r->method, r->path);
    }
    return request_is_head(r) ? reply_body(&w->reply) : w->reply.len;
}
