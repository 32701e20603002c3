/*
 * list: GET /api/v1/hosts, every host of the fleet: filtered, sorted, a page at a time.
 */
#include "handler/query/answer.h"
#include "handler/query/cursor.h"
#include "handler/query/resources.h"
#include "handler/query/row.h"
#include "handler/read/select.h"
#include "handler/shared/json/write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { LIST_LIMIT = 1000, LIST_LIMIT_MAX = 20000, LIST_DAYS_LIMIT_MAX = 200, LIST_SLACK_MS = 2000 };

const char *const list_params[] = {"date",   "state", "flag",   "label",         "q",      "sort",
                                   "fields", "limit", "cursor", "changed_since", "format", NULL};

/* What the parameters ask for. */
struct list {
    unsigned states, flags; /* bits; 0: any */
    struct select words, labels;
    struct row_choice row;
    int64_t limit;
    struct cursor cursor;
    int64_t changed_since; /* -1: all */
    bool csv;
};

/* ---- parameters */

/* A list such as absent,late as bits; `find` returns `count` for a name that does not exist. */
static bool list_bits(const char *value, unsigned (*find)(const char *name), unsigned count,
                      unsigned *out)
{
    char name[32];
    for (*out = 0; *value;) {
        size_t len = strcspn(value, ",");
        if (len == 0 || len >= sizeof name)
            return false;
        memcpy(name, value, len);
        name[len] = '\0';
        unsigned bit = find(name);
        if (bit >= count)
            return false;
        *out |= 1u << bit;
        value += len + (value[len] == ',');
    }
    return *out != 0;
}

static unsigned list_state(const char *name)
{
    return (unsigned)states_find(name);
}

static unsigned list_flag(const char *name)
{
    return (unsigned)hosts_flag_find(name);
}

static enum verdict list_words(const struct params *p, const char *name, struct select *out,
                               struct fault *f)
{
    const char *value = params_get(p, name), *reason;
    if (select_parse(out, value ? value : "", &reason))
        return V_OK;
    return params_bad(f, name, reason);
}

/* `label` is a whole label, unlike the word label: of `q`. */
static enum verdict list_filters(const struct params *p, struct list *l, struct fault *f)
{
    const char *state = params_get(p, "state"), *flag = params_get(p, "flag");
    if (state && !list_bits(state, list_state, STATE_COUNT, &l->states))
        return params_bad(f, "state",
                          "expected one or more of present late absent never moved gone retired, "
                          "with commas between");
    if (flag && !list_bits(flag, list_flag, FLAG_COUNT, &l->flags))
        return params_bad(
            f, "flag",
            "expected one or more of clone multihomed clock truncated unreadable behind "
            "shared regressed rebooted, with commas between");
    return list_words(p, "q", &l->words, f);
}

static enum verdict list_read(struct query *q, struct list *l, struct fault *f)
{
    const struct params *p = &q->params;
    const char *format = params_get(p, "format");
    int64_t day = -1;
    *l = (struct list){.limit = LIST_LIMIT, .changed_since = -1};
    if (format && strcmp(format, "csv") != 0 && strcmp(format, "json") != 0)
        return params_bad(f, "format", "expected json or csv");
    l->csv = format && *format == 'c';
    enum verdict v = params_day(p, "date", q->now_ms, &day, f);
    if (v == V_OK && day >= 0 && day + CLOCK_DAY_MS <= q->now_ms)
        q->as_of_ms = day + CLOCK_DAY_MS - 1;
    if (v == V_OK)
        v = list_filters(p, l, f);
    if (v == V_OK)
        v = params_number(p, "limit", (struct params_range){1, LIST_LIMIT_MAX}, &l->limit, f);
    if (v == V_OK)
        v = params_time(p, "changed_since", q->now_ms, &l->changed_since, f);
    if (v == V_OK)
        v = row_choose(&l->row, params_get(p, "fields"), params_get(p, "sort"), f);
    if (v == V_OK)
        v = cursor_read(&l->cursor, params_get(p, "cursor"), l->row.by_address, f);
    if (v == V_OK && l->row.days && l->limit > LIST_DAYS_LIMIT_MAX)
        v = params_bad(f, "fields", "first_seen, missed and day need limit=200 or less");
    return v;
}

/* ---- choosing */

static bool list_label(const struct host *host, const char *label)
{
    bool found = !label;
    for (size_t i = 0; i < host->says.label_count && !found; i++)
        found = strcmp(host->says.labels[i], label) == 0;
    return found;
}

static bool list_shown(const struct list *l, const struct host *host)
{
    if (l->states ? !(l->states & 1u << host->state) : states_hidden(host->state))
        return false;
    if (l->flags && !(l->flags & host->flags))
        return false;
    if (l->changed_since < 0)
        return true;
    /* A record is visible a moment after its received_at: the poll before may have missed it. */
    return (host->report && host->report->received_ms > l->changed_since - LIST_SLACK_MS) ||
           hosts_state_at(host, l->changed_since) != host->state;
}

struct list_counts {
    size_t states[STATE_COUNT], flags[FLAG_COUNT];
};

/* Sorts the hosts that match to the front of `chosen`, and counts those that match q and label. */
static size_t list_choose(const struct query *q, const struct list *l, const struct hosts *hosts,
                          const struct host **chosen, struct list_counts *counts)
{
    const char *label = params_get(&q->params, "label");
    size_t count = 0;
    memset(counts, 0, sizeof *counts);
    for (size_t i = 0; i < hosts->count; i++) {
        const struct host *host = &hosts->list[i];
        if (!list_label(host, label) || !select_matches(&l->words, host))
            continue;
        counts->states[host->state]++;
        for (enum host_flag flag = 0; flag < FLAG_COUNT; flag++)
            counts->flags[flag] += host->flags >> flag & 1;
        if (list_shown(l, host))
            chosen[count++] = host;
    }
    row_sort(&l->row, chosen, count);
    return count;
}

/* ---- answer */

static void list_put_counts(const struct list_counts *counts, struct buf *out)
{
    buf_puts(out, ",\"counts\":{\"state\":{");
    for (enum host_state state = 0; state < STATE_COUNT; state++) {
        buf_puts(out, state > 0 ? "," : "");
        jsonw_name(out, states_name(state));
        buf_u64(out, counts->states[state]);
    }
    buf_puts(out, "},\"flag\":{");
    for (enum host_flag flag = 0; flag < FLAG_COUNT; flag++) {
        buf_puts(out, flag > 0 ? "," : "");
        jsonw_name(out, hosts_flag_name(flag));
        buf_u64(out, counts->flags[flag]);
    }
    buf_puts(out, "}}");
}

static void list_put_rows(struct query *q, const struct list *l, const struct host *const *rows,
                          size_t count)
{
    if (l->csv)
        row_put_csv_header(&l->row, &q->body);
    for (size_t i = 0; i < count; i++) {
        if (l->csv) {
            row_put_csv(&l->row, rows[i], q, &q->body);
            continue;
        }
        buf_puts(&q->body, i > 0 ? ",\n" : "\n");
        row_put(&l->row, rows[i], q, &q->body);
    }
}

static void list_answer(struct query *q, const struct list *l, const struct hosts *hosts,
                        const struct host **chosen)
{
    struct list_counts counts;
    size_t count = list_choose(q, l, hosts, chosen, &counts);
    size_t start = cursor_start(&l->cursor, chosen, count);
    size_t rows = count - start < (size_t)l->limit ? count - start : (size_t)l->limit;
    if (l->csv) {
        list_put_rows(q, l, chosen + start, rows);
        answer_text(q, "text/csv; charset=utf-8", "hosts.csv", q->body.data, q->body.len);
        q->streamed = true;
        return;
    }
    buf_puts(&q->body, hosts->complete ? "\"complete\":true" : "\"complete\":false");
    buf_puts_u64(&q->body, ",\"looked_at\":", hosts->looked_at);
    buf_puts_u64(&q->body, ",\"of\":", hosts->of);
    buf_puts_u64(&q->body, ",\"unreadable\":", hosts->unreadable);
    buf_puts_u64(&q->body, ",\"total\":", count);
    buf_puts_u64(&q->body, ",\"expect_every_seconds\":", (uint64_t)q->config->expect_every / 1000);
    list_put_counts(&counts, &q->body);
    const struct cursor_end end = {.last = rows > 0 ? chosen[start + rows - 1] : NULL,
                                   .next = start + rows,
                                   .rows_left = start + rows < count,
                                   .by_address = l->row.by_address};
    cursor_put(&l->cursor, &end, hosts, &q->body);
    buf_puts(&q->body, ",\"hosts\":[");
    list_put_rows(q, l, chosen + start, rows);
    buf_puts(&q->body, "]");
}

enum verdict list_get(struct query *q, struct fault *f)
{
    static struct list list;
    struct hosts hosts;
    enum verdict v = list_read(q, &list, f);
    if (v != V_OK)
        return v;
    struct hosts_scan scan = query_scan(q);
    cursor_scan(&list.cursor, list.row.by_address, &scan);
    if (!hosts_scan(&hosts, &scan))
        return errno == ENOMEM
                   ? fault_memory(f)
                   : fault_set(f, V_UNAVAILABLE, "a directory of the records cannot be read");
    const struct host **chosen = calloc(hosts.count + 1, sizeof *chosen);
    if (chosen)
        list_answer(q, &list, &hosts, chosen);
    else
        v = fault_memory(f);
    free(chosen);
    hosts_release(&hosts);
    return v;
}
