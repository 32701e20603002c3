/* states: a table of times to states. */
#include "handler/read/states.h"
#include "tests/unit/unit.h"

#define MINUTE 60000

static void a_state_follows_from_age_and_interval(void **state)
{
    (void)state;
    static const struct {
        int line;
        struct state_input in;
        enum host_state want;
    } rows[] = {
#define ROW(want, ...) {__LINE__, {__VA_ARGS__}, want}
        ROW(STATE_PRESENT, .now = 1000 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE),
        ROW(STATE_PRESENT, .now = 1002 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE),
        ROW(STATE_LATE, .now = 1002 * MINUTE + 1, .last_seen = 1000 * MINUTE, .every_ms = MINUTE),
        ROW(STATE_LATE, .now = 1010 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE),
        ROW(STATE_ABSENT, .now = 1010 * MINUTE + 1, .last_seen = 1000 * MINUTE, .every_ms = MINUTE),
        ROW(STATE_LATE, .now = 1010 * MINUTE + 1, .last_seen = 1000 * MINUTE,
            .every_ms = 5 * MINUTE),
        /* a record of the future, by another collector's clock */
        ROW(STATE_PRESENT, .now = 1000 * MINUTE, .last_seen = 2000 * MINUTE, .every_ms = MINUTE),
        ROW(STATE_NEVER, .now = 1000 * MINUTE, .last_seen = -1, .every_ms = MINUTE),
        ROW(STATE_NEVER, .now = 1000 * MINUTE, .last_seen = -1, .every_ms = MINUTE,
            .ephemeral = true),
        ROW(STATE_GONE, .now = 1100 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE,
            .ephemeral = true),
        ROW(STATE_LATE, .now = 1003 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE,
            .ephemeral = true, .moved = true),
        ROW(STATE_MOVED, .now = 1100 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE,
            .moved = true),
        ROW(STATE_MOVED, .now = 1100 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE,
            .moved = true, .ephemeral = true),
        ROW(STATE_RETIRED, .now = 1000 * MINUTE, .last_seen = 1000 * MINUTE, .every_ms = MINUTE,
            .retired = true),
        ROW(STATE_RETIRED, .now = 1000 * MINUTE, .last_seen = -1, .every_ms = MINUTE,
            .retired = true),
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_INT(&rows[i], states_of(&rows[i].in), rows[i].want);
}

static void names_lead_to_their_states(void **state)
{
    (void)state;
    for (enum host_state one = 0; one < STATE_COUNT; one++)
        assert_int_equal(states_find(states_name(one)), one);
    assert_int_equal(states_find("silent"), STATE_COUNT);
    assert_int_equal(states_find(""), STATE_COUNT);
}

static void silent_and_hidden_states(void **state)
{
    (void)state;
    assert_true(states_silent(STATE_ABSENT) && states_silent(STATE_NEVER));
    assert_false(states_silent(STATE_LATE) || states_silent(STATE_GONE));
    assert_true(states_hidden(STATE_MOVED) && states_hidden(STATE_GONE) &&
                states_hidden(STATE_RETIRED));
    assert_false(states_hidden(STATE_NEVER) || states_hidden(STATE_PRESENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_state_follows_from_age_and_interval),
        cmocka_unit_test(names_lead_to_their_states),
        cmocka_unit_test(silent_and_hidden_states),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
