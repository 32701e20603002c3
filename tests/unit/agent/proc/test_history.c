/* history: found by pid and start, forgotten with the next beat; percentages. */
#include "tests/unit/unit.h"

#include "agent/proc/history.h"

static void test_found_by_pid_and_start(void **state)
{
    (void)state;
    struct history h;
    uint64_t ticks;
    history_init(&h);
    assert_false(history_find(&h, 1, 0, &ticks));
    history_start(&h, 5);
    for (int64_t pid = 1; pid < 4000; pid += 3)
        history_add(&h, &(struct history_entry){pid, (uint64_t)pid * 2, (uint64_t)pid * 7});
    for (int64_t pid = 0; pid < 4005; pid++) {
        bool there = pid % 3 == 1 && pid < 4000;
        assert_int_equal(history_find(&h, pid, (uint64_t)pid * 2, &ticks), there);
        if (there)
            assert_int_equal(ticks, pid * 7);
        assert_false(history_find(&h, pid, (uint64_t)pid * 2 + 1, &ticks)); /* the pid again */
    }
    history_start(&h, 6);
    assert_false(history_find(&h, 1, 2, &ticks));
    assert_int_equal(h.at, 6);
    history_release(&h);
}

static void test_percent(void **state)
{
    (void)state;
    static const struct {
        int line;
        struct history_entry now;
        int64_t uptime_ms;
        unsigned cores;
        double want;
    } rows[] = {
        {__LINE__, {1, 1000, 500}, 20000, 4, 50},         /* since its start */
        {__LINE__, {2, 100, 300}, 60000, 4, 20},          /* since the previous beat */
        {__LINE__, {1, 1000, 5000}, 10010, 4, 400},       /* at most 100 for each core */
        {__LINE__, {1, 1000, 5000}, 9000, 4, 0},          /* an uptime of another clock */
        {__LINE__, {2, 100, 90}, 60000, 4, 0},            /* less than before */
        {__LINE__, {1, 1000, 1 << 30}, 10010, 0, 819200}, /* number of cores unknown */
    };
    struct history h;
    history_init(&h);
    history_start(&h, 5000);
    history_add(&h, &(struct history_entry){2, 100, 100});
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct history_clock clock = {15000, rows[i].uptime_ms, 100, rows[i].cores};
        double got;
        ROW_TRUE(&rows[i], history_percent(&h, &rows[i].now, &clock, &got));
        ROW_TRUE(&rows[i], got > rows[i].want - 0.01 && got < rows[i].want + 0.01);
    }
    struct history_clock unknown = {.now = 15000, .hertz = 100, .cores = 4};
    double got;
    assert_false(history_percent(&h, &rows[0].now, &unknown, &got)); /* no uptime: unknown */
    assert_true(history_percent(&h, &rows[1].now, &unknown, &got));
    history_release(&h);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found_by_pid_and_start),
                                       cmocka_unit_test(test_percent)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
