/* Jobs that block, crash and fail; the descriptors and the memory that they have. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "agent/proc/cmdline.h"
#include "agent/proc/guard.h"
#include "agent/proc/history.h"
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

static struct guard_work make_work(bool (*run)(void *, size_t, struct buf *), void *context,
                                   size_t count, int64_t ms)
{
    return (struct guard_work){.job = run,
                               .context = context,
                               .count = count,
                               .result_max = 100,
                               .keep = {STDERR_FILENO, STDERR_FILENO},
                               .until = clock_monotonic() + ms};
}

static void all_others_run(void **state)
{
    (void)state;
    struct guard g;
    struct guard_work work = make_work(job, (char[]){"job "}, JOBS, 16000);
    assert_true(guard_run(&g, &work));
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
    struct guard_work work = make_work(job, (char[]){""}, 2, -1);
    assert_true(guard_run(&g, &work));
    assert_int_equal(guard_result(&g, 0, &bytes, &len), GUARD_NONE);
    assert_int_equal(guard_result(&g, 1, &bytes, &len), GUARD_NONE);
    guard_release(&g);
}

/* A child that hangs must hold no pipe open, and no lock locked. */
static bool count_descriptors(void *context, size_t index, struct buf *out)
{
    (void)index;
    const int *fds = context; /* kept, shed, shed, kept */
    bool kept = fcntl(fds[0], F_GETFD) >= 0 && fcntl(fds[3], F_GETFD) >= 0;
    bool shed = fcntl(fds[1], F_GETFD) < 0 && fcntl(fds[2], F_GETFD) < 0;
    buf_puts(out, kept && shed ? "yes" : "no");
    return true;
}

static void sheds_descriptors(void **state)
{
    (void)state;
    struct guard g;
    const char *bytes;
    size_t len;
    int fds[4];
    assert_int_equal(pipe(fds), 0);
    assert_int_equal(pipe(fds + 2), 0);
    struct guard_work work = make_work(count_descriptors, fds, 1, 60000);
    work.keep[0] = fds[3];
    work.keep[1] = fds[0];
    assert_true(guard_run(&g, &work));
    assert_int_equal(guard_result(&g, 0, &bytes, &len), GUARD_DONE);
    assert_memory_equal(bytes, "yes", 3);
    guard_release(&g);
    for (size_t i = 0; i < 4; i++)
        close(fds[i]);
}

/* The first of two jobs that block: the other ones are not asked. */
static void stops_when_told(void **state)
{
    (void)state;
    struct guard g;
    const char *bytes;
    size_t len;
    struct guard_work work = make_work(job, (char[]){""}, JOBS, 12000);
    work.stop_if_lost = true;
    assert_true(guard_run(&g, &work));
    assert_int_equal(guard_result(&g, BLOCKS - 1, &bytes, &len), GUARD_DONE);
    assert_int_equal(guard_result(&g, BLOCKS, &bytes, &len), GUARD_LOST);
    assert_int_equal(guard_result(&g, BLOCKS + 1, &bytes, &len), GUARD_NONE);
    guard_release(&g);
}

/*
 * A job that outlives SIGKILL, as one in uninterruptible sleep does: here a second process keeps
 * the child's pipe open.
 */
struct leftover {
    size_t index;
    pid_t child;
};

static bool job_that_stays(void *context, size_t index, struct buf *out)
{
    (void)context;
    if (index == 1) {
        pid_t parent = getpid();
        if (fork() == 0) {
            for (int i = 0; i < 600 && kill(parent, 0) == 0; i++)
                usleep(100000);
            _exit(0);
        }
        for (;;)
            pause();
    }
    buf_putc(out, 'x');
    return true;
}

static bool note_leftover(void *context, size_t index, pid_t child)
{
    struct leftover *l = context;
    if (index == 1) /* a loaded machine may be slow to end others */
        *l = (struct leftover){index, child};
    return true;
}

static void a_child_that_stays_is_reported(void **state)
{
    (void)state;
    struct guard g;
    struct history h;
    const char *bytes;
    size_t len;
    struct leftover left = {0};
    struct guard_work work = make_work(job_that_stays, &left, 3, 12000);
    work.abandoned = note_leftover;
    assert_true(guard_run(&g, &work));
    assert_int_equal(left.index, 1);
    assert_true(left.child > 0);
    assert_int_equal(guard_result(&g, 1, &bytes, &len), GUARD_LOST);
    assert_int_equal(guard_result(&g, 2, &bytes, &len), GUARD_DONE);
    guard_release(&g);
    /* It is remembered until it has ended, and leaves no zombie. */
    history_init(&h);
    history_add_stuck(&h, &(struct history_stuck){77, 5, left.child});
    assert_true(history_is_stuck(&h, 77, 5));
    assert_false(history_is_stuck(&h, 77, 6));
    while (h.stuck_count) {
        history_reap(&h);
        usleep(1000);
    }
    assert_false(history_is_stuck(&h, 77, 5));
    assert_int_equal(kill(left.child, 0), -1);
    history_release(&h);
}

static void only_so_many_children_stay(void **state)
{
    (void)state;
    struct history h;
    pid_t child = fork();
    if (child == 0)
        for (;;)
            pause();
    history_init(&h);
    for (int i = 0; i < HISTORY_STUCK_MAX + 5; i++) {
        assert_int_equal(history_is_full(&h), i >= HISTORY_STUCK_MAX);
        history_add_stuck(&h, &(struct history_stuck){i + 1, 0, child});
    }
    history_reap(&h);
    assert_true(history_is_full(&h));
    kill(child, SIGKILL);
    while (h.stuck_count) /* waitpid(2) fails for a child that was reaped already */
        history_reap(&h);
    history_release(&h);
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
        cmocka_unit_test(stops_when_told),
        cmocka_unit_test(a_child_that_stays_is_reported),
        cmocka_unit_test(only_so_many_children_stay),
        cmocka_unit_test(cuts_at_characters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
