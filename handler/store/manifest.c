#include "handler/store/manifest.h"

#include "handler/shared/json/gate.h"
#include "handler/shared/json/write.h"
#include "handler/shared/text.h"
#include "handler/shared/vec.h"
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
    struct manifest_entry *entries = vec_grow(m->entries, m->count, &m->room, sizeof *entries);
    if (!entries)
        return false;
    m->entries = entries;
    m->entries[m->count++] = *e;
    return true;
}

static int entry_order(const void *a, const void *b)
{
    const struct manifest_entry *x = a, *y = b;
    return strcmp(x->name, y->name);
}

void manifest_sort(struct manifest *m)
{
    if (m->count > 0)
        qsort(m->entries, m->count, sizeof *m->entries, entry_order);
}

static int entry_order_of(const void *name, const void *entry)
{
    return strcmp(name, ((const struct manifest_entry *)entry)->name);
}

const struct manifest_entry *manifest_find(const struct manifest *m, const char *name)
{
    if (m->count == 0)
        return NULL;
    return bsearch(name, m->entries, m->count, sizeof *m->entries, entry_order_of);
}

/* ---- writing */

static void write_number(struct buf *b, const char *name, uint64_t n)
{
    buf_putc(b, ',');
    jsonw_name(b, name);
    buf_u64(b, n);
}

static void write_text(struct buf *b, const char *name, const char *text)
{
    buf_putc(b, ',');
    jsonw_name(b, name);
    jsonw_str(b, text);
}

static void write_entry(struct buf *b, const struct manifest_entry *e)
{
    buf_putc(b, '{');
    jsonw_name(b, "name");
    jsonw_str(b, e->name);
    write_number(b, "size", e->size);
    write_text(b, "sha256", e->sha256);
    write_number(b, "gzip_size", e->gzip_size);
    write_text(b, "gzip_sha256", e->gzip_sha256);
    if (e->chain[0]) {
        write_number(b, "seq", e->seq);
        write_text(b, "chain", e->chain);
    }
    buf_putc(b, '}');
}

void manifest_write(const struct manifest *m, struct buf *out)
{
    buf_puts(out, "{\"rollcall_manifest\":1");
    write_text(out, "branch", m->branch);
    write_text(out, "date", m->date);
    buf_printf(out, ",\"whole\":%s" FILES "\n", m->whole ? "true" : "false");
    for (size_t i = 0; i < m->count; i++) {
        write_entry(out, &m->entries[i]);
        buf_puts(out, i + 1 < m->count ? ",\n" : "\n");
    }
    buf_puts(out, "]}\n");
}

/* ---- reading */

/* The text that is being read, line by line. */
struct reading {
    struct manifest *m;
    char *at, *end;
    char *line; /* with NUL in place of its newline */
    size_t len;
    struct json_doc doc; /* of that line */
};

/* Goes to the next line; false at the end, and for a line without a newline. */
static bool read_line(struct reading *r)
{
    char *newline = r->at < r->end ? memchr(r->at, '\n', (size_t)(r->end - r->at)) : NULL;
    if (!newline)
        return false;
    *newline = '\0';
    r->line = r->at;
    r->len = (size_t)(newline - r->at);
    r->at = newline + 1;
    return true;
}

static bool read_object(struct reading *r)
{
    struct json_fault fault;
    return json_gate(r->line, r->len, &r->doc, &fault) && json_is_object(r->doc.text);
}

static bool read_member(const struct reading *r, const char *name, struct text *value)
{
    for (size_t i = 0; i < r->doc.member_count && i < JSON_MAX_MEMBERS; i++) {
        *value = r->doc.members[i].value;
        if (json_name_is(r->doc.members[i].name, name))
            return true;
    }
    return false;
}

/* The text of a member, if it fits `out` with the quotes. */
static bool read_text(const struct reading *r, const char *name, char *out, size_t size)
{
    struct text v;
    if (!read_member(r, name, &v) || !json_is_string(v) || v.len > size || json_has_nul(v))
        return false;
    out[json_unescape(v, out)] = '\0';
    return true;
}

static bool read_number(const struct reading *r, const char *name, uint64_t *out)
{
    struct text v;
    return read_member(r, name, &v) && text_number(v, out);
}

static bool read_sum(const struct reading *r, const char *name, char out[DIGEST_HEX_LEN + 1])
{
    unsigned char sum[DIGEST_LEN];
    return read_text(r, name, out, DIGEST_HEX_LEN + 2) && strlen(out) == DIGEST_HEX_LEN &&
           digest_from_hex(out, sum);
}

static bool is_ours(const struct manifest *m, const char *name)
{
    struct layout_name parsed;
    if (strcmp(m->branch, LAYOUT_RECORD) == 0)
        return layout_is_listing(name);
    return (layout_parse(name, LAYOUT_JSON, &parsed) || layout_parse(name, LAYOUT_CSV, &parsed)) &&
           strcmp(parsed.date, m->date) == 0;
}

static enum manifest_result read_entry(struct reading *r)
{
    struct manifest_entry e = {.size = 0};
    bool chained = strcmp(r->m->branch, LAYOUT_DATA) == 0;
    if (r->len > 0 && r->line[r->len - 1] == ',')
        r->line[--r->len] = '\0';
    bool ok = read_object(r) && read_text(r, "name", e.name, sizeof e.name) &&
              is_ours(r->m, e.name) && read_number(r, "size", &e.size) &&
              read_sum(r, "sha256", e.sha256) && read_number(r, "gzip_size", &e.gzip_size) &&
              read_sum(r, "gzip_sha256", e.gzip_sha256) &&
              (!chained || (read_number(r, "seq", &e.seq) && read_sum(r, "chain", e.chain)));
    if (!ok)
        return MANIFEST_BAD_LINE;
    return manifest_add(r->m, &e) ? MANIFEST_OK : MANIFEST_NO_MEMORY;
}

/* {"rollcall_manifest":1,...,"files":[ */
static bool read_head(struct reading *r)
{
    char branch[16], date[CLOCK_DATE_LEN + 2];
    uint64_t version;
    size_t tail = sizeof FILES - 1;
    if (!read_line(r) || r->len <= tail || strcmp(r->line + r->len - tail, FILES) != 0)
        return false;
    r->m->whole = strstr(r->line, ",\"whole\":true") != NULL;
    r->len -= tail;
    r->line[r->len++] = '}';
    r->line[r->len] = '\0';
    return read_object(r) && read_number(r, "rollcall_manifest", &version) && version == 1 &&
           read_text(r, "branch", branch, sizeof branch) && strcmp(branch, r->m->branch) == 0 &&
           read_text(r, "date", date, sizeof date) && strcmp(date, r->m->date) == 0;
}

enum manifest_result manifest_read(struct manifest *m, struct buf *text)
{
    struct reading r = {.m = m, .at = text->data, .end = text->data};
    if (text->len > 0)
        r.end += text->len;
    if (!read_head(&r))
        return MANIFEST_NOT_THIS_DAY;
    bool ended = false;
    while (!ended && read_line(&r)) {
        ended = strcmp(r.line, "]}") == 0;
        enum manifest_result result = ended ? MANIFEST_OK : read_entry(&r);
        if (result != MANIFEST_OK)
            return result;
    }
    if (!ended || r.at != r.end)
        return MANIFEST_TRUNCATED;
    manifest_sort(m);
    for (size_t i = 1; i < m->count; i++)
        if (strcmp(m->entries[i - 1].name, m->entries[i].name) == 0)
            return MANIFEST_TWICE;
    return MANIFEST_OK;
}

const char *manifest_explain(enum manifest_result result)
{
    static const char *const text[MANIFEST__MAX] = {
        [MANIFEST_OK] = "is complete",
        [MANIFEST_NOT_THIS_DAY] = "is not a manifest of this day",
        [MANIFEST_BAD_LINE] = "has a line that rollcall-archive does not write",
        [MANIFEST_TRUNCATED] = "is truncated",
        [MANIFEST_TWICE] = "names a file twice",
        [MANIFEST_NO_MEMORY] = "does not fit in memory",
    };
    return text[result];
}

void manifest_mark(const char *branch, const char *date, char out[MANIFEST_MARK_MAX])
{
    snprintf(out, MANIFEST_MARK_MAX, "archived/%.10s%s.json", date,
             strcmp(branch, LAYOUT_RECORD) == 0 ? ".listings" : "");
}
