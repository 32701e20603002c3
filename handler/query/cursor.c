#include "handler/query/cursor.h"

#include "handler/shared/json/write.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum verdict cursor_bad(struct fault *f)
{
    return params_bad(f, "cursor", "expected the cursor of an answer with the same sort");
}

/* A text of a host, in letters, digits and ._- that need no escape anywhere; the rest is =XX. */
static void cursor_add_text(struct buf *out, const char *text)
{
    for (size_t i = 0; i < ROW_PLACE_MAX && text[i]; i++) {
        unsigned char c = (unsigned char)text[i];
        if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
            (c && strchr("._-", c)))
            buf_putc(out, (char)c);
        else
            buf_printf(out, "=%02x", c);
    }
}

/* Takes back cursor_add_text(), in place. */
static bool cursor_read_text(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        unsigned c = (unsigned char)*from;
        if (c == '=') {
            if (!isxdigit((unsigned char)from[1]) || !isxdigit((unsigned char)from[2]))
                return false;
            const char hex[] = {from[1], from[2], '\0'};
            c = (unsigned)strtoul(hex, NULL, 16);
            from += 2;
        }
        *to++ = (char)c;
    }
    *to = '\0';
    return true;
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
    return cursor_read_text(c->name) && cursor_read_text(c->machine) &&
           (!*ip || ip_parse(ip, &c->ip));
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

bool cursor_add(const struct cursor *c, const struct cursor_end *end, const struct hosts *hosts,
                struct buf *out)
{
    if (!end->rows_left && hosts->complete)
        return false;
    buf_puts(out, c->partial || !hosts->complete ? "~" : "");
    if (!end->rows_left) {
        buf_puts(out, hosts->reached.text);
        buf_puts(out, end->by_address ? "" : "@0");
    } else if (end->by_address) {
        const struct report *r = end->last->report;
        buf_puts(out, end->last->ip.text);
        buf_putc(out, ',');
        cursor_add_text(out, hosts_name(end->last));
        buf_putc(out, ',');
        if (r && r->fact[FACT_MACHINE_ID].ptr)
            cursor_add_text(out, r->fact[FACT_MACHINE_ID].ptr);
    } else {
        buf_puts(out, c->partial ? c->ip.text : "");
        buf_puts_u64(out, "@", end->next);
    }
    return true;
}

void cursor_put(const struct cursor *c, const struct cursor_end *end, const struct hosts *hosts,
                struct buf *out)
{
    struct buf text;
    buf_init(&text, 4096);
    if (cursor_add(c, end, hosts, &text)) {
        buf_puts(out, ",\"cursor\":");
        jsonw_string(out, text.data, text.len);
    }
    buf_release(&text);
}
