/*
 * changed: GET /api/v1/hosts/{ip}/changes, what changed at an address between two times.
 */
#include "handler/query/resources.h"
#include "handler/read/changes.h"
#include "handler/shared/json/write.h"

/* A time as a member; the name has its comma. */
static void changed_put_time(const char *name, int64_t ms, struct buf *out)
{
    char text[CLOCK_TIME_LEN + 1];
    clock_rfc3339(ms, text);
    buf_puts(out, name);
    jsonw_str(out, text);
}

static void changed_put_text(const char *name, struct text value, struct buf *out)
{
    buf_puts(out, name);
    if (value.ptr)
        jsonw_string(out, value.ptr, value.len);
    else
        buf_puts(out, "null");
}

static void changed_put_machine(const struct changes *c, struct buf *out)
{
    changed_put_text("{\"machine_id\":", c->after.facts.value[FACT_MACHINE_ID], out);
    changed_put_text(",\"hostname\":", c->after.facts.value[FACT_HOSTNAME], out);
    changed_put_time(",\"before\":", c->before.received_ms, out);
    changed_put_time(",\"after\":", c->after.received_ms, out);
    buf_putc(out, ',');
    diff_put(&c->diff, out);
    buf_putc(out, '}');
}

static enum verdict changed_answer(struct query *q, struct changes *c, struct fault *f)
{
    const char *between = "\n";
    buf_puts(&q->body, ",\"machines\":[");
    for (size_t i = 0; i < c->machine_count; i++) {
        if (!changes_compare(c, i))
            return fault_set(f, V_UNAVAILABLE, "the file changed while it was read; try again");
        buf_puts(&q->body, between);
        between = ",\n";
        changed_put_machine(c, &q->body);
    }
    buf_puts(&q->body, "]");
    return V_OK;
}

enum verdict host_changes(struct query *q, const struct ip *ip, struct fault *f)
{
    struct changes changes;
    struct changes_scan scan = {.data = q->data,
                                .ip = *ip,
                                .absent_days = q->config->absent_days,
                                .over = query_over,
                                .context = q};
    enum verdict v = query_span(q, &scan.from_ms, &scan.to_ms, f);
    if (v != V_OK)
        return v;
    changes_init(&changes);
    enum changes_result found = changes_find(&changes, &scan);
    if (found == CHANGES_NONE) {
        v = fault_set(f, V_NOT_FOUND, "no record of %s at or before this time", ip->text);
    } else {
        buf_puts(&q->body, "\"ip\":");
        jsonw_str(&q->body, ip->text);
        changed_put_time(",\"from\":", scan.from_ms, &q->body);
        changed_put_time(",\"to\":", scan.to_ms, &q->body);
        buf_puts(&q->body, found == CHANGES_OVER ? ",\"complete\":false" : ",\"complete\":true");
        v = changed_answer(q, &changes, f);
    }
    changes_release(&changes);
    return v;
}
