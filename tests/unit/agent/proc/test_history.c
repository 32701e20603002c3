/* history: found by pid and start, forgotten with the next beat. */
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

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_found_by_pid_and_start)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
