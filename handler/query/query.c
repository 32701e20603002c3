#include "handler/query/query.h"

#include "handler/http/fcgi.h"
#include "handler/query/answer.h"
#include "handler/query/resources.h"
#include "handler/read/records.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { QUERY_BODY_MAX = 256 << 20, QUERY_KEEP = 1 << 20, QUERY_SPAN_MS = 60 * 60 * 1000 };

static const struct query_route {
    const char *path;
    bool more; /* the path goes on after it */
    const char *const *params;
    enum verdict (*get)(struct query *q, struct fault *f);
    const char *allow; /* methods other than GET and HEAD; it then authorises by itself */
} routes[] = {
    {"/api/v1/hosts", false, list_params, list_get, NULL},
    {"/api/v1/hosts/", true, host_params, host_get, NULL},
    {"/api/v1/changes", false, changes_params, changes_get, NULL},
    {"/api/v1/compliance", false, compliance_params, compliance_get, NULL},
    {"/api/v1/search", false, search_params, search_get, NULL},
    {"/files/", true, download_params, download_get, NULL},
    {"/metrics", false, metrics_params, metrics_get, NULL},
    {"/api/v1/session", false, session_params, session_answer, "POST, DELETE"},
};

bool query_init(struct query *q, const struct config *config)
{
    *q = (struct query){.config = config, .digest = digest_new(), .data = -1};
    tokens_init(&q->tokens, config->tokens_file);
    hostsfile_init(&q->hosts_file, config->hosts_file);
    judge_init(&q->judge);
    buf_init(&q->body, QUERY_BODY_MAX);
    buf_init(&q->reply, QUERY_BODY_MAX);
    q->memo = config->query_memo ? memo_new() : NULL;
    errno = ENOMEM;
    return q->digest && (q->memo || !config->query_memo);
}

void query_release(struct query *q)
{
    memo_free(q->memo);
    buf_release(&q->reply);
    buf_release(&q->body);
    judge_release(&q->judge);
    policy_file_close(&q->policy);
    hostsfile_release(&q->hosts_file);
    digest_free(q->digest);
    tokens_release(&q->tokens);
}

struct hosts_scan query_scan(struct query *q)
{
    return (struct hosts_scan){.data = q->data,
                               .now_ms = q->as_of_ms,
                               .every_ms = q->config->expect_every,
                               .absent_days = q->config->absent_days,
                               .hosts_file = &q->hosts_file,
                               .memo = q->memo,
                               .over = query_over,
                               .context = q};
}

enum verdict query_span(const struct query *q, int64_t *from_ms, int64_t *to_ms, struct fault *f)
{
    *to_ms = q->now_ms;
    enum verdict v = params_time(&q->params, "to", q->now_ms, to_ms, f);
    *from_ms = *to_ms - QUERY_SPAN_MS;
    if (v == V_OK)
        v = params_time(&q->params, "from", q->now_ms, from_ms, f);
    if (v == V_OK && *from_ms >= *to_ms)
        v = params_bad(f, "from", "expected a time before that of to");
    return v;
}

bool query_over(void *query)
{
    return clock_monotonic() > ((const struct query *)query)->deadline;
}

static const struct query_route *query_route_of(const char *path)
{
    for (size_t i = 0; i < sizeof routes / sizeof *routes; i++) {
        size_t len = strlen(routes[i].path);
        if (strncmp(path, routes[i].path, len) == 0 && (routes[i].more || path[len] == '\0'))
            return &routes[i];
    }
    return NULL;
}

bool query_serves(const void *query, const char *path)
{
    (void)query;
    return query_route_of(path) != NULL;
}

static enum verdict query_method(const struct query *q, const struct query_route *route,
                                 struct fault *f)
{
    const char *method = q->request->method;
    bool get = strcmp(method, "GET") == 0 || request_is_head(q->request);
    bool post = strcmp(method, "POST") == 0 || strcmp(method, "DELETE") == 0;
    if (route->allow ? post : get)
        return V_OK;
    f->headers = route->allow ? "Allow: POST, DELETE\r\n" : "Allow: GET, HEAD\r\n";
    return fault_set(f, V_METHOD, "%s takes %s only", route->path,
                     route->allow ? route->allow : "GET and HEAD");
}

/* A scraper needs no command lines, so it gets a scope of its own. */
static enum scope query_scope(const struct query_route *route)
{
    return route->get == metrics_get ? SCOPE_METRICS : SCOPE_READ;
}

static enum verdict query_find(struct query *q, const struct query_route **route, struct fault *f)
{
    const struct query_route *found = query_route_of(q->request->path);
    if (found) {
        *route = found;
        q->rest = q->request->path + strlen(found->path);
        return query_method(q, found, f);
    }
    return fault_set(f, V_NOT_FOUND,
                     "no such path; hosts are at /api/v1/hosts, files below /files/");
}

/* Opens the directory of the daily files for each request: it may have been replaced. */
static enum verdict query_open_store(struct query *q, struct fault *f)
{
    if (records_open(q->config->records_dir, &q->data))
        return V_OK;
    log_event(LOG_ERROR, "records_unreadable", "error=%s", strerror(errno));
    return fault_set(f, V_UNAVAILABLE, "the records cannot be read; the log has the cause");
}

static enum verdict query_prepare(struct query *q, struct fault *f)
{
    q->now_ms = q->as_of_ms = clock_now();
    q->deadline = clock_monotonic() + q->config->query_seconds * 1000;
    buf_reset(&q->body);
    if (!hostsfile_refresh(&q->hosts_file, NULL, NULL))
        return fault_set(f, V_UNAVAILABLE, "the hosts file cannot be read; the log has the cause");
    policy_file_refresh(&q->policy);
    return query_open_store(q, f);
}

void query_answer(struct query *q, const struct request *r)
{
    const struct query_route *route = &routes[0];
    struct ip ip;
    struct fault f;
    fault_clear(&f);
    q->request = r;
    q->streamed = false;
    enum verdict v = query_find(q, &route, &f);
    if (v == V_OK && !route->allow)
        v = auth_admit(&(struct auth){&q->tokens, q->digest}, r, &ip, query_scope(route), &f);
    if (v == V_OK)
        v = params_read(&q->params, r->query, route->params, &f);
    if (v == V_OK && !route->allow)
        v = query_prepare(q, &f);
    if (v == V_OK)
        v = route->get(q, &f);
    if (v != V_OK) {
        log_event(LOG_INFO, "refused", "status=%d client_ip=%s reason=%s method=%s path=%s",
                  fault_status(v), r->remote_addr, f.reason, r->method, r->path);
        answer_fault(q, v, &f);
    } else if (!q->streamed) {
        answer_success(q);
    }
    if (q->data >= 0)
        close(q->data);
    q->data = -1;
    judge_release(&q->judge);
    judge_init(&q->judge);
    buf_trim(&q->body, QUERY_KEEP);
    buf_trim(&q->reply, QUERY_KEEP);
}
