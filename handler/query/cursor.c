#include "handler/query/cursor.h"

#include "handler/shared/json/write.h"

#include <stdio.h>
#include <string.h>

static enum verdict cursor_bad(struct fault *f)
{
    return params_bad(f, "cursor", "expected the cursor of an answer with the same sort");
}

/* "ip,hostname,machine_id" */
static bool cursor_read_row(struct cursor *c, const char *text)
{
    char ip[IP_TEXT_LEN];
    const char *name = strchr(text, ','), *machine = strrchr(text, ',');
    if (!name || machine == name || (size_t)(name - text) >= sizeof ip ||
        (size_t)(machine - name) > sizeof c->name || strlen(machine) > sizeof c->machine)
        return false;
    snprintf(ip, sizeof ip, "%.*s", (int)(name - text), text);
    snprintf(c->name, sizeof c->name, "%.*s", (int)(machine - name - 1), name + 1);
    snprintf(c->machine, sizeof c->machine, "%s", machine + 1);
    c->row = true;
    return !*ip || ip_parse(ip, &c->ip);
}

/* "ip@rows" */
static bool cursor_read_count(struct cursor *c, const char *text)
{
    char ip[IP_TEXT_LEN];
    const char *at = strchr(text, '@');
    if (!at || (size_t)(at - text) >= sizeof ip || (!c->partial && at > text))
        return false;
    snprintf(ip, sizeof ip, "%.*s", (int)(at - text), text);
    return text_number(text_of(at + 1), &c->skip) && (!*ip || ip_parse(ip, &c->ip));
}

enum verdict cursor_read(struct cursor *c, const char *text, bool by_address, struct fault *f)
{
    memset(c, 0, sizeof *c);
    if (!text)
        return V_OK;
    c->partial = *text == '~';
    text += c->partial;
    bool ok = !by_address                        ? cursor_read_count(c, text)
              : c->partial && !strchr(text, ',') ? ip_parse(text, &c->ip)
                                                 : cursor_read_row(c, text);
    return ok ? V_OK : cursor_bad(f);
}

size_t cursor_start(const struct cursor *c, const struct host *const *rows, size_t count)
{
    size_t start = 0;
    if (c->skip > 0)
        return c->skip < count ? (size_t)c->skip : count;
    while (c->row && start < count && row_after(rows[start], &c->ip, c->name, c->machine) <= 0)
        start++;
    return start;
}

void cursor_scan(const struct cursor *c, bool by_address, struct hosts_scan *scan)
{
    if (!c->partial || !*c->ip.text)
        return;
    scan->from = &c->ip;
    scan->from_too = by_address && c->row;
}

void cursor_put(const struct cursor *c, const struct cursor_end *end, const struct hosts *hosts,
                struct buf *out)
{
    struct buf text;
    if (!end->rows_left && hosts->complete)
        return;
    buf_init(&text, 4096);
    buf_puts(&text, c->partial || !hosts->complete ? "~" : "");
    if (!end->rows_left) {
        buf_puts(&text, hosts->reached.text);
        buf_puts(&text, end->by_address ? "" : "@0");
    } else if (end->by_address) {
        const struct report *r = end->last->report;
        buf_puts(&text, end->last->ip.text);
        buf_putc(&text, ',');
        buf_puts(&text, hosts_name(end->last));
        buf_putc(&text, ',');
        if (r && r->fact[FACT_MACHINE_ID].ptr)
            buf_puts(&text, r->fact[FACT_MACHINE_ID].ptr);
    } else {
        buf_puts(&text, c->partial ? c->ip.text : "");
        buf_puts_u64(&text, "@", end->next);
    }
    buf_puts(out, ",\"cursor\":");
    jsonw_string(out, text.data, text.len);
    buf_release(&text);
}
