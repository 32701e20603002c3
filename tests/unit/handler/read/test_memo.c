/* memo: what is believed, for how long, and how much. */
#include "handler/read/memo.h"
#include "tests/unit/unit.h"

enum { MB = 1 << 20, NOW = 1000000 };

static struct memo *memo;

static int set_up(void **state)
{
    (void)state;
    memo = memo_new();
    return memo ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    memo_free(memo);
    return 0;
}

/* A file that was changed `ago` milliseconds before NOW. */
static struct file_mark mark(ino_t inode, off_t size, int64_t ago)
{
    int64_t changed = NOW - ago;
    return (struct file_mark){
        .device = 1,
        .inode = inode,
        .size = size,
        .ctime = {.tv_sec = changed / 1000, .tv_nsec = changed % 1000 * 1000000}};
}

static struct report *new_report(size_t bytes)
{
    struct report *r = calloc(1, sizeof *r);
    assert_non_null(r);
    r->bytes = bytes;
    return r;
}

/* True if the memo took it; else it is freed. */
static bool keep(struct file_mark file, size_t bytes)
{
    struct report *r = new_report(bytes);
    bool kept = memo_keep(memo, &file, NOW, r);
    if (!kept)
        report_free(r);
    return kept;
}

static bool has(struct file_mark file)
{
    const struct report *r;
    return memo_find(memo, &file, &r);
}

static void a_file_is_believed_once_its_ctime_is_2_s_old(void **state)
{
    (void)state;
    assert_false(keep(mark(1, 100, 0), 100));
    assert_false(keep(mark(1, 100, 1999), 100));
    assert_false(keep(mark(1, 100, -5000), 100)); /* a clock that was set back */
    assert_true(keep(mark(1, 100, 2000), 100));
    assert_true(has(mark(1, 100, 2000)));
}

static void another_file_size_or_ctime_is_another(void **state)
{
    (void)state;
    struct file_mark other = mark(1, 100, 5000);
    assert_true(keep(mark(1, 100, 5000), 100));
    assert_true(has(mark(1, 100, 5000)));
    assert_false(has(mark(2, 100, 5000)));
    assert_false(has(mark(1, 101, 5000)));
    assert_false(has(mark(1, 100, 5001)));
    other.ctime.tv_nsec++;
    assert_false(has(other));
    other = mark(1, 100, 5000);
    other.device = 2;
    assert_false(has(other));
}

static void a_file_of_the_day_before_must_be_settled_too(void **state)
{
    (void)state;
    struct file_mark file = mark(1, 100, 5000);
    struct report *r = new_report(100);
    r->crossed = true;
    r->before = mark(2, 100, 1000);
    assert_false(memo_keep(memo, &file, NOW, r));
    r->before = mark(2, 100, 5000);
    assert_true(memo_keep(memo, &file, NOW, r));
}

static void a_new_report_of_a_file_takes_the_place_of_the_old(void **state)
{
    (void)state;
    for (off_t size = 1; size <= 200; size++)
        assert_true(keep(mark(1, size, 5000), MB)); /* 200 MiB, were they all kept */
    assert_true(has(mark(1, 200, 5000)));
    assert_false(has(mark(1, 199, 5000)));
}

static void it_holds_64_mib_and_lets_go_of_what_is_not_used(void **state)
{
    (void)state;
    ino_t kept = 0;
    memo_begin(memo);
    while (keep(mark(kept + 1, 1, 5000), MB))
        kept++;
    assert_in_range(kept, 60, 64);
    memo_begin(memo);
    assert_true(has(mark(1, 1, 5000)));
    assert_false(keep(mark(1000, 1, 5000), MB));
    memo_begin(memo); /* only the first was used since */
    assert_true(has(mark(1, 1, 5000)));
    assert_false(has(mark(2, 1, 5000)));
    assert_true(keep(mark(1000, 1, 5000), MB));
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_file_is_believed_once_its_ctime_is_2_s_old),
        TEST(another_file_size_or_ctime_is_another),
        TEST(a_file_of_the_day_before_must_be_settled_too),
        TEST(a_new_report_of_a_file_takes_the_place_of_the_old),
        TEST(it_holds_64_mib_and_lets_go_of_what_is_not_used),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
