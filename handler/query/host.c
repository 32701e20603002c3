/*
 * host: GET /api/v1/hosts/{ip}, the record of a host at a time, and its timeline and days.
 */
#include "handler/http/fcgi.h"
#include "handler/http/reply.h"
#include "handler/query/answer.h"
#include "handler/query/resources.h"
#include "handler/query/row.h"
#include "handler/read/place.h"
#include "handler/read/procs.h"
#include "handler/shared/json/write.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *const host_params[] = {"date", "at", "raw", "points", "from", "to", NULL};

enum { HOST_POINTS = 300, HOST_POINTS_MAX = 20000 };

/* ---- what is asked */

/* Takes the address off the path; *view is what follows it: "", "timeline", "days" or "changes". */
static enum verdict host_path(const char *rest, struct ip *ip, const char **view, struct fault *f)
{
    char text[IP_TEXT_LEN];
    size_t len = strcspn(rest, "/");
    *view = rest[len] ? rest + len + 1 : "";
    snprintf(text, sizeof text, "%.*s", (int)(len < sizeof text ? len : 0), rest);
    if (!ip_parse(text, ip) && !ip_from_file(text, strlen(text), ip))
        return fault_set(f, V_NOT_FOUND, "expected /api/v1/hosts/ and an address such as 10.0.0.7");
    static const char *const views[] = {"", "timeline", "days", "changes"};
    for (size_t i = 0; i < sizeof views / sizeof *views; i++)
        if (strcmp(*view, views[i]) == 0)
            return V_OK;
    return fault_set(f, V_NOT_FOUND,
                     "no such view of a host; there are /timeline, /days and /changes");
}

/* The latest time that counts: `at`, the end of `date`, or now. */
static enum verdict host_time(struct query *q, int64_t *at, struct fault *f)
{
    int64_t day = -1;
    *at = q->now_ms;
    enum verdict v = params_day(&q->params, "date", q->now_ms, &day, f);
    if (v == V_OK && day >= 0 && day + CLOCK_DAY_MS <= q->now_ms)
        *at = q->as_of_ms = day + CLOCK_DAY_MS - 1;
    if (v == V_OK)
        v = params_time(&q->params, "at", q->now_ms, at, f);
    return v;
}

static enum verdict host_none(const struct ip *ip, struct fault *f)
{
    return fault_set(f, V_NOT_FOUND,
                     "no record of %s at or before this time in the days that are looked at",
                     ip->text);
}

/* ---- one record */

static void host_put_time(const char *name, int64_t ms, struct buf *out)
{
    char text[CLOCK_TIME_LEN + 1];
    buf_putc(out, ',');
    jsonw_name(out, name);
    if (ms < 0) {
        buf_puts(out, "null");
        return;
    }
    clock_rfc3339(ms, text);
    jsonw_str(out, text);
}

/* The first line of the next day's file, for a record that is the last of its day. */
static int64_t host_next_day(const struct query *q, const struct place *from)
{
    struct place p;
    int64_t next = -1;
    place_init(&p, q->data, &from->ip, 0);
    if (from->day_ms + CLOCK_DAY_MS <= q->now_ms)
        for (enum tail_result got = place_open(&p, from->day_ms + CLOCK_DAY_MS); got == TAIL_OK;
             got = tail_back(&p.tail))
            next = p.tail.received_ms;
    place_release(&p);
    return next;
}

/* The record itself: all members but `processes` as they were received, and the server's. */
static void host_put_record(const struct procs *procs, const struct trailer *server,
                            struct buf *out)
{
    struct json_iter it = json_iter_begin(procs->stored.record.text);
    struct json_member m;
    const char *between = "";
    buf_puts(out, ",\"record\":{");
    while (json_iter_member(&it, &m)) {
        if (json_name_is(m.name, "processes"))
            continue;
        buf_puts(out, between);
        buf_add(out, m.name.ptr, m.name.len);
        buf_putc(out, ':');
        buf_add(out, m.value.ptr, m.value.len);
        between = ",";
    }
    trailer_open(server, out);
    trailer_close(server, out);
    if (!out->failed)
        out->len -= strlen("}\n"); /* the member closes, the line does not */
    buf_puts(out, "},\"processes\":[");
    for (size_t i = 0; i < procs->count; i++) {
        buf_puts(out, i > 0 ? ",\n" : "\n");
        procs_put(&procs->list[i], out);
    }
    buf_puts(out, "]");
}

static enum verdict host_raw(struct query *q, struct place *p, struct fault *f)
{
    struct text line;
    if (tail_line(&p->tail, &line) != TAIL_OK)
        return fault_set(f, V_UNAVAILABLE, "the file changed while it was read; try again");
    buf_add(&q->body, line.ptr, line.len);
    buf_putc(&q->body, '\n');
    answer_text(q, &(struct answer_text){.type = "application/json",
                                         .name = "record.json",
                                         .bytes = {q->body.data, q->body.len}});
    q->streamed = true;
    return V_OK;
}

static enum verdict host_record(struct query *q, struct place *p, struct fault *f)
{
    struct procs procs;
    int64_t received = p->tail.received_ms, next = p->next_ms;
    procs_init(&procs);
    bool read = procs_read(&procs, &p->tail);
    if (read) {
        buf_puts(&q->body, "\"ip\":");
        jsonw_str(&q->body, p->ip.text);
        host_put_time("received_at", received, &q->body);
        host_put_time("next", next >= 0 ? next : host_next_day(q, p), &q->body);
        host_put_record(&procs, &p->tail.line, &q->body);
        host_put_time("previous", place_back(p) ? p->tail.received_ms : -1, &q->body);
        compliance_put_host(q, &p->ip, received);
    }
    procs_release(&procs);
    return read ? V_OK : fault_set(f, V_UNAVAILABLE, "the record cannot be read; try again");
}

/* ---- timeline and days */

struct host_point {
    int64_t received_ms;
    off_t end;
    uint64_t processes, users;
    bool summed; /* cpu and rss_bytes are known */
    double cpu;
    double rss_bytes;
};

/* Adds up CPU and memory of the record that ends at point->end, in the open file. */
static void host_sum(struct place *p, struct procs *procs, struct host_point *point)
{
    if (tail_open(&p->tail, p->fd, point->end) != TAIL_OK || p->tail.end != point->end ||
        !procs_read(procs, &p->tail))
        return;
    point->summed = true;
    for (size_t i = 0; i < procs->count; i++) {
        point->cpu += procs_number(procs->list[i].column[COL_CPU]);
        point->rss_bytes += procs_number(procs->list[i].column[COL_RSS]);
    }
}

static void host_sums(struct query *q, struct place *p, struct host_point *list, int64_t count)
{
    struct procs procs;
    procs_init(&procs);
    for (int64_t i = 0; i < count && !query_over(q); i++)
        host_sum(p, &procs, &list[i]);
    procs_release(&procs);
}

/* The oldest first; the list has the newest first. */
static void host_put_points(const struct host_point *list, int64_t count, struct buf *out)
{
    buf_puts(out, ",\"points\":[");
    for (int64_t i = count - 1; i >= 0; i--) {
        char text[CLOCK_TIME_LEN + 1];
        clock_rfc3339(list[i].received_ms, text);
        buf_printf(
            out, "%s{\"received_at\":\"%s\",\"process_count\":%" PRIu64 ",\"user_count\":%" PRIu64,
            i < count - 1 ? ",\n" : "\n", text, list[i].processes, list[i].users);
        if (list[i].summed)
            buf_printf(out, ",\"cpu\":%.1f,\"rss_bytes\":%.0f}", list[i].cpu, list[i].rss_bytes);
        else
            buf_puts(out, ",\"cpu\":null,\"rss_bytes\":null}");
    }
    buf_puts(out, "]");
}

/*
 * The records of the day that `at` is in: the newest `points` of them, and how many there are. With
 * sums, which need every record as a whole, only if `points` is given.
 */
static enum verdict host_timeline(struct query *q, struct place *p, int64_t at, struct fault *f)
{
    int64_t points = HOST_POINTS, count = 0, total = 0;
    enum verdict v =
        params_number(&q->params, "points", (struct params_range){1, HOST_POINTS_MAX}, &points, f);
    struct host_point *list = v == V_OK ? calloc((size_t)points, sizeof *list) : NULL;
    if (!list)
        return v == V_OK ? fault_memory(f) : v;
    for (enum tail_result got = place_open(p, clock_day_start(at)); got == TAIL_OK;
         got = tail_back(&p->tail)) {
        if (p->tail.received_ms > at)
            continue;
        total++;
        if (count < points)
            list[count++] = (struct host_point){.received_ms = p->tail.received_ms,
                                                .end = p->tail.end,
                                                .processes = p->tail.line.process_count,
                                                .users = p->tail.line.user_count};
    }
    if (params_get(&q->params, "points"))
        host_sums(q, p, list, count);
    buf_puts_u64(&q->body, "\"total\":", (uint64_t)total);
    host_put_points(list, count, &q->body);
    free(list);
    return V_OK;
}

/* The days, of those that are looked at, that have a file of the host: the newest first. */
static enum verdict host_days(struct query *q, struct place *p, int64_t at)
{
    const char *between = "\n";
    buf_puts(&q->body, "\"days\":[");
    for (int64_t day = clock_day_start(at); day >= p->first_ms; day -= CLOCK_DAY_MS) {
        char date[CLOCK_DATE_LEN + 1];
        if (place_open(p, day) != TAIL_OK)
            continue;
        clock_date(day, date);
        buf_printf(&q->body,
                   "%s{\"date\":\"%s\",\"records\":%" PRIu64 ",\"json_bytes\":%" PRId64
                   ",\"csv_bytes\":%" PRIu64 ",\"chain\":\"%s\"",
                   between, date, p->tail.line.seq, (int64_t)p->tail.end, p->tail.line.csv_end,
                   p->tail.line.chain);
        host_put_time("last_seen", p->tail.received_ms, &q->body);
        buf_putc(&q->body, '}');
        between = ",\n";
    }
    buf_puts(&q->body, "]");
    return V_OK;
}

static enum verdict host_view(struct query *q, const char *view, const struct ip *ip,
                              struct fault *f)
{
    struct place p;
    int64_t at;
    enum verdict v = host_time(q, &at, f);
    if (v != V_OK)
        return v;
    place_init(&p, q->data, ip, clock_day_start(at) - q->config->absent_days * CLOCK_DAY_MS);
    if (*view == 't')
        v = host_timeline(q, &p, at, f);
    else if (*view == 'd')
        v = host_days(q, &p, at);
    else if (!place_find(&p, at))
        v = host_none(ip, f);
    else
        v = params_get(&q->params, "raw") ? host_raw(q, &p, f) : host_record(q, &p, f);
    place_release(&p);
    return v;
}

enum verdict host_get(struct query *q, struct fault *f)
{
    struct ip ip;
    const char *view, *raw = params_get(&q->params, "raw");
    enum verdict v = host_path(q->rest, &ip, &view, f);
    if (v == V_OK && raw && strcmp(raw, "1") != 0)
        v = params_bad(f, "raw", "expected 1");
    if (v != V_OK)
        return v;
    return *view == 'c' ? host_changes(q, &ip, f) : host_view(q, view, &ip, f);
}
