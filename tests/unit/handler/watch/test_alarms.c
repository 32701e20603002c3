/* alarms: what is wrong, from states and flags; who waits for the rest of a wave. */
#include "handler/watch/alarms.h"
#include "tests/unit/handler/watch/fleet.h"

enum { MINUTE = 60000, EVERY = 5 * MINUTE };

static struct unit_fleet fleet;
static struct alarms alarms;
static struct rules rules;

/* A host whose last record is so many minutes old. */
static struct host *host(const char *address, enum host_state state, int minutes)
{
    struct host *one = fleet_host(&fleet, address);
    one->state = state;
    fleet_report(&fleet, fleet.alarms.host_count - 1)->received_ms -= (int64_t)minutes * MINUTE;
    return one;
}

static void collect(void)
{
    const struct hosts hosts = {
        .list = fleet.hosts, .count = fleet.alarms.host_count, .complete = true};
    const struct hosts_scan scan = {.data = -1, .now_ms = fleet.alarms.now_ms, .every_ms = EVERY};
    rules_init(&rules, NULL, -1);
    assert_true(alarms_collect(&alarms, &hosts, &scan, &rules));
}

static void end(void)
{
    alarms_release(&alarms);
    rules_release(&rules);
    fleet_begin(&fleet);
}

static const struct alarm *find(enum alarm_kind kind, const char *subject)
{
    return alarms_find(&alarms, kind, "", subject);
}

static void silent_hosts_and_clones(void **state)
{
    (void)state;
    fleet_begin(&fleet);
    host("10.0.0.1", STATE_PRESENT, 1);
    host("10.0.0.2", STATE_LATE, 20);
    host("10.0.0.3", STATE_ABSENT, 300);
    host("10.0.0.4", STATE_NEVER, 0)->report = NULL;
    host("10.0.0.5", STATE_RETIRED, 300);
    host("10.0.0.6", STATE_GONE, 300);
    host("10.0.0.7", STATE_MOVED, 300);
    host("10.0.0.8", STATE_PRESENT, 1)->flags = 1u << FLAG_CLONE;
    collect();
    assert_int_equal(alarms.count, 3);
    assert_int_equal(find(ALARM_SILENT, "10.0.0.3")->since,
                     fleet.alarms.now_ms - 300 * (int64_t)MINUTE);
    assert_int_equal(find(ALARM_SILENT, "10.0.0.4")->since, -1);
    assert_non_null(find(ALARM_CLONE, "10.0.0.8"));
    assert_int_equal(alarms.fleet, 5); /* without retired, gone and moved */
    end();
}

static void quiet_until_mutes(void **state)
{
    (void)state;
    fleet_begin(&fleet);
    host("10.0.0.1", STATE_PRESENT, 1);
    host("10.0.0.2", STATE_ABSENT, 300)->says.quiet_until = fleet.alarms.now_ms + 1;
    host("10.0.0.3", STATE_ABSENT, 300)->says.quiet_until = fleet.alarms.now_ms;
    collect();
    assert_true(find(ALARM_SILENT, "10.0.0.2")->quiet);
    assert_false(find(ALARM_SILENT, "10.0.0.3")->quiet);
    end();
}

static void no_host_present_is_the_collector(void **state)
{
    (void)state;
    fleet_begin(&fleet);
    host("10.0.0.1", STATE_LATE, 20);
    host("10.0.0.2", STATE_LATE, 30);
    collect();
    assert_int_equal(alarms.count, 1);
    assert_int_equal(find(ALARM_DEAF, "")->since, fleet.alarms.now_ms - 20 * (int64_t)MINUTE);
    end();
    host("10.0.0.1", STATE_NEVER, 0)->report = NULL; /* nobody is expected yet */
    host("10.0.0.2", STATE_RETIRED, 30);
    collect();
    assert_null(find(ALARM_DEAF, ""));
    end();
}

/* The first of a wave are told when the others can be told with them, or an interval later. */
static void the_first_of_a_wave_wait(void **state)
{
    (void)state;
    static const struct {
        int line;
        int silent, late; /* minutes since the last record; late 0: no such host */
        bool waits;
    } rows[] = {
        {__LINE__, 51, 48, true},   {__LINE__, 51, 46, true}, {__LINE__, 51, 45, false},
        {__LINE__, 51, 0, false},   {__LINE__, 55, 50, true}, {__LINE__, 56, 52, false},
        {__LINE__, 300, 49, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        fleet_begin(&fleet);
        host("10.0.0.1", STATE_PRESENT, 1);
        host("10.0.1.1", STATE_ABSENT, rows[i].silent);
        if (rows[i].late)
            host("10.0.1.2", STATE_LATE, rows[i].late);
        collect();
        ROW_INT(&rows[i], find(ALARM_SILENT, "10.0.1.1")->quiet, rows[i].waits);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(silent_hosts_and_clones),
        cmocka_unit_test(quiet_until_mutes),
        cmocka_unit_test(no_host_present_is_the_collector),
        cmocka_unit_test(the_first_of_a_wave_wait),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
