#include "handler/query/fleet.h"

#include <errno.h>
#include <stdlib.h>

static enum verdict fleet_read(struct fleet *f, struct query *q, struct fault *fault)
{
    const char *host = params_get(&q->params, "host"), *reason;
    f->limit = FLEET_LIMIT;
    if (!select_parse(&f->words, host ? host : "", &reason))
        return params_bad(fault, "host", reason);
    enum verdict v = params_number(&q->params, "limit", (struct params_range){1, FLEET_LIMIT_MAX},
                                   &f->limit, fault);
    if (v == V_OK)
        v = cursor_read(&f->cursor, params_get(&q->params, "cursor"), true, fault);
    return v;
}

enum verdict fleet_begin(struct fleet *f, struct query *q, struct fault *fault)
{
    f->rows = NULL;
    f->count = f->start = f->at = 0;
    f->stop = SIZE_MAX;
    f->over = false;
    enum verdict v = fleet_read(f, q, fault);
    if (v != V_OK)
        return v;
    struct hosts_scan scan = query_scan(q);
    cursor_scan(&f->cursor, true, &scan);
    if (!hosts_scan(&f->hosts, &scan))
        return errno == ENOMEM
                   ? fault_memory(fault)
                   : fault_set(fault, V_UNAVAILABLE, "a directory of the records cannot be read");
    f->rows = calloc(f->hosts.count + 1, sizeof *f->rows);
    if (!f->rows) {
        hosts_release(&f->hosts);
        return fault_memory(fault);
    }
    for (size_t i = 0; i < f->hosts.count; i++)
        if (!states_hidden(f->hosts.list[i].state) && select_matches(&f->words, &f->hosts.list[i]))
            f->rows[f->count++] = &f->hosts.list[i];
    f->start = f->at = cursor_start(&f->cursor, f->rows, f->count);
    return V_OK;
}

const struct host *fleet_next(struct fleet *f, struct query *q)
{
    if (f->at == f->count || f->over)
        return NULL;
    f->over = f->at > f->start && query_over(q);
    return f->over ? NULL : f->rows[f->at++];
}

void fleet_full(struct fleet *f)
{
    if (f->stop == SIZE_MAX)
        f->stop = f->at;
}

void fleet_put(const struct fleet *f, struct buf *out)
{
    size_t end = f->stop < f->at ? f->stop : f->at;
    const struct cursor_end place = {.last = end > 0 ? f->rows[end - 1] : NULL,
                                     .next = end,
                                     .rows_left = end < f->count && end > 0,
                                     .by_address = true};
    buf_puts(out, f->over || !f->hosts.complete ? "\"complete\":false" : "\"complete\":true");
    buf_puts_u64(out, ",\"looked_at\":", f->at);
    buf_puts_u64(out, ",\"of\":", f->hosts.complete ? f->count : f->hosts.of);
    buf_puts_u64(out, ",\"unreadable\":", f->hosts.unreadable);
    cursor_put(&f->cursor, &place, &f->hosts, out);
}

void fleet_end(struct fleet *f)
{
    free(f->rows);
    hosts_release(&f->hosts);
}
