#include "handler/store/manifest.h"

#include "handler/shared/json/gate.h"
#include "handler/shared/json/write.h"
#include "handler/store/layout.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FILES ",\"files\":["

void manifest_init(struct manifest *m, const char *branch, const char *date)
{
    *m = (struct manifest){.branch = branch};
    snprintf(m->date, sizeof m->date, "%s", date);
}

void manifest_release(struct manifest *m)
{
    free(m->entries);
    m->entries = NULL;
    m->count = m->room = 0;
}

bool manifest_add(struct manifest *m, const struct manifest_entry *e)
{
    if (m->count == m->room) {
        size_t room = m->room ? 2 * m->room : 16;
        struct manifest_entry *more = reallocarray(m->entries, room, sizeof *more);
        if (!more)
            return false;
        m->entries = more;
        m->room = room;
    }
    m->entries[m->count++] = *e;
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct manifest_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void manifest_sort(struct manifest *m)
{
    if (m->count > 0)
        qsort(m->entries, m->count, sizeof *m->entries, by_name);
}

static int name_of(const void *name, const void *entry)
{
    return strcmp(name, ((const struct manifest_entry *)entry)->name);
}

const struct manifest_entry *manifest_find(const struct manifest *m, const char *name)
{
    if (m->count == 0)
        return NULL;
    return bsearch(name, m->entries, m->count, sizeof *m->entries, name_of);
}

/* ---- out */

static void put_number(struct buf *b, const char *name, uint64_t n)
{
    buf_putc(b, ',');
    jsonw_name(b, name);
    buf_u64(b, n);
}

static void put_text(struct buf *b, const char *name, const char *text)
{
    buf_putc(b, ',');
    jsonw_name(b, name);
    jsonw_str(b, text);
}

static void put_entry(struct buf *b, const struct manifest_entry *e)
{
    buf_putc(b, '{');
    jsonw_name(b, "name");
    jsonw_str(b, e->name);
    put_number(b, "size", e->size);
    put_text(b, "sha256", e->sha256);
    put_number(b, "gzip_size", e->gzip_size);
    put_text(b, "gzip_sha256", e->gzip_sha256);
    if (e->chain[0]) {
        put_number(b, "seq", e->seq);
        put_text(b, "chain", e->chain);
    }
    buf_putc(b, '}');
}

void manifest_write(const struct manifest *m, struct buf *out)
{
    buf_puts(out, "{\"rollcall_manifest\":1");
    put_text(out, "branch", m->branch);
    put_text(out, "date", m->date);
    buf_printf(out, ",\"whole\":%s" FILES "\n", m->whole ? "true" : "false");
    for (size_t i = 0; i < m->count; i++) {
        put_entry(out, &m->entries[i]);
        buf_puts(out, i + 1 < m->count ? ",\n" : "\n");
    }
    buf_puts(out, "]}\n");
}

/* ---- in */

/* The next line of the text, NUL in place of its newline; NULL at the end. */
static char *next_line(char **at, const char *end, size_t *len)
{
    char *line = *at, *newline = line < end ? memchr(line, '\n', (size_t)(end - line)) : NULL;
    if (!newline)
        return NULL;
    *newline = '\0';
    *len = (size_t)(newline - line);
    *at = newline + 1;
    return line;
}

/* A member that is text: into `out`, which it must fit. */
static bool take_text(const struct json_doc *doc, const char *name, char *out, size_t size)
{
    for (size_t i = 0; i < doc->member_count && i < JSON_MAX_MEMBERS; i++) {
        const struct json_member *m = &doc->members[i];
        if (!json_name_is(m->name, name))
            continue;
        if (!json_is_string(m->value) || m->value.len > size || json_has_nul(m->value))
            return false;
        out[json_unescape(m->value, out)] = '\0';
        return true;
    }
    return false;
}

static bool take_number(const struct json_doc *doc, const char *name, uint64_t *out)
{
    for (size_t i = 0; i < doc->member_count && i < JSON_MAX_MEMBERS; i++) {
        const struct json_member *m = &doc->members[i];
        if (!json_name_is(m->name, name))
            continue;
        *out = 0;
        for (size_t k = 0; k < m->value.len; k++) {
            if (m->value.ptr[k] < '0' || m->value.ptr[k] > '9' || *out > (UINT64_MAX - 9) / 10)
                return false;
            *out = *out * 10 + (uint64_t)(m->value.ptr[k] - '0');
        }
        return m->value.len > 0;
    }
    return false;
}

static bool take_sum(const struct json_doc *doc, const char *name, char out[DIGEST_HEX_LEN + 1])
{
    unsigned char sum[DIGEST_LEN];
    return take_text(doc, name, out, DIGEST_HEX_LEN + 2) && strlen(out) == DIGEST_HEX_LEN &&
           digest_from_hex(out, sum);
}

static bool is_ours(const struct manifest *m, const char *name)
{
    struct layout_name parsed;
    if (strcmp(m->branch, "record") == 0)
        return layout_is_listing(name);
    return (layout_parse(name, ".json", &parsed) || layout_parse(name, ".csv", &parsed)) &&
           strcmp(parsed.date, m->date) == 0;
}

static bool read_entry(struct manifest *m, char *line, size_t len)
{
    struct json_doc doc;
    struct json_fault fault;
    struct manifest_entry e = {.size = 0};
    bool chained = strcmp(m->branch, "data") == 0;
    if (len > 0 && line[len - 1] == ',')
        line[--len] = '\0';
    return json_gate(line, len, &doc, &fault) && json_is_object(doc.text) &&
           take_text(&doc, "name", e.name, sizeof e.name) && is_ours(m, e.name) &&
           take_number(&doc, "size", &e.size) && take_sum(&doc, "sha256", e.sha256) &&
           take_number(&doc, "gzip_size", &e.gzip_size) &&
           take_sum(&doc, "gzip_sha256", e.gzip_sha256) &&
           (!chained || (take_number(&doc, "seq", &e.seq) && take_sum(&doc, "chain", e.chain))) &&
           manifest_add(m, &e);
}

/* {"rollcall_manifest":1,...,"files":[ */
static bool read_head(struct manifest *m, char *line, size_t len)
{
    struct json_doc doc;
    struct json_fault fault;
    char branch[16], date[CLOCK_DATE_LEN + 2];
    uint64_t version;
    size_t tail = sizeof FILES - 1;
    if (len <= tail || strcmp(line + len - tail, FILES) != 0)
        return false;
    m->whole = strstr(line, ",\"whole\":true") != NULL;
    line[len - tail] = '}';
    line[len - tail + 1] = '\0';
    return json_gate(line, len - tail + 1, &doc, &fault) && json_is_object(doc.text) &&
           take_number(&doc, "rollcall_manifest", &version) && version == 1 &&
           take_text(&doc, "branch", branch, sizeof branch) && strcmp(branch, m->branch) == 0 &&
           take_text(&doc, "date", date, sizeof date) && strcmp(date, m->date) == 0;
}

bool manifest_read(struct manifest *m, struct buf *text, const char **what)
{
    size_t len = 0;
    char *at = text->data, *line = text->len ? next_line(&at, text->data + text->len, &len) : NULL;
    *what = "it is no manifest of this day";
    if (!line || !read_head(m, line, len))
        return false;
    while ((line = next_line(&at, text->data + text->len, &len)) && strcmp(line, "]}") != 0) {
        *what = "a line of it is not as rollcall-archive writes it";
        if (!read_entry(m, line, len))
            return false;
    }
    *what = "its end is missing";
    if (!line || at != text->data + text->len)
        return false;
    manifest_sort(m);
    *what = "it names a file twice";
    for (size_t i = 1; i < m->count; i++)
        if (strcmp(m->entries[i - 1].name, m->entries[i].name) == 0)
            return false;
    return true;
}

void manifest_mark(const char *branch, const char *date, char out[MANIFEST_MARK_MAX])
{
    snprintf(out, MANIFEST_MARK_MAX, "archived/%.10s%s.json", date,
             strcmp(branch, "record") == 0 ? ".listings" : "");
}
