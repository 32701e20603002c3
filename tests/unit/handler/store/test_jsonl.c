/* jsonl: a file's lines from the start and from the end, and the records that they hold. */
#include "tests/unit/handler/made.h"

#include "handler/store/jsonl.h"

#include <errno.h>

static struct jsonl_back b;

/* Steps back over the whole file; every line must come, once, in order. */
static void step_back_over(const struct made *m)
{
    int fd = made_fd(m);
    uint64_t seq = m->last.seq;
    enum jsonl_result got = jsonl_last(&b, fd, (off_t)m->file.len);
    for (; got == JSONL_LINE; got = jsonl_prev(&b), seq--) {
        assert_int_equal(b.line.seq, seq);
        assert_int_equal(b.line.line_start, m->starts[seq - 1]);
        assert_true(b.line.line_start < (uint64_t)b.end);
    }
    assert_int_equal(got, JSONL_END);
    assert_int_equal(seq, 0);
    close(fd);
}

static void lines_of_one_size(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 100, 200, 512, 3700, 4096, 16000, 16384, 70000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct made m;
        made_begin(&m);
        for (int n = 0; n < 60; n++)
            made_line(&m, sizes[i], 0);
        step_back_over(&m);
        made_end(&m);
    }
}

/* Sizes around each edge of the windows, beside small ones. */
static void window_edges(void **state)
{
    (void)state;
    static const size_t edges[] = {TRAILER_MAX, JSONL_FIRST, JSONL_WINDOW};
    for (size_t i = 0; i < COUNT(edges); i++)
        for (size_t size = edges[i] - 320; size < edges[i] + 8; size++) {
            struct made m;
            made_begin(&m);
            made_line(&m, size, 0);
            made_line(&m, 10, 0);
            made_line(&m, size, 0);
            made_line(&m, size + 1, 0);
            step_back_over(&m);
            made_end(&m);
        }
}

static void random_sizes(void **state)
{
    (void)state;
    uint64_t seed = 99;
    for (int round = 0; round < 60; round++) {
        struct made m;
        made_begin(&m);
        for (int n = 0; n < 100; n++) {
            static const size_t scales[] = {100, 600, 5000, 20000};
            made_line(&m, unit_below(&seed, scales[unit_below(&seed, 4)]), 0);
        }
        step_back_over(&m);
        made_end(&m);
    }
}

static void many_small_lines(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    for (int n = 0; n < 4000; n++)
        made_line(&m, 5, 0);
    step_back_over(&m);
    made_end(&m);
}

static void one_huge_line(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_line(&m, 20 << 20, 0);
    made_line(&m, 3 << 20, 0);
    step_back_over(&m);
    made_end(&m);
}

static void not_ours(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_line(&m, 10, 0);
    int fd = made_fd(&m);
    assert_int_equal(jsonl_last(&b, fd, (off_t)m.file.len + 1),
                     JSONL_NOT_OURS); /* shorter than it was */
    assert_int_equal(jsonl_last(&b, fd, (off_t)m.file.len - 1), JSONL_NOT_OURS);
    close(fd);
    assert_int_equal(jsonl_last(&b, fd, 100), JSONL_FAILED);
    assert_int_equal(errno, EBADF);
    made_end(&m);
}

/* A line that says it starts after its own end would make a loop endless. */
static void line_start_beyond_the_end(void **state)
{
    (void)state;
    struct made m;
    struct trailer line;
    made_begin(&m);
    m.last.seq = 1;
    made_line(&m, 10, 0);
    char *from = memmem(m.file.data, m.file.len, "\"line_start\":0", 14);
    assert_non_null(from);
    from[13] = '9';
    int fd = made_fd(&m);
    assert_int_equal(jsonl_last(&b, fd, (off_t)m.file.len), JSONL_LINE); /* 9 is within it */
    close(fd);
    buf_reset(&m.file);
    line = m.last;
    line.line_start = 400;
    buf_puts(&m.file, "{\"a\":1");
    trailer_open(&line, &m.file);
    trailer_close(&line, &m.file);
    fd = made_fd(&m);
    assert_true(m.file.len < 400);
    assert_int_equal(jsonl_last(&b, fd, (off_t)m.file.len), JSONL_NOT_OURS);
    close(fd);
    made_end(&m);
}

static void whole_files(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 100, 262144 - 300, 262144, 700000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct made m;
        struct jsonl r;
        uint64_t n = 0;
        made_begin(&m);
        for (int k = 0; k < 7; k++)
            made_line(&m, k % 2 ? 10 : sizes[i], 0);
        int fd = made_fd(&m);
        jsonl_begin(&r, fd, 0, (off_t)m.file.len);
        for (; jsonl_next(&r) == JSONL_LINE; n++) {
            size_t start = m.starts[n], end = n + 1 < m.last.seq ? m.starts[n + 1] : m.file.len;
            assert_int_equal(r.start, start);
            BYTES(r.bytes, r.len, m.file.data + start, end - start);
            memset(r.bytes, 'x', r.len); /* may be written to */
        }
        assert_int_equal(n, 7);
        assert_int_equal(jsonl_next(&r), JSONL_END);
        jsonl_release(&r);
        close(fd);
        made_end(&m);
    }
}

static void from_the_middle_to_the_middle(void **state)
{
    (void)state;
    struct jsonl r;
    int fd = unit_file("one\ntwo\nthree\nfour", 18);
    jsonl_begin(&r, fd, 4, 14);
    assert_int_equal(jsonl_next(&r), JSONL_LINE);
    BYTES(r.bytes, r.len, "two\n", 4);
    assert_int_equal(r.start, 4);
    assert_int_equal(jsonl_next(&r), JSONL_LINE);
    BYTES(r.bytes, r.len, "three\n", 6);
    assert_int_equal(jsonl_next(&r), JSONL_END);
    jsonl_release(&r);
    jsonl_begin(&r, fd, 8, 18);
    assert_int_equal(jsonl_next(&r), JSONL_LINE);
    assert_int_equal(jsonl_next(&r), JSONL_TORN);
    assert_int_equal(r.start, 14);
    jsonl_release(&r);
    jsonl_begin(&r, fd, 14, 5000); /* shorter than it was */
    assert_int_equal(jsonl_next(&r), JSONL_TORN);
    jsonl_release(&r);
    jsonl_begin(&r, fd, 0, 0);
    assert_int_equal(jsonl_next(&r), JSONL_END);
    jsonl_release(&r);
    close(fd);
    jsonl_begin(&r, fd, 0, 10);
    assert_int_equal(jsonl_next(&r), JSONL_FAILED);
    assert_int_equal(errno, EBADF);
    jsonl_release(&r);
}

static void records_again(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text; /* up to the server's member */
        bool ok;
        size_t offset;
    } rows[] = {
        {__LINE__,
         "{\"id\":\"x\",\"processor\":\"\",\"os_name\":\"\",\"os_ver\":\"\",\"processes\":[],"
         "\"users\":[]",
         true, 0},
        {__LINE__, "{\"id\":01", false, 7},
        {__LINE__, "{\"id\":\"x\"", false, 0},
        {__LINE__, "x", false, 0},
        {__LINE__, "", false, 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char bytes[512];
        struct arena arena;
        struct jsonl_record got;
        struct json_notes notes;
        size_t tail = strlen(rows[i].text);
        snprintf(bytes, sizeof bytes, "%s,\"rollcall\":{}}\n", rows[i].text);
        arena_init(&arena, 1 << 16);
        json_notes_init(&notes, "processes");
        ROW_INT(&rows[i], jsonl_record(bytes, tail, &notes, &arena, &got), rows[i].ok);
        ROW_INT(&rows[i], got.offset, rows[i].offset);
        if (rows[i].ok)
            ROW_STR(&rows[i], got.record.id, "x");
        else
            ROW_TRUE(&rows[i], *got.fault.reason);
        json_notes_trim(&notes, 0);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_of_one_size),
        cmocka_unit_test(window_edges),
        cmocka_unit_test(random_sizes),
        cmocka_unit_test(many_small_lines),
        cmocka_unit_test(one_huge_line),
        cmocka_unit_test(not_ours),
        cmocka_unit_test(line_start_beyond_the_end),
        cmocka_unit_test(whole_files),
        cmocka_unit_test(from_the_middle_to_the_middle),
        cmocka_unit_test(records_again),
    };
    return cmocka_run_group_tests_name("jsonl", tests, NULL, NULL);
}
