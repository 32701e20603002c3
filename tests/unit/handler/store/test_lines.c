/* lines: a file's lines in order, and the records that they hold. */
#include "tests/unit/handler/made.h"

#include "handler/store/lines.h"

#include <errno.h>

static void whole_files(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 100, 262144 - 300, 262144, 700000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct made m;
        struct lines r;
        uint64_t n = 0;
        made_begin(&m);
        for (int k = 0; k < 7; k++)
            made_line(&m, k % 2 ? 10 : sizes[i], 0);
        int fd = made_fd(&m);
        lines_begin(&r, fd, 0, (off_t)m.file.len);
        for (; lines_next(&r) == LINES_ONE; n++) {
            size_t start = m.starts[n], end = n + 1 < m.last.seq ? m.starts[n + 1] : m.file.len;
            assert_int_equal(r.start, start);
            BYTES(r.bytes, r.len, m.file.data + start, end - start);
            memset(r.bytes, 'x', r.len); /* may be written to */
        }
        assert_int_equal(n, 7);
        assert_int_equal(lines_next(&r), LINES_END);
        lines_release(&r);
        close(fd);
        made_end(&m);
    }
}

static void from_the_middle_to_the_middle(void **state)
{
    (void)state;
    struct lines r;
    int fd = unit_file("one\ntwo\nthree\nfour", 18);
    lines_begin(&r, fd, 4, 14);
    assert_int_equal(lines_next(&r), LINES_ONE);
    BYTES(r.bytes, r.len, "two\n", 4);
    assert_int_equal(r.start, 4);
    assert_int_equal(lines_next(&r), LINES_ONE);
    BYTES(r.bytes, r.len, "three\n", 6);
    assert_int_equal(lines_next(&r), LINES_END);
    lines_release(&r);
    lines_begin(&r, fd, 8, 18);
    assert_int_equal(lines_next(&r), LINES_ONE);
    assert_int_equal(lines_next(&r), LINES_TORN);
    assert_int_equal(r.start, 14);
    lines_release(&r);
    lines_begin(&r, fd, 14, 5000); /* shorter than it was */
    assert_int_equal(lines_next(&r), LINES_TORN);
    lines_release(&r);
    lines_begin(&r, fd, 0, 0);
    assert_int_equal(lines_next(&r), LINES_END);
    lines_release(&r);
    close(fd);
    lines_begin(&r, fd, 0, 10);
    assert_int_equal(lines_next(&r), LINES_FAILED);
    assert_int_equal(errno, EBADF);
    lines_release(&r);
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
        struct record record;
        struct json_notes notes;
        struct fault f;
        size_t offset = 99, tail = strlen(rows[i].text);
        snprintf(bytes, sizeof bytes, "%s,\"rollcall\":{}}\n", rows[i].text);
        arena_init(&arena, 1 << 16);
        json_notes_init(&notes, "processes");
        fault_clear(&f);
        ROW_INT(&rows[i], lines_record(bytes, tail, &notes, &arena, &record, &offset, &f),
                rows[i].ok);
        ROW_INT(&rows[i], offset, rows[i].offset);
        if (rows[i].ok)
            ROW_STR(&rows[i], record.id, "x");
        else
            ROW_TRUE(&rows[i], *f.reason);
        json_notes_trim(&notes, 0);
        arena_release(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(whole_files),
        cmocka_unit_test(from_the_middle_to_the_middle),
        cmocka_unit_test(records_again),
    };
    return cmocka_run_group_tests_name("lines", tests, NULL, NULL);
}
