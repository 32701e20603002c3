/* signals: beats keep their phase however long one takes, and do not pile up. */
#include "tests/unit/unit.h"

#include "agent/signals.h"

static void test_next(void **state)
{
    (void)state;
    static const struct {
        int line;
        int64_t now, due, skipped;
    } rows[] = {
        {__LINE__, 1000, 6000, 0},
        {__LINE__, 1001, 6000, 0},
        {__LINE__, 5999, 6000, 0},
        {__LINE__, 6000, 11000, 1},
        {__LINE__, 10999, 11000, 1},
        {__LINE__, 11000, 16000, 2},
        {__LINE__, 1000 + 3600000, 3606000, 720},
        {__LINE__, 500, 6000, 0}, /* the beat was early: the next one all the same */
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct pace p = {.period = 5000, .due = 1000};
        ROW_INT(&rows[i], pace_next(&p, rows[i].now), rows[i].skipped);
        ROW_INT(&rows[i], p.due, rows[i].due);
    }
}

static void test_no_drift(void **state)
{
    (void)state;
    uint64_t seed = 1;
    struct pace p = {.period = 5000, .due = 123};
    for (int i = 0; i < 100000; i++)
        pace_next(&p, p.due + (int64_t)unit_below(&seed, 5000));
    assert_int_equal(p.due, 123 + 100000 * INT64_C(5000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_next),
        cmocka_unit_test(test_no_drift),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
