/* tail: the backward reader against a whole parse, and files that end badly. */
#include "handler/read/tail.h"
#include "handler/shared/json/gate.h"
#include "tests/unit/unit.h"

enum { FILE_MAX = 4 << 20 };

static struct tail tail;
static struct buf file;

static int set_up(void **state)
{
    (void)state;
    tail_init(&tail);
    buf_init(&file, FILE_MAX);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tail_release(&tail);
    buf_release(&file);
    return 0;
}

/* Appends a line: `record` is an object, `left` lines follow. */
static void add_line(const char *record, size_t len, uint64_t seq, uint64_t left)
{
    struct trailer t = {.received_at = "2026-11-20T12:34:56.789Z",
                        .client_ip = "10.0.0.7",
                        .process_count = seq,
                        .seq = seq,
                        .left = left,
                        .line_start = file.len};
    memset(t.chain, 'a', DIGEST_HEX_LEN);
    buf_add(&file, record, len - 1); /* without the closing brace */
    trailer_open(&t, &file);
    trailer_close(&t, &file);
}

static enum tail_result open_tail(int *fd)
{
    *fd = unit_file(file.data ? file.data : "", file.len);
    return tail_open(&tail, *fd, (off_t)file.len);
}

/* ---- random hostile records */

static void put_string(struct buf *out, uint64_t *seed)
{
    static const char *const parts[] = {
        "a",
        "\\\"",
        "\\\\",
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\\u0022",
        "\\n",
        ",\\\"rollcall\\\":{",
        "\\\\\\\"",
        "\xc3\xbc",
        "null",
        "true",
        "\\u005c",
        " ",
        "x\\\",\\\"rollcall\\\":{\\\"received_at\\\":\\\"2026-11-20T12:34:56.789Z"};
    buf_putc(out, '"');
    for (size_t n = unit_below(seed, 12); n > 0; n--)
        buf_puts(out, parts[unit_below(seed, COUNT(parts))]);
    if (unit_below(seed, 40) == 0)
        for (size_t n = 1000 + unit_below(seed, 9000); n > 0; n--)
            buf_puts(out, unit_below(seed, 3) ? "b" : "\\\\");
    buf_putc(out, '"');
}

static void put_value(struct buf *out, uint64_t *seed, int depth)
{
    static const char *const plain[] = {
        "null", "true", "false", "0", "-1.5e+10", "12345678901234567890", "[]", "{}"};
    size_t kind = unit_below(seed, depth > 3 ? 2 : 4);
    if (kind == 0) {
        buf_puts(out, plain[unit_below(seed, COUNT(plain))]);
    } else if (kind == 1) {
        put_string(out, seed);
    } else {
        buf_putc(out, kind == 2 ? '[' : '{');
        for (size_t i = 0, n = unit_below(seed, 4); i < n; i++) {
            buf_puts(out, i > 0 ? "," : "");
            if (kind == 3) {
                put_string(out, seed);
                buf_putc(out, ':');
            }
            put_value(out, seed, depth + 1);
        }
        buf_putc(out, kind == 2 ? ']' : '}');
    }
}

static void put_record(struct buf *out, uint64_t *seed)
{
    buf_reset(out);
    buf_putc(out, '{');
    for (size_t i = 0, n = 1 + unit_below(seed, 8); i < n; i++) {
        buf_puts(out, i > 0 ? ",\"" : "\"");
        buf_u64(out, i);
        buf_puts(out, unit_below(seed, 2) ? "\\\"\\\\\":" : "\":");
        put_value(out, seed, 0);
    }
    buf_putc(out, '}');
}

/* The members of the current line, the last first, are those of `text`. */
static void members_are(const char *text, size_t len)
{
    static struct json_doc doc;
    struct json_fault fault;
    struct json_member got;
    char *copy = malloc(len + 1);
    memcpy(copy, text, len);
    copy[len] = '\0';
    assert_true(json_gate(copy, len, &doc, &fault));
    for (size_t i = doc.member_count; i-- > 0;) {
        assert_int_equal(tail_member(&tail, SIZE_MAX, &got), TAIL_OK);
        BYTES(got.name.ptr, got.name.len, doc.members[i].name.ptr, doc.members[i].name.len);
        BYTES(got.value.ptr, got.value.len, doc.members[i].value.ptr, doc.members[i].value.len);
    }
    assert_int_equal(tail_member(&tail, SIZE_MAX, &got), TAIL_END);
    free(copy);
}

/* Files of 40 lines: 2,500 of them, or as many as ROLLCALL_FILES says (25,000: a million lines). */
static void members_are_those_of_a_whole_parse(void **state)
{
    (void)state;
    enum { FILES = 2500, LINES = 40 };
    const char *more = getenv("ROLLCALL_FILES");
    long files = more ? strtol(more, NULL, 10) : FILES;
    struct buf record;
    struct buf records;
    size_t starts[LINES + 1];
    uint64_t seed = 3;
    buf_init(&record, FILE_MAX);
    buf_init(&records, FILE_MAX);
    for (long round = 0; round < files; round++) {
        int fd;
        buf_reset(&file);
        buf_reset(&records);
        for (uint64_t seq = 1; seq <= LINES; seq++) {
            put_record(&record, &seed);
            starts[seq - 1] = records.len;
            buf_add(&records, record.data, record.len);
            add_line(record.data, record.len, seq, 0);
        }
        starts[LINES] = records.len;
        assert_false(records.failed || file.failed);
        assert_int_equal(open_tail(&fd), TAIL_OK);
        for (uint64_t seq = LINES; seq > 0; seq--) {
            assert_int_equal(tail.line.seq, seq);
            members_are(records.data + starts[seq - 1], starts[seq] - starts[seq - 1]);
            assert_int_equal(tail_back(&tail), seq > 1 ? TAIL_OK : TAIL_END);
        }
        close(fd);
    }
    buf_release(&record);
    buf_release(&records);
}

/* ---- ends of files */

static void a_file_without_a_commit_has_no_line(void **state)
{
    (void)state;
    int fd;
    assert_int_equal(open_tail(&fd), TAIL_END);
    close(fd);
    buf_puts(&file, "{\"a\":1,");
    assert_int_equal(open_tail(&fd), TAIL_END);
    close(fd);
    buf_reset(&file);
    add_line("{\"a\":1}", 7, 1, 1); /* the second line of the batch is missing */
    assert_int_equal(open_tail(&fd), TAIL_END);
    close(fd);
}

static void what_follows_the_last_commit_is_skipped(void **state)
{
    (void)state;
    char nul[10000] = "";
    int fd;
    add_line("{\"a\":1}", 7, 1, 0);
    off_t commit = (off_t)file.len;
    add_line("{\"a\":2}", 7, 2, 2);
    add_line("{\"a\":3}", 7, 3, 1);
    buf_puts(&file, "{\"a\":4,\"torn");
    for (int round = 0; round < 3; round++) {
        assert_int_equal(open_tail(&fd), TAIL_OK);
        assert_int_equal(tail.line.seq, 1);
        assert_int_equal(tail.end, commit);
        assert_int_equal(tail.foreign, 0);
        close(fd);
        buf_add(&file, nul, sizeof nul);
    }
}

static void lines_that_are_not_ours_are_counted(void **state)
{
    (void)state;
    int fd;
    add_line("{\"a\":1}", 7, 1, 0);
    buf_puts(&file, "hello\nworld\n");
    assert_int_equal(open_tail(&fd), TAIL_OK);
    assert_int_equal(tail.line.seq, 1);
    assert_int_equal(tail.foreign, 2);
    close(fd);
    buf_reset(&file);
    buf_puts(&file, "hello\nworld\n");
    assert_int_equal(open_tail(&fd), TAIL_UNREADABLE);
    close(fd);
}

static void back_leads_to_each_line_before(void **state)
{
    (void)state;
    char record[8000];
    int fd;
    for (uint64_t seq = 1; seq <= 50; seq++) {
        int len =
            snprintf(record, sizeof record, "{\"pad\":\"%0*d\"}", (int)(seq % 7) * 1000 + 1, 0);
        add_line(record, (size_t)len, seq, 0);
    }
    assert_int_equal(open_tail(&fd), TAIL_OK);
    for (uint64_t seq = 50; seq > 1; seq--) {
        struct text line;
        assert_int_equal(tail.line.seq, seq);
        if (seq % 3 == 0) {
            assert_int_equal(tail_line(&tail, &line), TAIL_OK);
            BYTES(line.ptr, line.len, file.data + tail.line.line_start,
                  (size_t)tail.end - tail.line.line_start - 1);
        }
        assert_int_equal(tail_back(&tail), TAIL_OK);
    }
    assert_int_equal(tail_back(&tail), TAIL_END);
    close(fd);
}

static void a_file_that_shrinks_is_unreadable(void **state)
{
    (void)state;
    char record[20000];
    int fd;
    for (uint64_t seq = 1; seq <= 3; seq++) {
        int len = snprintf(record, sizeof record, "{\"pad\":\"%0*d\"}", 15000, 0);
        add_line(record, (size_t)len, seq, 0);
    }
    assert_int_equal(open_tail(&fd), TAIL_OK);
    assert_int_equal(ftruncate(fd, 100), 0);
    assert_int_equal(tail_back(&tail), TAIL_UNREADABLE);
    assert_int_equal(tail_open(&tail, fd, (off_t)file.len), TAIL_UNREADABLE);
    close(fd);
}

static void a_large_member_is_not_read_unless_asked_for(void **state)
{
    (void)state;
    char record[20000];
    struct json_member got;
    int fd, len = snprintf(record, sizeof record, "{\"big\":\"%0*d\",\"small\":1}", 15000, 0);
    add_line(record, (size_t)len, 1, 0);
    assert_int_equal(open_tail(&fd), TAIL_OK);
    assert_int_equal(tail_member(&tail, 1024, &got), TAIL_OK);
    assert_int_equal(tail_member(&tail, 1024, &got), TAIL_LARGE);
    assert_int_equal(tail_member(&tail, SIZE_MAX, &got), TAIL_OK);
    assert_int_equal(got.value.len, 15002);
    close(fd);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(members_are_those_of_a_whole_parse),
        TEST(a_file_without_a_commit_has_no_line),
        TEST(what_follows_the_last_commit_is_skipped),
        TEST(lines_that_are_not_ours_are_counted),
        TEST(back_leads_to_each_line_before),
        TEST(a_file_that_shrinks_is_unreadable),
        TEST(a_large_member_is_not_read_unless_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
