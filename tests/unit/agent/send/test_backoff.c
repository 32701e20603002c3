/* backoff: full jitter within a span that doubles, Retry-After before it, clocks that jump. */
#include "tests/unit/unit.h"

#include "agent/send/backoff.h"

enum { NOW = 1000000 };

static void test_the_span_doubles_up_to_a_limit(void **state)
{
    (void)state;
    static const int64_t spans[] = {5000,   10000,  20000,  40000,  80000,
                                    160000, 300000, 300000, 300000, 300000};
    struct backoff b = {0};
    for (size_t i = 0; i < COUNT(spans); i++) {
        struct backoff least = b, most = b;
        assert_int_equal(backoff_fail(&least, NOW, 0, 0), 0);
        backoff_fail(&most, NOW, 0, (uint64_t)spans[i]);
        assert_int_equal(least.until, NOW);
        assert_int_equal(most.until, NOW + spans[i]);
        backoff_fail(&b, NOW, 0, (uint64_t)spans[i] + 1); /* around again */
        assert_int_equal(b.until, NOW);
    }
}

static void test_never_beyond_the_span(void **state)
{
    (void)state;
    uint64_t seed = 7;
    struct backoff b = {0};
    for (int i = 0; i < 1000; i++) {
        backoff_fail(&b, NOW, 0, unit_random(&seed));
        assert_true(b.until >= NOW && b.until <= NOW + BACKOFF_SPAN_MAX);
    }
}

static void test_what_was_asked_for_comes_first(void **state)
{
    (void)state;
    struct backoff b = {0};
    assert_int_equal(backoff_fail(&b, NOW, 60000, 1234), NOW + 60000);
    assert_int_equal(b.until, NOW + 60000 + 1234);
    assert_int_equal(backoff_fail(&b, NOW, INT64_MAX, 0), NOW + BACKOFF_ASKED_MAX);
}

static void test_waits_until_then(void **state)
{
    (void)state;
    struct backoff b = {0};
    assert_false(backoff_waits(&b, NOW));
    backoff_fail(&b, NOW, 1000, 0);
    assert_true(backoff_waits(&b, NOW));
    assert_true(backoff_waits(&b, NOW + 999));
    assert_false(backoff_waits(&b, NOW + 1000));
    backoff_clear(&b);
    assert_false(backoff_waits(&b, NOW));
    assert_int_equal(b.failures, 0);
}

static void test_a_clock_that_went_back_does_not_wait_for_years(void **state)
{
    (void)state;
    struct backoff b = {.until = INT64_C(1795229278000)};
    assert_false(backoff_waits(&b, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_the_span_doubles_up_to_a_limit),
        cmocka_unit_test(test_never_beyond_the_span),
        cmocka_unit_test(test_what_was_asked_for_comes_first),
        cmocka_unit_test(test_waits_until_then),
        cmocka_unit_test(test_a_clock_that_went_back_does_not_wait_for_years),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
