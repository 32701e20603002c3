/*
 * metrics: GET /metrics, the fleet in numbers, in Prometheus's text format 0.0.4. No label holds
 * text that a host sent.
 */
#include "handler/query/answer.h"
#include "handler/query/resources.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <sys/statvfs.h>

const char *const metrics_params[] = {NULL};

struct metrics {
    size_t states[STATE_COUNT], flags[FLAG_COUNT];
    uint64_t records, json_bytes, csv_bytes; /* of today's files */
    int64_t newest_ms;                       /* 0: no record */
};

static void metrics_name(struct buf *out, const char *name, const char *help)
{
    buf_printf(out, "# HELP %s %s\n# TYPE %s gauge\n", name, help, name);
}

static void metrics_number(struct buf *out, const char *name, const char *help, uint64_t value)
{
    metrics_name(out, name, help);
    buf_printf(out, "%s %" PRIu64 "\n", name, value);
}

/* The machines of a shared address have one file: the newest line of them all has its sizes. */
static void metrics_add_file(struct metrics *m, const struct trailer *line, off_t end)
{
    m->records += line->seq;
    m->json_bytes += (uint64_t)end;
    m->csv_bytes += line->csv_end;
}

static void metrics_count(struct metrics *m, const struct hosts *hosts, int64_t today)
{
    const struct host *last = NULL; /* of a file of today */
    *m = (struct metrics){.newest_ms = 0};
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *h = &hosts->list[i];
        m->states[h->state]++;
        for (enum host_flag flag = 0; flag < FLAG_COUNT; flag++)
            m->flags[flag] += h->flags >> flag & 1;
        if (!h->report)
            continue;
        if (h->report->received_ms > m->newest_ms)
            m->newest_ms = h->report->received_ms;
        if (h->day_ms != today)
            continue;
        if (last && files_compare(&last->ip, &h->ip) != 0)
            metrics_add_file(m, &last->report->line, last->report->line_end);
        if (!last || files_compare(&last->ip, &h->ip) != 0 ||
            last->report->line_end < h->report->line_end)
            last = h;
    }
    if (last)
        metrics_add_file(m, &last->report->line, last->report->line_end);
}

static void metrics_put_hosts(const struct metrics *m, struct buf *out)
{
    metrics_name(out, "rollcall_hosts", "Hosts by state, see rollcall-query(8).");
    for (enum host_state state = 0; state < STATE_COUNT; state++)
        buf_printf(out, "rollcall_hosts{state=\"%s\"} %zu\n", states_name(state), m->states[state]);
    metrics_name(out, "rollcall_hosts_flagged", "Hosts with a flag, see rollcall-query(8).");
    for (enum host_flag flag = 0; flag < FLAG_COUNT; flag++)
        buf_printf(out, "rollcall_hosts_flagged{flag=\"%s\"} %zu\n", hosts_flag_name(flag),
                   m->flags[flag]);
}

static void metrics_put_store(const struct query *q, const struct metrics *m, struct buf *out)
{
    struct statvfs fs;
    metrics_number(out, "rollcall_day_records", "Records in the files of today (UTC).", m->records);
    metrics_name(out, "rollcall_day_bytes", "Size of the files of today (UTC).");
    buf_printf(out, "rollcall_day_bytes{format=\"json\"} %" PRIu64 "\n", m->json_bytes);
    buf_printf(out, "rollcall_day_bytes{format=\"csv\"} %" PRIu64 "\n", m->csv_bytes);
    if (m->newest_ms > 0) {
        metrics_name(out, "rollcall_newest_record_timestamp_seconds",
                     "When the newest record was received.");
        buf_printf(out, "rollcall_newest_record_timestamp_seconds %" PRId64 ".%03" PRId64 "\n",
                   m->newest_ms / 1000, m->newest_ms % 1000);
    }
    if (statvfs(q->config->records_dir, &fs) == 0)
        metrics_number(out, "rollcall_store_free_bytes",
                       "Space left for records on their file system.",
                       (uint64_t)fs.f_bavail * fs.f_frsize);
}

/* ---- the policy */

/* Hosts for each rule of the policy, by verdict. */
typedef size_t metrics_verdicts[JUDGE_STATES];

/* Judges the hosts that are not hidden. NULL: there is no policy, memory is out, or time is over.
 */
static metrics_verdicts *metrics_judge(struct query *q, const struct hosts *hosts, bool *over)
{
    const struct policy *policy = q->policy.policy;
    unsigned char states[REPORT_RULES_MAX];
    metrics_verdicts *verdicts = policy ? calloc(policy->count + 1, sizeof *verdicts) : NULL;
    for (size_t i = 0; verdicts && !*over && i < hosts->count; i++) {
        if (states_hidden(hosts->list[i].state))
            continue;
        judge_host(&q->judge, policy, q->data, &hosts->list[i], states);
        for (size_t k = 0; k < policy->count; k++)
            verdicts[k][states[k]]++;
        *over = query_over(q);
    }
    return verdicts;
}

static void metrics_put_policy(const struct policy *policy, metrics_verdicts *verdicts,
                               struct buf *out)
{
    metrics_name(out, "rollcall_policy_failing_hosts", "Hosts that break a rule of the policy.");
    for (size_t i = 0; i < policy->count; i++)
        buf_printf(out, "rollcall_policy_failing_hosts{rule=\"%s\",severity=\"%s\"} %zu\n",
                   policy->rules[i].name, policy_severity_name(policy->rules[i].severity),
                   verdicts[i][JUDGE_FAIL]);
    metrics_name(out, "rollcall_policy_unknown_hosts",
                 "Hosts of which it is not known whether they keep a rule.");
    for (size_t i = 0; i < policy->count; i++)
        buf_printf(out, "rollcall_policy_unknown_hosts{rule=\"%s\"} %zu\n", policy->rules[i].name,
                   verdicts[i][JUDGE_UNKNOWN]);
}

static void metrics_write(const struct query *q, const struct hosts *hosts,
                          metrics_verdicts *verdicts, struct buf *out)
{
    struct metrics m;
    metrics_count(&m, hosts, clock_day_start(q->now_ms));
    metrics_name(out, "rollcall_build_info", "The version of rollcall-query.");
    buf_puts(out, "rollcall_build_info{version=\"" ROLLCALL_VERSION "\"} 1\n");
    metrics_put_hosts(&m, out);
    metrics_put_store(q, &m, out);
    metrics_number(out, "rollcall_unreadable_files",
                   "Files of hosts that could not be read to the end.", hosts->unreadable);
    if (verdicts)
        metrics_put_policy(q->policy.policy, verdicts, out);
    int64_t took = clock_monotonic() - (q->deadline - q->config->query_seconds * 1000);
    metrics_name(out, "rollcall_scrape_duration_seconds", "How long this answer took to compute.");
    buf_printf(out, "rollcall_scrape_duration_seconds %" PRId64 ".%03" PRId64 "\n", took / 1000,
               took % 1000);
}

enum verdict metrics_get(struct query *q, struct fault *f)
{
    struct hosts hosts;
    const struct hosts_scan scan = query_scan(q);
    if (!hosts_scan(&hosts, &scan))
        return errno == ENOMEM
                   ? fault_memory(f)
                   : fault_set(f, V_UNAVAILABLE, "a directory of the records cannot be read");
    bool over = !hosts.complete;
    metrics_verdicts *verdicts = metrics_judge(q, &hosts, &over);
    bool memory = q->policy.policy && !verdicts;
    if (!over)
        metrics_write(q, &hosts, verdicts, &q->body);
    free(verdicts);
    hosts_release(&hosts);
    if (memory)
        return fault_memory(f);
    if (over) /* a part would look like hosts that vanished */
        return fault_set(f, V_UNAVAILABLE, "the hosts could not be counted within query_seconds");
    answer_text(q, &(struct answer_text){.type = "text/plain; version=0.0.4; charset=utf-8",
                                         .bytes = {q->body.data, q->body.len}});
    q->streamed = true;
    return V_OK;
}
