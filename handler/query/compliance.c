/*
 * compliance: GET /api/v1/compliance, which hosts keep the rules of the policy, and why not.
 */
#include "handler/query/fleet.h"
#include "handler/query/resources.h"
#include "handler/shared/json/write.h"

#include <stdlib.h>
#include <string.h>

const char *const compliance_params[] = {"rule", "state", "host", "limit", "cursor", NULL};

struct compliance {
    const struct policy *policy;
    const struct policy_rule *rule; /* whose hosts are listed; NULL: none */
    enum judge_state state;         /* that they are in */
    size_t (*counts)[JUDGE_STATES];
    unsigned char states[REPORT_RULES_MAX];
    struct buf rows;
    size_t listed;
};

static void compliance_put(const char *name, const char *value, struct buf *out)
{
    jsonw_name(out, name);
    jsonw_str_or_null(out, value);
}

static void compliance_row(struct query *q, struct compliance *c, const struct host *host)
{
    char seen[CLOCK_TIME_LEN + 1] = "";
    if (host->report)
        clock_rfc3339(host->report->received_ms, seen);
    buf_puts(&c->rows, c->listed++ > 0 ? ",\n{" : "\n{");
    compliance_put("ip", host->ip.text, &c->rows);
    buf_putc(&c->rows, ',');
    compliance_put("hostname", hosts_name(host), &c->rows);
    buf_putc(&c->rows, ',');
    compliance_put("received_at", seen, &c->rows);
    buf_putc(&c->rows, ',');
    bool read = c->state == JUDGE_FAIL && judge_read(&q->judge, q->data, host);
    judge_put_verdict(read ? &q->judge : NULL, c->rule, host, c->state, &c->rows);
    buf_putc(&c->rows, '}');
}

static void compliance_host(struct query *q, struct compliance *c, struct fleet *fleet,
                            const struct host *host)
{
    judge_host(&q->judge, c->policy, q->data, host, c->states);
    for (size_t i = 0; i < c->policy->count; i++)
        c->counts[i][c->states[i]]++;
    if (!c->rule || c->states[c->rule - c->policy->rules] != c->state)
        return;
    if (c->listed < (size_t)fleet->limit)
        compliance_row(q, c, host);
    if (c->listed == (size_t)fleet->limit)
        fleet_full(fleet);
}

static void compliance_put_rules(const struct compliance *c, struct buf *out)
{
    const char *between = "\n";
    buf_puts(out, ",\"rules\":[");
    for (size_t i = 0; i < c->policy->count; i++) {
        const struct policy_rule *rule = &c->policy->rules[i];
        if (c->rule && c->rule != rule)
            continue;
        buf_puts(out, between);
        between = ",\n";
        buf_putc(out, '{');
        compliance_put("name", rule->name, out);
        buf_putc(out, ',');
        compliance_put("severity", policy_severity_name(rule->severity), out);
        buf_putc(out, ',');
        compliance_put("why", rule->why, out);
        buf_putc(out, ',');
        compliance_put("fix", rule->fix, out);
        buf_putc(out, ',');
        compliance_put("applies_to", rule->hosts, out);
        for (enum judge_state s = JUDGE_PASS; s < JUDGE_STATES; s++) {
            buf_putc(out, ',');
            jsonw_name(out, judge_state_name(s));
            buf_u64(out, c->counts[i][s]);
        }
        buf_putc(out, '}');
    }
    buf_puts(out, "]");
}

static enum verdict compliance_read(struct query *q, struct compliance *c, struct fault *f)
{
    const char *rule = params_get(&q->params, "rule"), *state = params_get(&q->params, "state");
    c->state = state ? judge_state_find(state) : JUDGE_FAIL;
    if (c->state == JUDGE_STATES)
        return params_bad(f, "state", "expected pass, fail, unknown or not_applicable");
    c->rule = rule ? policy_find(c->policy, rule) : NULL;
    if (rule && !c->rule)
        return params_bad(f, "rule", "expected the name of a rule of the policy");
    c->counts = calloc(c->policy->count + 1, sizeof *c->counts);
    return c->counts ? V_OK : fault_memory(f);
}

enum verdict compliance_get(struct query *q, struct fault *f)
{
    static const struct policy none;
    static struct fleet fleet;
    struct compliance c = {.policy = q->policy.policy ? q->policy.policy : &none};
    enum verdict v = compliance_read(q, &c, f);
    if (v == V_OK)
        v = fleet_begin(&fleet, q, f);
    if (v == V_OK) {
        buf_init(&c.rows, q->body.max);
        for (const struct host *host; (host = fleet_next(&fleet, q));)
            compliance_host(q, &c, &fleet, host);
        fleet_put(&fleet, &q->body);
        buf_puts(&q->body, q->policy.policy ? ",\"policy\":true" : ",\"policy\":false");
        compliance_put_rules(&c, &q->body);
        buf_puts(&q->body, ",\"hosts\":[");
        buf_add(&q->body, c.rows.data, c.rows.len);
        buf_puts(&q->body, "]");
        q->body.failed |= c.rows.failed;
        buf_release(&c.rows);
        fleet_end(&fleet);
    }
    free(c.counts);
    return v;
}

/* ---- one host */

static bool compliance_some_addresses(void *context)
{
    (void)context;
    return true;
}

static const struct host *compliance_find(const struct hosts *hosts, const struct ip *ip,
                                          int64_t received_ms)
{
    for (size_t i = 0; i < hosts->count; i++)
        if (hosts->list[i].report && hosts->list[i].report->received_ms == received_ms &&
            strcmp(hosts->list[i].ip.text, ip->text) == 0)
            return &hosts->list[i];
    return NULL;
}

static void compliance_put_verdicts(struct query *q, const struct host *host)
{
    unsigned char states[REPORT_RULES_MAX];
    const struct policy *policy = q->policy.policy;
    judge_host(&q->judge, policy, q->data, host, states);
    bool read = judge_read(&q->judge, q->data, host);
    for (size_t i = 0; i < policy->count; i++) {
        buf_puts(&q->body, i > 0 ? ",\n{" : "\n{");
        compliance_put("name", policy->rules[i].name, &q->body);
        buf_putc(&q->body, ',');
        compliance_put("severity", policy_severity_name(policy->rules[i].severity), &q->body);
        buf_putc(&q->body, ',');
        judge_put_verdict(read ? &q->judge : NULL, &policy->rules[i], host,
                          (enum judge_state)states[i], &q->body);
        buf_putc(&q->body, '}');
    }
}

void compliance_put_host(struct query *q, const struct ip *ip, int64_t received_ms)
{
    struct hosts hosts;
    struct hosts_scan scan = query_scan(q);
    scan.from = ip;
    scan.from_too = true;
    scan.over = compliance_some_addresses;
    if (!q->policy.policy || !hosts_scan(&hosts, &scan)) {
        buf_puts(&q->body, ",\"verdicts\":null");
        return;
    }
    const struct host *host = compliance_find(&hosts, ip, received_ms);
    buf_puts(&q->body, host ? ",\"verdicts\":[" : ",\"verdicts\":null");
    if (host) {
        compliance_put_verdicts(q, host);
        buf_puts(&q->body, "]");
    }
    hosts_release(&hosts);
}
