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
    const char *allow; /* the header that a 405 brings */
    unsigned scope;    /* 0: none needed */
    enum verdict (*answer)(struct worker *, struct request *, const struct ip *, struct fault *);
    bool test_api; /* there only while the configuration says so */
} routes[] = {
    {"/data", "POST", ALLOW_POST, SCOPE_INGEST, data_post, false},
    {"/api/v1/record", "POST", ALLOW_POST, SCOPE_INGEST, listing_post, false},
    {"/healthz", "GET", ALLOW_GET, 0, health_get, false},
    {"/api/test/count", "GET", ALLOW_GET, SCOPE_READ, listing_count, true},
    {"/api/test/latest", "GET", ALLOW_GET, SCOPE_READ, listing_latest, true},
};

static enum verdict find(const struct worker *w, const struct request *r,
                         const struct route **found, struct fault *f)
{
    const char *method = request_is_head(r) ? "GET" : r->method;
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        if (strcmp(routes[i].path, r->path) != 0 || (routes[i].test_api && !w->config->test_api))
            continue;
        *found = &routes[i];
        if (strcmp(routes[i].method, method) == 0)
            return V_OK;
        f->headers = routes[i].allow;
        return fault_set(f, V_METHOD, "%s takes %s only", routes[i].path, routes[i].method);
    }
    return fault_set(f, V_NOT_FOUND,
                     "no such path; records go to POST /data, listings to POST /api/v1/record");
}

size_t route_answer(struct worker *w, struct request *r)
{
    const struct route *route = NULL;
    struct ip ip = {.text = ""};
    struct fault f;
    fault_clear(&f);
    enum verdict v = find(w, r, &route, &f);
    if (v == V_OK && route->scope)
        v = auth_admit(&w->tokens, w->digest, r, &ip, (enum scope)route->scope, &f);
    if (v == V_OK)
        v = route->answer(w, r, &ip, &f);
    if (v != V_OK) {
        reply_fault(&w->reply, v, &f);
        log_event(LOG_INFO, "refused", "status=%d client_ip=%s reason=%s method=%s path=%s",
                  fault_status(v), r->remote_addr, f.reason, r->method, r->path);
    }
    return request_is_head(r) ? reply_body(&w->reply) : w->reply.len;
}
