/* Jobs that block, crash and fail, and what the command line reader packs. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/proc/cmdline.h"
#include "agent/proc/guard.h"
#include "handler/shared/buf.h"
#include "handler/shared/clock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { JOBS = 12, BLOCKS = 3, BLOCKS_TOO = 4, CRASHES = 6, FAILS = 8, HUGE = 9 };

static bool job(void *context, size_t index, struct buf *out)
{
    const char *prefix = context;
    if (index == BLOCKS || index == BLOCKS_TOO)
        for (;;)
            pause();
    if (index == CRASHES)
        raise(SIGKILL);
    if (index == FAILS)
        return false;
    for (int i = 0; index == HUGE && i < 1000; i++)
        buf_puts(out, "more than result_max");
    buf_printf(out, "%s%zu", prefix, index);
    return true;
}

static void all_others_run(void **state)
{
    (void)state;
    struct guard g;
    assert_true(
        guard_run(&g, JOBS, 100, job, (char[]){"job "}, STDERR_FILENO, clock_monotonic() + 8000));
    for (size_t i = 0; i < JOBS; i++) {
        const char *bytes;
        size_t len;
        char want[16];
        enum guard_state got = guard_result(&g, i, &bytes, &len);
        bool lost = i == BLOCKS || i == BLOCKS_TOO || i == CRASHES || i == HUGE;
        assert_int_equal(got, lost ? GUARD_LOST : i == FAILS ? GUARD_EMPTY : GUARD_DONE);
        if (got != GUARD_DONE)
            continue;
        assert_int_equal(len, snprintf(want, sizeof want, "job %zu", i));
        assert_memory_equal(bytes, want, len);
    }
    guard_release(&g);
}

static void out_of_time(void **state)
{
    (void)state;
    struct guard g;
    const char *bytes;
    size_t len;
    assert_true(guard_run(&g, 2, 100, job, (char[]){""}, STDERR_FILENO, clock_monotonic() - 1));
    assert_int_equal(guard_result(&g, 0, &bytes, &len), GUARD_NONE);
    assert_int_equal(guard_result(&g, 1, &bytes, &len), GUARD_NONE);
    guard_release(&g);
}

/* What a child holds open for ever must not keep our readers waiting, nor our locks locked. */
static bool count_descriptors(void *context, size_t index, struct buf *out)
{
    (void)index;
    const int *fds = context; /* kept, shed */
    bool kept = fcntl(fds[0], F_GETFD) >= 0, shed = fcntl(fds[1], F_GETFD) < 0;
    buf_puts(out, kept && shed ? "yes" : "no");
    return true;
}

static void sheds_descriptors(void **state)
{
    (void)state;
    struct guard g;
    const char *bytes;
    size_t len;
    int fds[2];
    assert_int_equal(pipe(fds), 0);
    assert_true(guard_run(&g, 1, 100, count_descriptors, fds, fds[0], clock_monotonic() + 60000));
    assert_int_equal(guard_result(&g, 0, &bytes, &len), GUARD_DONE);
    assert_memory_equal(bytes, "yes", 3);
    guard_release(&g);
    close(fds[0]);
    close(fds[1]);
}

static void cuts_at_characters(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t max, keep;
    } rows[] = {
        {"abc", 5, 3},
        {"abc", 3, 3},
        {"abc", 2, 2},
        {"a\xc3\xa9", 2, 1},
        {"a\xc3\xa9", 3, 3},
        {"\xe2\x82\xac\xe2\x82\xac", 4, 3},
        {"\xe2\x82\xac\xe2\x82\xac", 5, 3},
        {"\xf0\x9f\x98\x80z", 3, 0},
        {"\x80\x80\x80\x80\x80\x80", 5, 5},
        {"", 0, 0},
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(cmdline_cut(rows[i].text, strlen(rows[i].text), rows[i].max),
                         rows[i].keep);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_others_run),
        cmocka_unit_test(out_of_time),
        cmocka_unit_test(sheds_descriptors),
        cmocka_unit_test(cuts_at_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
