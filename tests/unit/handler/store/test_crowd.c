/* crowd: which addresses make writers wait. */
#include "tests/unit/unit.h"

#include "handler/store/crowd.h"

static char dir[64];
static struct ip busy, quiet;

static void sixteen_waits_within_a_second(void **state)
{
    (void)state;
    int64_t now = 5000;
    for (int n = 0; n < CROWD_WAITS; n++, now += 10) {
        assert_false(crowd_is_full(dir, &busy, now));
        crowd_add_wait(dir, &busy, now);
    }
    assert_true(crowd_is_full(dir, &busy, now));
    assert_true(crowd_is_full(dir, &busy, 5999));
    assert_false(crowd_is_full(dir, &busy, 6000)); /* the first one is a second ago */
    assert_false(crowd_is_full(dir, &quiet, now));
    crowd_add_wait(dir, &busy, 6005);
    assert_true(crowd_is_full(dir, &busy, 6006));
    assert_false(crowd_is_full(dir, &busy, 20)); /* another boot */
}

static void sixteen_waits_in_more_than_a_second(void **state)
{
    (void)state;
    int64_t now = 5000;
    for (int n = 0; n < 5 * CROWD_WAITS; n++, now += 67) {
        crowd_add_wait(dir, &busy, now);
        assert_false(crowd_is_full(dir, &busy, now));
    }
}

static void refusals_keep_the_crowd_and_are_told_once_a_second(void **state)
{
    (void)state;
    for (int n = 0; n < CROWD_WAITS; n++)
        crowd_add_wait(dir, &busy, 5000);
    int told = 0;
    int64_t now = 5100;
    for (; now < 9100; now += 50) {
        assert_true(crowd_is_full(dir, &busy, now));
        told += crowd_add_refusal(dir, &busy, now);
    }
    assert_int_equal(told, 4);
    assert_false(crowd_is_full(dir, &busy, now + CROWD_PERIOD_MS));
    assert_true(crowd_add_refusal(dir, &busy, 20)); /* another boot */
}

static void a_file_that_cannot_be_used_is_no_crowd(void **state)
{
    (void)state;
    char path[96], target[96];
    snprintf(path, sizeof path, "%s/.waits", dir);
    snprintf(target, sizeof target, "%s/target", dir);
    unit_write(target, "precious", 8);
    assert_int_equal(symlink(target, path), 0);
    for (int n = 0; n < 2 * CROWD_WAITS; n++)
        crowd_add_wait(dir, &busy, 5000);
    assert_false(crowd_is_full(dir, &busy, 5000));
    assert_int_equal(unit_size(target), 8);
    assert_false(crowd_is_full("/nonexistent", &busy, 5000));
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(dir);
    assert_true(ip_parse("10.0.0.7", &busy) && ip_parse("10.0.0.8", &quiet));
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unit_remove(dir);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(sixteen_waits_within_a_second),
        TEST(sixteen_waits_in_more_than_a_second),
        TEST(refusals_keep_the_crowd_and_are_told_once_a_second),
        TEST(a_file_that_cannot_be_used_is_no_crowd),
    };
    return cmocka_run_group_tests_name("crowd", tests, NULL, NULL);
}
