/* random: numbers stay within their bounds and reach them. */
#include "tests/unit/unit.h"

#include "handler/shared/random.h"

static void stays_within_its_bounds(void **state)
{
    (void)state;
    unsigned seen = 0;
    for (int i = 0; i < 1000; i++) {
        int64_t n = random_up_to(3);
        assert_true(n >= 0 && n <= 3);
        seen |= 1u << n;
    }
    assert_int_equal(seen, 15);
    assert_int_equal(random_up_to(0), 0);
    assert_int_equal(random_up_to(-5), 0);
    assert_true(random_up_to(INT64_MAX) >= 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stays_within_its_bounds),
    };
    return cmocka_run_group_tests_name("random", tests, NULL, NULL);
}
