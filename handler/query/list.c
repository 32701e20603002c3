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

enum {
    LIST_LIMIT = 1000,
    LIST_LIMIT_MAX = 20000,
    LIST_DAYS_LIMIT_MAX = 200,
    LIST_ROWS_MIN = 64,
    LIST_SLACK_MS = 2000,
    LIST_CURSOR_MAX = 16 << 10,
};

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

/* Adds up to `count` rows, and returns how many: those that need more than the newest line end with
 * query_seconds, after the first LIST_ROWS_MIN. */
static size_t list_put_rows(struct query *q, const struct list *l, const struct host *const *rows,
                            size_t count)
{
    size_t i = 0;
    if (l->csv)
        row_put_csv_header(&l->row, &q->body);
    for (; i < count && !(l->row.reads && i >= LIST_ROWS_MIN && query_over(q)); i++) {
        if (l->csv) {
            row_put_csv(&l->row, rows[i], q, &q->body);
            continue;
        }
        buf_puts(&q->body, i > 0 ? ",\n" : "\n");
        row_put(&l->row, rows[i], q, &q->body);
    }
    return i;
}

/* A page of the list. */
struct list_page {
    const struct hosts *hosts;
    const struct host **chosen;
    struct list_counts counts;
    size_t count, start, rows; /* hosts that were chosen; the page */
    bool cut;                  /* rows are left for lack of time */
};

static struct cursor_end list_end(const struct list *l, const struct list_page *p)
{
    return (struct cursor_end){.last = p->rows > 0 ? p->chosen[p->start + p->rows - 1] : NULL,
                               .next = p->start + p->rows,
                               .rows_left = p->start + p->rows < p->count,
                               .by_address = l->row.by_address};
}

/* A table has no place to say that it is not whole, and a spreadsheet would not look. */
static enum verdict list_answer_csv(struct query *q, const struct list *l, struct list_page *p,
                                    struct fault *f)
{
    struct buf more;
    p->cut = list_put_rows(q, l, p->chosen + p->start, p->rows) < p->rows;
    if (p->cut || !p->hosts->complete)
        return fault_set(f, V_UNAVAILABLE,
                         "the hosts could not be listed within query_seconds; ask without "
                         "format=csv for those that could");
    const struct cursor_end end = list_end(l, p);
    buf_init(&more, LIST_CURSOR_MAX);
    buf_puts(&more, "Rollcall-Cursor: ");
    bool left = cursor_add(&l->cursor, &end, p->hosts, &more);
    buf_puts(&more, "\r\n");
    q->body.failed |= !buf_str(&more);
    if (!q->body.failed)
        answer_text(q, &(struct answer_text){.type = "text/csv; charset=utf-8",
                                             .name = "hosts.csv",
                                             .headers = left ? more.data : NULL,
                                             .bytes = {q->body.data, q->body.len}});
    q->streamed = !q->body.failed;
    buf_release(&more);
    return V_OK;
}

/* What comes before the rows. */
static void list_put_head(struct query *q, const struct list *l, const struct list_page *p)
{
    const struct cursor_end end = list_end(l, p);
    bool complete = p->hosts->complete && !p->cut;
    buf_puts(&q->body, complete ? "\"complete\":true" : "\"complete\":false");
    buf_puts_u64(&q->body, ",\"looked_at\":", p->hosts->looked_at);
    buf_puts_u64(&q->body, ",\"of\":", p->hosts->of);
    buf_puts_u64(&q->body, ",\"unreadable\":", p->hosts->unreadable);
    buf_puts_u64(&q->body, ",\"total\":", p->count);
    buf_puts_u64(&q->body, ",\"expect_every_seconds\":", (uint64_t)q->config->expect_every / 1000);
    list_put_counts(&p->counts, &q->body);
    cursor_put(&l->cursor, &end, p->hosts, &q->body);
    buf_puts(&q->body, ",\"hosts\":[");
}

static void list_answer_json(struct query *q, const struct list *l, struct list_page *p)
{
    list_put_head(q, l, p);
    size_t from = q->body.len, put = list_put_rows(q, l, p->chosen + p->start, p->rows);
    if (put < p->rows && !q->body.failed) {
        struct buf rows;
        buf_init(&rows, q->body.max);
        buf_add(&rows, q->body.data + from, q->body.len - from);
        buf_reset(&q->body);
        p->rows = put;
        p->cut = true;
        list_put_head(q, l, p);
        buf_add(&q->body, rows.data, rows.len);
        q->body.failed |= rows.failed;
        buf_release(&rows);
    }
    buf_puts(&q->body, "]");
}

static enum verdict list_answer(struct query *q, const struct list *l, const struct hosts *hosts,
                                const struct host **chosen, struct fault *f)
{
    struct list_page p = {.hosts = hosts, .chosen = chosen};
    p.count = list_choose(q, l, hosts, chosen, &p.counts);
    p.start = cursor_start(&l->cursor, chosen, p.count);
    p.rows = p.count - p.start < (size_t)l->limit ? p.count - p.start : (size_t)l->limit;
    if (l->csv)
        return list_answer_csv(q, l, &p, f);
    list_answer_json(q, l, &p);
    return V_OK;
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
    v = chosen ? list_answer(q, &list, &hosts, chosen, f) : fault_memory(f);
    free(chosen);
    hosts_release(&hosts);
    return v;
}
