#include "handler/record/rows.h"

#include "handler/record/pstable.h"
#include "handler/record/users.h"

#include <string.h>

enum {
    SCRATCH_MAX = 1 << 30
}; /* bounded by the body already; this is only the ceiling of ceilings */

void rows_init(struct rows *r)
{
    buf_init(&r->users, SCRATCH_MAX);
    buf_init(&r->prefix, SCRATCH_MAX);
    buf_init(&r->decoded, SCRATCH_MAX);
    json_notes_init(&r->notes, "processes");
    r->notes.key = process_key;
}

void rows_release(struct rows *r)
{
    rows_trim(r, 0);
}

void rows_trim(struct rows *r, size_t keep)
{
    buf_trim(&r->users, keep);
    buf_trim(&r->prefix, keep);
    buf_trim(&r->decoded, keep);
    json_notes_trim(&r->notes, keep);
}

static void put_row_end(struct buf *out)
{
    buf_add(out, "\r\n", 2);
}

/* Appends a decoded string (ptr NULL: absent) to `decoded`, which has room. */
static struct text decode(struct text quoted, struct buf *decoded)
{
    if (!quoted.ptr)
        return (struct text){NULL, 0};
    char *at = decoded->data + decoded->len;
    size_t len = json_unescape(quoted, at);
    decoded->len += len;
    return (struct text){at, len};
}

/* The columns that are the same in each row of a record, quoted once, with a comma after them. */
static enum verdict make_prefix(struct rows *r, const struct record *record,
                                const struct rows_origin *from, struct fault *f)
{
    enum verdict v = users_join(record->users, &r->users, &r->decoded, &r->count.users, f);
    if (v != V_OK)
        return v;
    buf_reset(&r->decoded);
    if (!buf_reserve(&r->decoded, record->hostname.len + record->processor.len +
                                      record->os_name.len + record->os_ver.len))
        return fault_memory(f);
    const struct text columns[HOST_COUNT] = {
        [HOST_RECEIVED_AT] = {from->received_at, CLOCK_TIME_LEN},
        [HOST_CLIENT_IP] = text_of(from->client_ip),
        [HOST_HOSTNAME] = decode(record->hostname, &r->decoded),
        [HOST_PROCESSOR] = decode(record->processor, &r->decoded),
        [HOST_OS_NAME] = decode(record->os_name, &r->decoded),
        [HOST_OS_VER] = decode(record->os_ver, &r->decoded),
        [HOST_USERS] = {r->users.data, r->users.len},
    };
    static const bool plain[HOST_COUNT] = {[HOST_RECEIVED_AT] = true, [HOST_CLIENT_IP] = true};
    struct buf *out = &r->prefix;
    buf_reset(out);
    cells_put(out, columns, plain, HOST_COUNT);
    buf_putc(out, ',');
    return out->failed ? fault_memory(f) : V_OK;
}

static void put_row(const struct rows *r, const struct process *p, struct buf *out)
{
    buf_add(out, r->prefix.data, r->prefix.len);
    cells_put(out, p->column, p->plain, COL_COUNT);
    put_row_end(out);
}

static enum verdict too_many(const struct buf *out, struct fault *f)
{
    if (!out->full)
        return fault_memory(f);
    return fault_field(f, "processes",
                       "the CSV rows of \"processes\" would be longer than %zu bytes", out->max);
}

static enum verdict put_array(struct rows *r, const struct record *record, struct buf *out,
                              struct fault *f)
{
    struct json_noted all = json_noted_begin(record->notes);
    struct process_element e = {.index = 0};
    /* Decoded texts are never longer than the JSON: one reservation, and no pointer moves. */
    buf_reset(&r->decoded);
    if (!buf_reserve(&r->decoded, record->processes.len))
        return fault_memory(f);
    for (; json_noted_element(&all, &e.json, &e.members); e.index++) {
        struct process p;
        enum verdict v = process_from_json(&e, &p, &r->decoded, f);
        if (v != V_OK)
            return v;
        put_row(r, &p, out);
        if (out->failed)
            return too_many(out, f);
    }
    r->count.processes = e.index;
    return V_OK;
}

static enum verdict put_table(struct rows *r, struct text processes, struct buf *out,
                              struct fault *f)
{
    buf_reset(&r->decoded);
    if (!buf_reserve(&r->decoded, processes.len))
        return fault_memory(f);
    struct text text = {r->decoded.data, json_unescape(processes, r->decoded.data)};
    struct table table;
    struct process p;
    char rss[BUF_DIGITS];
    table_begin(&table, text);
    for (r->count.processes = 0; table_next(&table, &p, rss); r->count.processes++) {
        put_row(r, &p, out);
        if (out->failed)
            return too_many(out, f);
    }
    return V_OK;
}

enum verdict rows_build(struct rows *r, const struct record *record, const struct rows_origin *from,
                        struct buf *out, struct fault *f)
{
    enum verdict v = make_prefix(r, record, from, f);
    if (v != V_OK)
        return v;
    v = json_is_array(record->processes) ? put_array(r, record, out, f)
                                         : put_table(r, record->processes, out, f);
    if (v == V_OK && r->count.processes == 0) {
        struct process none = {0};
        put_row(r, &none, out);
        if (out->failed)
            return too_many(out, f);
    }
    return v;
}

void rows_stamp(char *rows, size_t len, const char received_at[CLOCK_TIME_LEN])
{
    for (char *end = rows + len; rows < end;) {
        memcpy(rows + 1, received_at, CLOCK_TIME_LEN); /* after the first field's quote */
        rows = (char *)memchr(rows, '\n', (size_t)(end - rows)) + 1;
    }
}
