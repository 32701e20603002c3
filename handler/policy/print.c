#include "handler/policy/print.h"

#include "handler/shared/json/write.h"

#include <stdio.h>

enum { PRINT_BYTES_MAX = 1 << 30, PRINT_CELL = 80 };

static const char *const formats[] = {"text", "json", "junit"};

bool print_format_find(const char *name, enum print_format *format)
{
    for (*format = PRINT_TEXT; *format <= PRINT_JUNIT; ++*format)
        if (strcmp(name, formats[*format]) == 0)
            return true;
    return false;
}

static enum judge_state print_state(const struct print *p, size_t host, size_t rule)
{
    return (enum judge_state)p->states[host * p->policy->count + rule];
}

static void print_count(const struct print *p, size_t rule, size_t counts[JUDGE_STATES])
{
    memset(counts, 0, JUDGE_STATES * sizeof *counts);
    for (size_t i = 0; i < p->hosts->count; i++)
        counts[print_state(p, i, rule)]++;
}

/* Reads the evidence of a failed rule again. False: the record has changed since. */
static bool print_evidence(struct print *p, size_t host, size_t rule, struct judge_evidence *e)
{
    const struct host *h = &p->hosts->list[host];
    return judge_read(&p->judge, p->data, h) &&
           judge_rule(&p->judge, &p->policy->rules[rule], h, e) == JUDGE_FAIL;
}

/* ---- text */

/* Bytes that a terminal could take for something else become '?'. */
static void print_plain(struct buf *out, struct text text, size_t max)
{
    for (size_t i = 0; i < text.len && i < max; i++)
        buf_putc(out, text.ptr[i] >= ' ' && text.ptr[i] < 0x7f ? text.ptr[i] : '?');
    if (text.len > max)
        buf_puts(out, "...");
}

static void print_found(const struct judge_evidence *e, struct buf *out)
{
    size_t shown = e->processes + e->sockets + e->users;
    if (*e->found) {
        buf_puts(out, "      has ");
        buf_puts(out, e->found);
        buf_putc(out, '\n');
    }
    for (size_t i = 0; i < e->processes; i++) {
        const struct text *c = e->process[i]->column;
        buf_puts(out, "      pid ");
        print_plain(out, c[COL_PID], PRINT_CELL);
        buf_puts(out, " user ");
        print_plain(out, c[COL_USER], PRINT_CELL);
        buf_puts(out, ": ");
        print_plain(out, c[COL_CMD], PRINT_CELL);
        buf_putc(out, '\n');
    }
    for (size_t i = 0; i < e->sockets; i++) {
        buf_puts(out, "      listens on ");
        print_plain(out, e->socket[i]->proto, PRINT_CELL);
        buf_putc(out, ' ');
        print_plain(out, e->socket[i]->addr, PRINT_CELL);
        buf_puts(out, " port ");
        print_plain(out, e->socket[i]->port, PRINT_CELL);
        buf_putc(out, '\n');
    }
    for (size_t i = 0; i < e->users; i++) {
        buf_puts(out, "      user ");
        print_plain(out, e->user[i]->name, PRINT_CELL);
        buf_putc(out, '\n');
    }
    if (e->count > shown)
        buf_printf(out, "      and %zu more\n", e->count - shown);
}

static void print_text_host(struct print *p, size_t host, size_t rule, struct buf *out)
{
    const struct host *h = &p->hosts->list[host];
    enum judge_state state = print_state(p, host, rule);
    struct judge_evidence e;
    if (state != JUDGE_FAIL && state != JUDGE_UNKNOWN)
        return;
    buf_printf(out, "    %-7s  ", judge_state_name(state));
    buf_puts(out, *h->ip.text ? h->ip.text : "-");
    buf_puts(out, "  ");
    print_plain(out, text_of(hosts_name(h)), PRINT_CELL);
    buf_putc(out, '\n');
    if (state == JUDGE_FAIL && print_evidence(p, host, rule, &e))
        print_found(&e, out);
}

static void print_text(struct print *p, struct buf *out)
{
    size_t failed = 0;
    for (size_t r = 0; r < p->policy->count; r++) {
        const struct policy_rule *rule = &p->policy->rules[r];
        size_t counts[JUDGE_STATES];
        print_count(p, r, counts);
        failed += counts[JUDGE_FAIL] > 0;
        buf_printf(out, "%s  %s (%s): %zu pass, %zu fail, %zu unknown, %zu not applicable\n",
                   counts[JUDGE_FAIL] > 0 ? "FAIL" : "ok  ", rule->name,
                   policy_severity_name(rule->severity), counts[JUDGE_PASS], counts[JUDGE_FAIL],
                   counts[JUDGE_UNKNOWN], counts[JUDGE_NOT_APPLICABLE]);
        if (counts[JUDGE_FAIL] > 0) {
            buf_puts(out, "    why: ");
            buf_puts(out, rule->why);
            buf_puts(out, rule->fix ? "\n    fix: " : "");
            buf_puts(out, rule->fix ? rule->fix : "");
            buf_putc(out, '\n');
        }
        for (size_t h = 0; h < p->hosts->count; h++)
            print_text_host(p, h, r, out);
    }
    buf_printf(out, "%zu of %zu rule%s fail%s\n", failed, p->policy->count,
               text_plural(p->policy->count), failed == 1 ? "s" : "");
}

/* ---- JSON */

static void print_string(const char *name, const char *value, struct buf *out)
{
    jsonw_name(out, name);
    jsonw_str_or_null(out, value);
}

static void print_json_hosts(struct print *p, size_t rule, struct buf *out)
{
    const char *between = "\n";
    for (size_t i = 0; i < p->hosts->count; i++) {
        const struct host *h = &p->hosts->list[i];
        enum judge_state state = print_state(p, i, rule);
        if (state != JUDGE_FAIL && state != JUDGE_UNKNOWN)
            continue;
        buf_puts(out, between);
        between = ",\n";
        buf_putc(out, '{');
        print_string("ip", h->ip.text, out);
        buf_putc(out, ',');
        print_string("hostname", hosts_name(h), out);
        buf_putc(out, ',');
        bool read = state == JUDGE_FAIL && judge_read(&p->judge, p->data, h);
        judge_put_verdict(read ? &p->judge : NULL, &p->policy->rules[rule], h, state, out);
        buf_putc(out, '}');
    }
}

static void print_json(struct print *p, struct buf *out)
{
    buf_puts(out, "{\"rules\":[");
    for (size_t r = 0; r < p->policy->count; r++) {
        const struct policy_rule *rule = &p->policy->rules[r];
        size_t counts[JUDGE_STATES];
        print_count(p, r, counts);
        buf_puts(out, r > 0 ? ",\n{" : "\n{");
        print_string("name", rule->name, out);
        buf_putc(out, ',');
        print_string("severity", policy_severity_name(rule->severity), out);
        buf_putc(out, ',');
        print_string("why", rule->why, out);
        buf_putc(out, ',');
        print_string("fix", rule->fix, out);
        for (enum judge_state s = JUDGE_PASS; s < JUDGE_STATES; s++) {
            buf_putc(out, ',');
            jsonw_name(out, judge_state_name(s));
            buf_u64(out, counts[s]);
        }
        buf_puts(out, ",\"hosts\":[");
        print_json_hosts(p, r, out);
        buf_puts(out, "]}");
    }
    buf_puts(out, "\n]}\n");
}

/* ---- JUnit: a suite for each rule, a case for each host */

static void print_xml(struct buf *out, const char *text)
{
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '&' || c == '<' || c == '>' || c == '"' || c == '\'')
            buf_printf(out, "&#%d;", c);
        else
            buf_putc(out, c >= ' ' && c < 0x7f ? *text : c == '\n' ? '\n' : '?');
    }
}

static void print_junit_case(struct print *p, size_t host, size_t rule, struct buf *out)
{
    const struct host *h = &p->hosts->list[host];
    const struct policy_rule *r = &p->policy->rules[rule];
    enum judge_state state = print_state(p, host, rule);
    struct judge_evidence e;
    struct buf found;
    if (state == JUDGE_NOT_APPLICABLE)
        return;
    buf_puts(out, "    <testcase classname=\"");
    print_xml(out, r->name);
    buf_puts(out, "\" name=\"");
    print_xml(out, *h->ip.text ? h->ip.text : hosts_name(h));
    buf_puts(out, "\">");
    if (state == JUDGE_UNKNOWN)
        buf_puts(out, "<skipped message=\"unknown\"/>");
    if (state == JUDGE_FAIL) {
        buf_init(&found, PRINT_BYTES_MAX);
        buf_puts(out, "<failure message=\"");
        print_xml(out, r->why);
        buf_puts(out, "\">");
        if (print_evidence(p, host, rule, &e))
            print_found(&e, &found);
        print_xml(out, buf_str(&found) ? found.data : "");
        buf_puts(out, "</failure>");
        buf_release(&found);
    }
    buf_puts(out, "</testcase>\n");
}

static void print_junit(struct print *p, struct buf *out)
{
    buf_puts(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n");
    for (size_t r = 0; r < p->policy->count; r++) {
        size_t counts[JUDGE_STATES];
        print_count(p, r, counts);
        buf_puts(out, "  <testsuite name=\"");
        print_xml(out, p->policy->rules[r].name);
        buf_printf(out, "\" tests=\"%zu\" failures=\"%zu\" skipped=\"%zu\">\n",
                   counts[JUDGE_PASS] + counts[JUDGE_FAIL] + counts[JUDGE_UNKNOWN],
                   counts[JUDGE_FAIL], counts[JUDGE_UNKNOWN]);
        for (size_t h = 0; h < p->hosts->count; h++)
            print_junit_case(p, h, r, out);
        buf_puts(out, "  </testsuite>\n");
    }
    buf_puts(out, "</testsuites>\n");
}

bool print_all(struct print *p)
{
    struct buf out;
    buf_init(&out, PRINT_BYTES_MAX);
    if (p->format == PRINT_TEXT)
        print_text(p, &out);
    else if (p->format == PRINT_JSON)
        print_json(p, &out);
    else
        print_junit(p, &out);
    bool ok = !out.failed && fwrite(out.data, 1, out.len, stdout) == out.len;
    buf_release(&out);
    return ok;
}
