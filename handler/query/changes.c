/*
 * changes: GET /api/v1/changes, what changed in the fleet between two times, equal changes of many
 * hosts as one.
 */
#include "handler/read/changes.h"

#include "handler/query/fleet.h"
#include "handler/query/groups.h"
#include "handler/query/resources.h"
#include "handler/shared/json/write.h"

#include <string.h>

const char *const changes_params[] = {"from", "to", "kind", "host", "limit", "cursor", NULL};

enum changes_kind {
    KIND_STARTED,
    KIND_STOPPED,
    KIND_RESTARTED,
    KIND_REBOOTED,
    KIND_OPENED,
    KIND_CLOSED,
    KIND_IN,
    KIND_OUT,
    KIND_CHANGED,
    KIND_COUNT
};

static const char *const kinds[KIND_COUNT] = {
    "started", "stopped", "restarted", "rebooted", "opened", "closed", "in", "out", "changed"};

struct fleet_changes {
    struct query *q;
    struct changes_scan scan;
    unsigned kinds; /* bits */
    struct changes changes;
    struct groups groups;
    struct buf members; /* of the group in hand */
    const struct host *host;
    uint64_t compared; /* machines */
    bool failed;
};

static bool changes_kinds(const char *list, unsigned *out)
{
    for (*out = 0; *list;) {
        size_t len = strcspn(list, ","), kind = 0;
        while (kind < KIND_COUNT &&
               (strlen(kinds[kind]) != len || strncmp(kinds[kind], list, len) != 0))
            kind++;
        if (kind == KIND_COUNT)
            return false;
        *out |= 1u << kind;
        list += len + (list[len] == ',');
    }
    return *out != 0;
}

static enum verdict changes_read(struct fleet_changes *c, struct fault *f)
{
    struct query *q = c->q;
    const char *kind = params_get(&q->params, "kind");
    enum verdict v = query_span(q, &c->scan.from_ms, &c->scan.to_ms, f);
    c->kinds = (1u << KIND_COUNT) - 1;
    if (v == V_OK && kind && !changes_kinds(kind, &c->kinds))
        v = params_bad(f, "kind",
                       "expected one or more of started stopped restarted rebooted opened closed "
                       "in out changed, with commas between");
    return v;
}

/* ---- one change as the members of a group */

static void changes_put(struct fleet_changes *c, const char *name, struct text value)
{
    buf_putc(&c->members, ',');
    jsonw_name(&c->members, name);
    if (value.len > 0)
        jsonw_string(&c->members, value.ptr, value.len);
    else
        buf_puts(&c->members, "null");
}

static void changes_begin(struct fleet_changes *c, enum changes_kind kind)
{
    buf_reset(&c->members);
    jsonw_name(&c->members, "kind");
    jsonw_str(&c->members, kinds[kind]);
}

static void changes_end(struct fleet_changes *c, enum changes_kind kind)
{
    if (!(c->kinds & 1u << kind))
        return;
    const struct text members = {c->members.data, c->members.len};
    c->failed |= c->members.failed || !groups_add(&c->groups, members, c->host);
}

static void changes_processes(struct fleet_changes *c, const struct diff *d)
{
    for (size_t i = 0; i < d->process_count; i++) {
        const struct diff_process *p = &d->processes[i];
        const struct proc *one = p->after ? p->after : p->before;
        enum changes_kind kind = !p->before  ? KIND_STARTED
                                 : !p->after ? KIND_STOPPED
                                             : KIND_RESTARTED;
        if (!one)
            continue;
        changes_begin(c, kind);
        changes_put(c, "cmd", judge_cut(one->column[COL_CMD]));
        changes_put(c, "user", one->column[COL_USER]);
        changes_end(c, kind);
    }
}

static void changes_rest(struct fleet_changes *c, const struct diff *d)
{
    for (size_t i = 0; i < d->socket_count; i++) {
        enum changes_kind kind = d->sockets[i].opened ? KIND_OPENED : KIND_CLOSED;
        changes_begin(c, kind);
        /* The members of {"proto":...}. */
        size_t at = c->members.len;
        snapshot_put_socket(d->sockets[i].socket, &c->members);
        if (!c->members.failed) {
            c->members.data[at] = ',';
            c->members.len--;
        }
        changes_end(c, kind);
    }
    for (size_t i = 0; i < d->user_count; i++) {
        enum changes_kind kind = d->users[i].in ? KIND_IN : KIND_OUT;
        changes_begin(c, kind);
        changes_put(c, "name", d->users[i].user->name);
        changes_end(c, kind);
    }
    for (size_t i = 0; i < d->fact_count; i++) {
        changes_begin(c, KIND_CHANGED);
        changes_put(c, "fact", text_of(diff_fact_name(d->facts[i].fact)));
        changes_put(c, "before", d->facts[i].before);
        changes_put(c, "after", d->facts[i].after);
        changes_end(c, KIND_CHANGED);
    }
}

/* ---- hosts */

/* The machines behind one address are compared at once. */
static void changes_host(struct fleet_changes *c, const struct host *host)
{
    c->host = host;
    c->scan.ip = host->ip;
    c->scan.alone = !(host->flags & 1u << FLAG_SHARED);
    if (!host->report || host->report->received_ms <= c->scan.from_ms ||
        changes_find(&c->changes, &c->scan) == CHANGES_NONE)
        return;
    for (size_t i = 0; i < c->changes.machine_count; i++) {
        if (!changes_compare(&c->changes, i))
            continue;
        const struct diff *d = &c->changes.diff;
        c->compared++;
        if (d->rebooted) {
            changes_begin(c, KIND_REBOOTED);
            changes_end(c, KIND_REBOOTED);
        }
        changes_processes(c, d);
        changes_rest(c, d);
    }
}

static void changes_answer(struct fleet_changes *c, struct fleet *fleet)
{
    struct query *q = c->q;
    char from[CLOCK_TIME_LEN + 1], to[CLOCK_TIME_LEN + 1];
    const char *before = "";
    for (const struct host *host; (host = fleet_next(fleet, q)); before = host->ip.text)
        if (strcmp(before, host->ip.text) != 0)
            changes_host(c, host);
    clock_rfc3339(c->scan.from_ms, from);
    clock_rfc3339(c->scan.to_ms, to);
    fleet_put(fleet, &q->body);
    buf_printf(&q->body, ",\"from\":\"%s\",\"to\":\"%s\"", from, to);
    buf_puts_u64(&q->body, ",\"hosts_compared\":", c->compared);
    buf_puts_u64(&q->body, ",\"total\":", c->groups.count);
    buf_puts_u64(&q->body, ",\"left_out\":", c->groups.left_out);
    buf_puts(&q->body, ",\"changes\":[");
    groups_put(&c->groups, (size_t)fleet->limit, "count", &q->body);
    buf_puts(&q->body, "]");
    q->body.failed |= c->failed;
}

enum verdict changes_get(struct query *q, struct fault *f)
{
    static struct fleet fleet;
    static struct fleet_changes c;
    memset(&c, 0, sizeof c);
    c.q = q;
    c.scan = (struct changes_scan){.data = q->data, .absent_days = q->config->absent_days};
    enum verdict v = changes_read(&c, f);
    if (v == V_OK)
        v = fleet_begin(&fleet, q, f);
    if (v != V_OK)
        return v;
    changes_init(&c.changes);
    buf_init(&c.members, 64 * 1024 * 1024);
    if (groups_init(&c.groups))
        changes_answer(&c, &fleet);
    else
        v = fault_memory(f);
    groups_release(&c.groups);
    buf_release(&c.members);
    changes_release(&c.changes);
    fleet_end(&fleet);
    return v;
}
