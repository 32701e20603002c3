/* hop: from the end of a file to its start, line by line, whatever their sizes. */
#include "tests/unit/handler/made.h"

#include "handler/store/hop.h"

#include <errno.h>

static struct hop h;

/* Hops over the whole file; every line must come, once, in order. */
static void hop_all(const struct made *m)
{
    struct trailer line;
    int fd = made_fd(m);
    uint64_t seq = m->last.seq;
    hop_begin(&h, fd, (off_t)m->file.len);
    while (h.end > 0) {
        assert_int_equal(hop_read(&h, &line), HOP_LINE);
        assert_int_equal(line.seq, seq);
        assert_int_equal(line.line_start, m->starts[seq - 1]);
        assert_true(line.line_start < (uint64_t)h.end);
        hop_back(&h, &line);
        seq--;
    }
    assert_int_equal(h.end, 0);
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
        hop_all(&m);
        made_end(&m);
    }
}

/* Sizes around each edge of the windows, beside small ones. */
static void window_edges(void **state)
{
    (void)state;
    static const size_t edges[] = {TRAILER_MAX, HOP_FIRST, HOP_WINDOW};
    for (size_t i = 0; i < COUNT(edges); i++)
        for (size_t size = edges[i] - 320; size < edges[i] + 8; size++) {
            struct made m;
            made_begin(&m);
            made_line(&m, size, 0);
            made_line(&m, 10, 0);
            made_line(&m, size, 0);
            made_line(&m, size + 1, 0);
            hop_all(&m);
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
        hop_all(&m);
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
    hop_all(&m);
    made_end(&m);
}

static void one_huge_line(void **state)
{
    (void)state;
    struct made m;
    made_begin(&m);
    made_line(&m, 20 << 20, 0);
    made_line(&m, 3 << 20, 0);
    hop_all(&m);
    made_end(&m);
}

static void not_ours(void **state)
{
    (void)state;
    struct trailer line;
    struct made m;
    made_begin(&m);
    made_line(&m, 10, 0);
    int fd = made_fd(&m);
    hop_begin(&h, fd, (off_t)m.file.len + 1); /* shorter than it was */
    assert_int_equal(hop_read(&h, &line), HOP_NOT_OURS);
    hop_begin(&h, fd, (off_t)m.file.len - 1);
    assert_int_equal(hop_read(&h, &line), HOP_NOT_OURS);
    close(fd);
    hop_begin(&h, fd, 100);
    assert_int_equal(hop_read(&h, &line), HOP_FAILED);
    assert_int_equal(errno, EBADF);
    made_end(&m);
}

/* A line that says it starts behind its own end would make us go round for ever. */
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
    hop_begin(&h, fd, (off_t)m.file.len);
    assert_int_equal(hop_read(&h, &line), HOP_LINE); /* 9 is within it */
    close(fd);
    buf_reset(&m.file);
    line = m.last;
    line.line_start = 400;
    buf_puts(&m.file, "{\"a\":1");
    trailer_open(&line, &m.file);
    trailer_close(&line, &m.file);
    fd = made_fd(&m);
    hop_begin(&h, fd, (off_t)m.file.len);
    assert_true(m.file.len < 400);
    assert_int_equal(hop_read(&h, &line), HOP_NOT_OURS);
    close(fd);
    made_end(&m);
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
    };
    return cmocka_run_group_tests_name("hop", tests, NULL, NULL);
}
