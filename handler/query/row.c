#include "handler/query/row.h"

#include "handler/read/beats.h"
#include "handler/record/csv.h"
#include "handler/shared/json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum row_field {
    ROW_IP,
    ROW_HOSTNAME,
    ROW_LABELS,
    ROW_STATE,
    ROW_FLAGS,
    ROW_FAILS,
    ROW_OS_NAME,
    ROW_OS_VER,
    ROW_OS_PRETTY_NAME,
    ROW_PROCESSOR,
    ROW_CORES,
    ROW_MEMORY_BYTES,
    ROW_BOOT_TIME,
    ROW_PROCESS_COUNT,
    ROW_USER_COUNT,
    ROW_RECORDS,
    ROW_BYTES,
    ROW_LAST_SEEN,
    /* Only when they are asked for: these need all lines of a day. */
    ROW_FIRST_SEEN,
    ROW_MISSED,
    ROW_DAY,
    ROW_FIELDS
};

static const struct {
    const char *name;
    int fact; /* FACT_COUNT: not a fact of the record */
    bool number;
} fields[ROW_FIELDS] = {
    [ROW_IP] = {"ip", FACT_COUNT, false},
    [ROW_HOSTNAME] = {"hostname", FACT_COUNT, false},
    [ROW_LABELS] = {"labels", FACT_COUNT, false},
    [ROW_STATE] = {"state", FACT_COUNT, false},
    [ROW_FLAGS] = {"flags", FACT_COUNT, false},
    [ROW_FAILS] = {"fails", FACT_COUNT, false},
    [ROW_OS_NAME] = {"os_name", FACT_OS_NAME, false},
    [ROW_OS_VER] = {"os_ver", FACT_OS_VER, false},
    [ROW_OS_PRETTY_NAME] = {"os_pretty_name", FACT_OS_PRETTY_NAME, false},
    [ROW_PROCESSOR] = {"processor", FACT_PROCESSOR, false},
    [ROW_CORES] = {"cores", FACT_CORES, true},
    [ROW_MEMORY_BYTES] = {"memory_bytes", FACT_MEMORY_BYTES, true},
    [ROW_BOOT_TIME] = {"boot_time", FACT_BOOT_TIME, false},
    [ROW_PROCESS_COUNT] = {"process_count", FACT_COUNT, true},
    [ROW_USER_COUNT] = {"user_count", FACT_COUNT, true},
    [ROW_RECORDS] = {"records", FACT_COUNT, true},
    [ROW_BYTES] = {"bytes", FACT_COUNT, true},
    [ROW_LAST_SEEN] = {"last_seen", FACT_COUNT, false},
    [ROW_FIRST_SEEN] = {"first_seen", FACT_COUNT, false},
    [ROW_MISSED] = {"missed", FACT_COUNT, true},
    [ROW_DAY] = {"day", FACT_COUNT, false},
};

/* ---- what to write, and in which order */

static unsigned row_find(const char *name, size_t len)
{
    unsigned field = 0;
    while (field < ROW_FIELDS &&
           (strlen(fields[field].name) != len || strncmp(fields[field].name, name, len) != 0))
        field++;
    return field;
}

static bool row_sortable(unsigned field)
{
    return field < ROW_FIRST_SEEN && field != ROW_LABELS && field != ROW_FLAGS &&
           field != ROW_FAILS;
}

static enum verdict row_bad(struct fault *f, const char *param, bool sort)
{
    char right[280] = "unknown field; known are";
    for (unsigned i = 0; i < ROW_FIELDS; i++) {
        size_t len = strlen(right);
        if (!sort || row_sortable(i))
            snprintf(right + len, sizeof right - len, " %s", fields[i].name);
    }
    return params_bad(f, param, right);
}

enum verdict row_choose(struct row_choice *c, const char *wanted, const char *sort, struct fault *f)
{
    *c = (struct row_choice){.fields = wanted ? 0 : (UINT64_C(1) << ROW_FIRST_SEEN) - 1};
    while (wanted) {
        size_t len = strcspn(wanted, ",");
        unsigned field = row_find(wanted, len);
        if (field == ROW_FIELDS)
            return row_bad(f, "fields", false);
        c->fields |= UINT64_C(1) << field;
        wanted = wanted[len] ? wanted + len + 1 : NULL;
    }
    if (sort) {
        c->descending = *sort == '-';
        sort += c->descending;
        c->sort = row_find(sort, strlen(sort));
        if (!row_sortable(c->sort))
            return row_bad(f, "sort", true);
    }
    c->by_address = c->sort == ROW_IP && !c->descending;
    c->days = c->fields >> ROW_FIRST_SEEN != 0;
    c->reads = c->days || (c->fields >> ROW_FAILS & 1);
    return V_OK;
}

/* The number of a field; -1 when there is none. */
static double row_number(const struct host *host, unsigned field)
{
    const struct report *r = host->report;
    if (!r)
        return -1;
    switch (field) {
    case ROW_PROCESS_COUNT:
        return (double)r->line.process_count;
    case ROW_USER_COUNT:
        return (double)r->line.user_count;
    case ROW_RECORDS:
        return (double)r->line.seq;
    case ROW_BYTES:
        return (double)r->line_end + (double)r->line.csv_end;
    default:
        return r->fact[fields[field].fact].ptr ? strtod(r->fact[fields[field].fact].ptr, NULL) : -1;
    }
}

/* A text to sort by. */
static const char *row_text(const struct host *host, unsigned field)
{
    if (field == ROW_HOSTNAME)
        return hosts_name(host);
    const struct report *r = host->report;
    return r && fields[field].fact < FACT_COUNT && r->fact[fields[field].fact].ptr
               ? r->fact[fields[field].fact].ptr
               : "";
}

static int row_compare(const struct row_choice *c, const struct host *a, const struct host *b)
{
    if (c->sort == ROW_IP)
        return 0;
    if (c->sort == ROW_STATE)
        return (int)a->state - (int)b->state;
    if (c->sort == ROW_LAST_SEEN) {
        int64_t x = a->report ? a->report->received_ms : -1,
                y = b->report ? b->report->received_ms : -1;
        return (x > y) - (x < y);
    }
    if (fields[c->sort].number) {
        double x = row_number(a, c->sort), y = row_number(b, c->sort);
        return (x > y) - (x < y);
    }
    return strcasecmp(row_text(a, c->sort), row_text(b, c->sort));
}

/* The list is in order of address, so equal rows stay in it: pointers into one array. */
static int row_in_order(const void *a, const void *b, void *choice)
{
    const struct row_choice *c = choice;
    const struct host *x = *(const struct host *const *)a, *y = *(const struct host *const *)b;
    int order = row_compare(c, x, y);
    if (c->sort == ROW_IP)
        order = (x > y) - (x < y);
    if (c->descending)
        order = -order;
    return order ? order : (x > y) - (x < y);
}

void row_sort(const struct row_choice *c, const struct host **rows, size_t count)
{
    struct row_choice copy = *c;
    if (!c->by_address)
        qsort_r(rows, count, sizeof *rows, row_in_order, &copy);
}

int row_after(const struct host *host, const struct ip *ip, const char *name, const char *machine)
{
    const struct report *r = host->report;
    const char *id = r && r->fact[FACT_MACHINE_ID].ptr ? r->fact[FACT_MACHINE_ID].ptr : "";
    if (!*host->ip.text != !*ip->text)
        return *host->ip.text ? -1 : 1;
    int order = *ip->text ? files_compare(&host->ip, ip) : 0;
    if (order == 0)
        order = strncasecmp(hosts_name(host), name, ROW_PLACE_MAX);
    return order ? order : strncmp(id, machine, ROW_PLACE_MAX);
}

/* ---- JSON */

static void row_put_labels(const struct host *host, struct buf *out)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < host->says.label_count; i++) {
        buf_puts(out, i > 0 ? "," : "");
        jsonw_str(out, host->says.labels[i]);
    }
    buf_putc(out, ']');
}

static void row_put_flags(const struct host *host, struct buf *out)
{
    const char *between = "";
    buf_putc(out, '[');
    for (enum host_flag flag = 0; flag < FLAG_COUNT; flag++) {
        if (!(host->flags & 1u << flag))
            continue;
        buf_puts(out, between);
        jsonw_str(out, hosts_flag_name(flag));
        between = ",";
    }
    buf_putc(out, ']');
}

/* Appends the names of the rules that the host fails, with `between` between them; in quotes, if
 * that is a comma. */
static void row_add_fails(struct query *q, const struct host *host, const char *between,
                          struct buf *out)
{
    unsigned char states[REPORT_RULES_MAX];
    const struct policy *policy = q->policy.policy;
    bool quoted = *between == ',', any = false;
    if (!policy)
        return;
    judge_host(&q->judge, policy, q->data, host, states);
    for (size_t i = 0; i < policy->count; i++) {
        if (states[i] != JUDGE_FAIL)
            continue;
        buf_puts(out, any ? between : "");
        buf_puts(out, quoted ? "\"" : "");
        buf_puts(out, policy->rules[i].name); /* has no character that needs an escape */
        buf_puts(out, quoted ? "\"" : "");
        any = true;
    }
}

static void row_put_fails(struct query *q, const struct host *host, struct buf *out)
{
    buf_putc(out, '[');
    row_add_fails(q, host, ",", out);
    buf_putc(out, ']');
}

static void row_put_state(const struct host *host, struct buf *out)
{
    jsonw_str(out, states_name(host->state));
    if (host->state == STATE_MOVED) {
        buf_puts(out, ",\"moved_to\":");
        jsonw_str(out, host->moved_to->ip.text);
    }
}

static void row_put_time(const struct host *host, struct buf *out)
{
    char text[CLOCK_TIME_LEN + 1] = "";
    if (host->report)
        clock_rfc3339(host->report->received_ms, text);
    jsonw_str_or_null(out, text);
}

static void row_put_fact(const struct host *host, unsigned field, struct buf *out)
{
    const struct report *r = host->report;
    int fact = fields[field].fact;
    if (!r || (fact < FACT_COUNT && !r->fact[fact].ptr))
        buf_puts(out, "null");
    else if (fact == FACT_COUNT)
        buf_u64(out, (uint64_t)row_number(host, field));
    else if (fields[field].number)
        buf_add(out, r->fact[fact].ptr, r->fact[fact].len);
    else
        jsonw_string(out, r->fact[fact].ptr, r->fact[fact].len);
}

static void row_put_field(const struct host *host, unsigned field, struct buf *out)
{
    switch (field) {
    case ROW_IP:
        jsonw_str_or_null(out, host->ip.text);
        break;
    case ROW_HOSTNAME:
        jsonw_str_or_null(out, hosts_name(host));
        break;
    case ROW_LABELS:
        row_put_labels(host, out);
        break;
    case ROW_STATE:
        row_put_state(host, out);
        break;
    case ROW_FLAGS:
        row_put_flags(host, out);
        break;
    case ROW_LAST_SEEN:
        row_put_time(host, out);
        break;
    default:
        row_put_fact(host, field, out);
    }
}

/* Reads all lines of the day if a field needs them. */
static void row_read_beats(const struct row_choice *c, const struct host *host,
                           const struct query *q, struct beats *out)
{
    const struct beats_ask ask = {.data = q->data,
                                  .host = host,
                                  .now_ms = q->as_of_ms,
                                  .absent_days = q->config->absent_days};
    if (c->days)
        beats_read(out, &ask);
}

static void row_put_beats(const struct host *host, unsigned field, const struct beats *beats,
                          struct buf *out)
{
    char text[CLOCK_TIME_LEN + 1] = "";
    if (field == ROW_FIRST_SEEN) {
        if (beats->first_seen >= 0)
            clock_rfc3339(beats->first_seen, text);
        jsonw_str_or_null(out, text);
    } else if (!host->report) {
        buf_puts(out, "null");
    } else if (field == ROW_MISSED) {
        buf_u64(out, beats->missed);
    } else {
        for (int i = 0; i < BEATS_HOURS; i++)
            buf_puts_u64(out, i > 0 ? "," : "[", beats->hours[i]);
        buf_putc(out, ']');
    }
}

void row_put(const struct row_choice *c, const struct host *host, struct query *q, struct buf *out)
{
    const char *between = "{";
    struct beats beats;
    row_read_beats(c, host, q, &beats);
    for (unsigned field = 0; field < ROW_FIELDS; field++) {
        if (!(c->fields >> field & 1))
            continue;
        buf_puts(out, between);
        jsonw_name(out, fields[field].name);
        if (field >= ROW_FIRST_SEEN)
            row_put_beats(host, field, &beats, out);
        else if (field == ROW_FAILS)
            row_put_fails(q, host, out);
        else
            row_put_field(host, field, out);
        between = ",";
    }
    buf_putc(out, '}');
}

/* ---- CSV */

void row_put_csv_header(const struct row_choice *c, struct buf *out)
{
    const char *between = "";
    for (unsigned field = 0; field < ROW_FIELDS; field++) {
        if (!(c->fields >> field & 1))
            continue;
        buf_puts(out, between);
        cell_put(out, text_of(fields[field].name));
        between = ",";
    }
    buf_puts(out, "\r\n");
}

/* Labels or flags, joined by ;. */
static void row_csv_list(const struct host *host, unsigned field, struct buf *text)
{
    if (field == ROW_LABELS) {
        for (size_t i = 0; i < host->says.label_count; i++) {
            buf_puts(text, i > 0 ? ";" : "");
            buf_puts(text, host->says.labels[i]);
        }
        return;
    }
    for (enum host_flag flag = 0; flag < FLAG_COUNT; flag++) {
        if (host->flags & 1u << flag) {
            buf_puts(text, text->len > 0 ? ";" : "");
            buf_puts(text, hosts_flag_name(flag));
        }
    }
}

/* The field as one text. */
static void row_csv_text(const struct host *host, unsigned field, struct buf *text)
{
    if (field == ROW_LABELS || field == ROW_FLAGS) {
        row_csv_list(host, field, text);
    } else if (field == ROW_STATE) {
        buf_puts(text, states_name(host->state));
    } else if (field == ROW_IP || field == ROW_HOSTNAME) {
        buf_puts(text, field == ROW_IP ? host->ip.text : hosts_name(host));
    } else if (field == ROW_LAST_SEEN && host->report) {
        char time[CLOCK_TIME_LEN + 1];
        clock_rfc3339(host->report->received_ms, time);
        buf_puts(text, time);
    } else if (fields[field].fact < FACT_COUNT && host->report &&
               host->report->fact[fields[field].fact].ptr) {
        buf_add(text, host->report->fact[fields[field].fact].ptr,
                host->report->fact[fields[field].fact].len);
    } else if (fields[field].fact == FACT_COUNT && host->report) {
        buf_u64(text, (uint64_t)row_number(host, field));
    }
}

static void row_csv_beats(const struct host *host, unsigned field, const struct beats *beats,
                          struct buf *text)
{
    char time[CLOCK_TIME_LEN + 1];
    if (field == ROW_FIRST_SEEN && beats->first_seen >= 0) {
        clock_rfc3339(beats->first_seen, time);
        buf_puts(text, time);
    } else if (field == ROW_MISSED && host->report) {
        buf_u64(text, beats->missed);
    } else if (field == ROW_DAY && host->report) {
        for (int i = 0; i < BEATS_HOURS; i++)
            buf_puts_u64(text, i > 0 ? ";" : "", beats->hours[i]);
    }
}

void row_put_csv(const struct row_choice *c, const struct host *host, struct query *q,
                 struct buf *out)
{
    struct buf text;
    struct beats beats;
    const char *between = "";
    row_read_beats(c, host, q, &beats);
    buf_init(&text, 64 * 1024);
    for (unsigned field = 0; field < ROW_FIELDS; field++) {
        if (!(c->fields >> field & 1))
            continue;
        buf_reset(&text);
        if (field >= ROW_FIRST_SEEN)
            row_csv_beats(host, field, &beats, &text);
        else if (field == ROW_FAILS)
            row_add_fails(q, host, ";", &text);
        else
            row_csv_text(host, field, &text);
        buf_puts(out, between);
        cell_put(out, (struct text){text.data, text.len});
        between = ",";
    }
    buf_puts(out, "\r\n");
    buf_release(&text);
}
