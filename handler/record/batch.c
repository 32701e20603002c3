#include "handler/record/batch.h"

#include <string.h>

static const char no_time[] = "0000-00-00T00:00:00.000Z";

static struct entry *add_entry(struct batch *b, size_t *room)
{
    if (b->count == *room) {
        size_t more = *room ? *room * 2 : 1;
        struct entry *entries = arena_array(b->arena, more, sizeof *entries);
        if (!entries)
            return NULL;
        if (b->count)
            memcpy(entries, b->entries, b->count * sizeof *entries);
        b->entries = entries;
        *room = more;
    }
    return &b->entries[b->count++];
}

/* One record of `len` bytes at `text`, which is in b->body. */
static enum verdict parse_record(struct batch *b, struct entry *entry, char *text, size_t len,
                                 struct fault *f)
{
    const struct rows_origin from = {b->ip->text, no_time};
    struct rows *rows = b->builder;
    struct json_doc doc;
    struct json_fault wrong;
    struct record record;
    if (!json_notes_reserve(&rows->notes, len))
        return fault_memory(f);
    if (!json_gate_noting(text, len, &doc, &rows->notes, &wrong)) {
        f->offset = (long long)((size_t)(text - b->body) + wrong.offset);
        return fault_set(f, V_BAD_REQUEST, "invalid JSON at byte %lld: %s", f->offset, wrong.what);
    }
    enum verdict v = record_check(&doc, b->arena, &record, f);
    if (v != V_OK)
        return v;
    entry->text = record.text;
    entry->members = record.members;
    entry->member_count = record.member_count;
    entry->id = record.id;
    entry->rows_at = b->rows->len;
    v = rows_build(rows, &record, &from, b->rows, f);
    entry->count = rows->count;
    entry->rows_len = b->rows->len - entry->rows_at;
    return v;
}

static bool is_blank(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\r'))
        p++;
    return p == end;
}

static enum verdict parse_lines(struct batch *b, char *text, size_t len, struct fault *f)
{
    size_t room = 0;
    long number = 0;
    for (char *line = text, *end = text + len, *next; line < end; line = next) {
        char *newline = memchr(line, '\n', (size_t)(end - line));
        char *stop = newline ? newline : end;
        next = newline ? newline + 1 : end;
        number++;
        if (is_blank(line, stop))
            continue;
        struct entry *entry = add_entry(b, &room);
        if (!entry)
            return fault_memory(f);
        *stop = '\0'; /* required by the gate */
        enum verdict v = parse_record(b, entry, line, (size_t)(stop - line), f);
        if (v != V_OK) {
            f->line = number;
            return v;
        }
    }
    if (b->count == 0)
        return fault_set(f, V_BAD_REQUEST,
                         "no record in the body; expected one JSON object per line");
    return V_OK;
}

enum verdict batch_parse(struct batch *out, char *text, size_t len, bool ndjson, struct fault *f)
{
    size_t room = 0;
    out->body = text;
    out->count = 0;
    out->entries = NULL;
    buf_reset(out->rows);
    columns_put_header(out->rows);
    out->header_len = out->rows->len;
    if (ndjson)
        return parse_lines(out, text, len, f);
    struct entry *entry = add_entry(out, &room);
    if (!entry)
        return fault_memory(f);
    return parse_record(out, entry, text, len, f);
}
