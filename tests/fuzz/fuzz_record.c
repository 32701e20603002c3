/*
 * A body, all the way to its CSV rows. The rows parse through libcsv with the right number of
 * columns and hold no raw control character; each record, taken from its stored line again, makes
 * the same rows.
 *
 * The first byte of the input: odd for application/x-ndjson.
 */
#include "tests/fuzz/fuzz.h"

#include "handler/record/batch.h"
#include "handler/store/jsonl.h"

#include <csv.h>

enum { ROOM = 1 << 22 };

struct counted {
    size_t column, rows;
};

static void on_field(void *bytes, size_t len, void *to)
{
    const unsigned char *p = bytes;
    struct counted *c = to;
    for (size_t i = 0; i < len; i++) {
        CHECK(p[i] >= 0x20 && p[i] != 0x7f);
        CHECK(p[i] != 0xc2 || i + 1 == len || p[i + 1] >= 0xa0);
    }
    CHECK(len == 0 || !memchr("=+-@", *p, 4));
    c->column++;
}

static void on_row(int c, void *to)
{
    (void)c;
    struct counted *counted = to;
    CHECK(counted->column == COLUMNS_COUNT);
    counted->column = 0;
    counted->rows++;
}

static size_t count_rows(const char *bytes, size_t len)
{
    struct csv_parser parser;
    struct counted c = {0, 0};
    size_t newlines = 0;
    CHECK(csv_init(&parser, CSV_STRICT | CSV_STRICT_FINI) == 0);
    CHECK(csv_parse(&parser, bytes, len, on_field, on_row, &c) == len);
    CHECK(csv_fini(&parser, on_field, on_row, &c) == 0);
    csv_free(&parser);
    for (size_t i = 0; i < len; i++)
        newlines += bytes[i] == '\n';
    CHECK(newlines == c.rows && len >= 2 && memcmp(bytes + len - 2, "\r\n", 2) == 0);
    return c.rows;
}

/* The line as the store writes it, without the server's member. */
static char *stored(const struct entry *e, size_t *tail)
{
    struct buf b;
    buf_init(&b, ROOM);
    for (size_t i = 0; e->members && i < e->member_count; i++) {
        buf_putc(&b, i ? ',' : '{');
        buf_add(&b, e->members[i].ptr, e->members[i].len);
    }
    if (!e->members)
        buf_add(&b, e->text.ptr, e->text.len - 1);
    *tail = b.len;
    buf_puts(&b, "xx"); /* room for what jsonl_record() puts there */
    CHECK(!b.failed);
    char *copy = fuzz_copy(b.data, b.len);
    buf_release(&b);
    return copy;
}

static void check_entry(const struct batch *b, const struct entry *e, struct rows *rows)
{
    static const char time[] = "2026-11-20T12:34:56.789Z";
    struct arena arena;
    struct jsonl_record got;
    struct buf out;
    size_t tail;
    arena_init(&arena, ROOM);
    buf_init(&out, ROOM);
    char *line = stored(e, &tail);
    CHECK(!memchr(line, '\n', tail));
    CHECK(jsonl_record(line, tail, &rows->notes, &arena, &got));
    CHECK(!got.record.members); /* large ones are first already */
    CHECK((e->id == NULL) == (got.record.id == NULL) &&
          (!e->id || strcmp(e->id, got.record.id) == 0));
    const struct rows_origin from = {b->ip->text, time};
    CHECK(rows_build(rows, &got.record, &from, &out, &got.fault) == V_OK);
    const struct rows_count count = rows->count;
    CHECK(out.len == e->rows_len && memcmp(out.data, b->rows->data + e->rows_at, out.len) == 0);
    CHECK(count.processes == e->count.processes && count.users == e->count.users);
    CHECK(count_rows(out.data, out.len) == (count.processes ? count.processes : 1));
    free(line);
    buf_release(&out);
    arena_release(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char time[] = "2026-11-20T12:34:56.789Z";
    if (size == 0)
        return 0;
    struct ip ip;
    struct rows rows;
    struct arena arena;
    struct buf csv;
    struct fault f;
    CHECK(ip_parse("10.0.0.7", &ip));
    rows_init(&rows);
    arena_init(&arena, ROOM);
    buf_init(&csv, ROOM);
    fault_clear(&f);
    struct batch b = {.ip = &ip, .builder = &rows, .arena = &arena, .rows = &csv, .retry_ms = -1};
    char *text = fuzz_copy(data + 1, size - 1);
    enum verdict v = batch_parse(&b, text, size - 1, data[0] & 1, &f);
    if (v == V_OK) {
        CHECK(b.count > 0);
        rows_stamp(csv.data + b.header_len, csv.len - b.header_len, time);
        CHECK(count_rows(csv.data, csv.len) > b.count);
        for (size_t i = 0; i < b.count; i++)
            check_entry(&b, &b.entries[i], &rows);
    } else {
        CHECK(v == V_BAD_REQUEST || v == V_NOT_A_RECORD);
        CHECK(*f.reason && f.offset <= (long long)size - 1);
        CHECK(v != V_NOT_A_RECORD || f.offset == -1);
    }
    free(text);
    buf_release(&csv);
    arena_release(&arena);
    rows_release(&rows);
    return 0;
}
