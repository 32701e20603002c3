/* events: the difference to what a target knows, ids, quiet hosts; and the file that keeps it. */
#include "handler/watch/events.h"
#include "handler/watch/state.h"
#include "tests/unit/handler/watch/fleet.h"

static struct unit_fleet fleet;
static struct digest *digest;
static struct events events;
static char directory[64];

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    digest = digest_new();
    events_init(&events);
    return digest ? 0 : -1;
}

static int tear_down(void **state)
{
    (void)state;
    events_release(&events);
    digest_free(digest);
    unit_remove(directory);
    return 0;
}

/* The fleet again, with COUNT hosts 10.0.N.1 of which the first SILENT are silent since then. */
static void now(size_t count, size_t silent, int64_t since)
{
    fleet_begin(&fleet);
    for (size_t i = 0; i < count; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.%zu.%zu.1", i / 200, i % 200);
        const struct host *host = fleet_host(&fleet, address);
        if (i < silent)
            fleet_alarm(&fleet, ALARM_SILENT, "", host, since);
    }
}

static void compare(void)
{
    assert_true(events_compare(&events, fleet_end(&fleet), 20, digest));
}

static void check(size_t begun, size_t ended)
{
    assert_int_equal(events.begun.count, begun);
    assert_int_equal(events.ended.count, ended);
}

/* As after a delivery of all: written, and read as the next run does. */
static void deliver(void)
{
    char error[CONF_ERROR_LEN];
    int dir = open(directory, O_RDONLY | O_DIRECTORY);
    for (size_t i = 0; i < events.begun.count; i++)
        events.begun.list[i].delivered = true;
    for (size_t i = 0; i < events.ended.count; i++)
        events.ended.list[i].delivered = true;
    events.serial++;
    assert_true(state_save(dir, "t", &events));
    events_release(&events);
    events_init(&events);
    assert_true(state_load(dir, "t", &events, error));
    assert_false(events.fresh);
    close(dir);
}

static void what_was_delivered_is_not_told_again(void **state)
{
    (void)state;
    now(60, 2, 1000);
    compare();
    check(2, 0);
    deliver();
    assert_int_equal(events.open.count, 2);
    compare();
    check(0, 0);
    now(60, 3, 1000);
    compare();
    check(1, 0);
    assert_string_equal(events.begun.list[0].members[0].subject, "10.0.2.1");
}

static void what_is_over_ends_its_event_once(void **state)
{
    (void)state;
    char id[EVENT_ID_LEN + 1];
    now(60, 1, 1000);
    compare();
    memcpy(id, events.begun.list[0].id, sizeof id);
    deliver();
    now(60, 0, 0);
    compare();
    check(0, 1);
    assert_string_equal(events_name(&events.ended.list[0]), "host.back");
    assert_string_equal(events.ended.list[0].of->id, id);
    deliver();
    assert_int_equal(events.open.count, 0);
    compare();
    check(0, 0);
}

/* Not delivered: the file is as it was, so that the same is told, under the same id. */
static void what_is_not_delivered_comes_again_with_its_id(void **state)
{
    (void)state;
    char first[EVENT_ID_LEN + 1];
    now(60, 1, 1000);
    compare();
    memcpy(first, events.begun.list[0].id, sizeof first);
    assert_int_equal(strlen(first), EVENT_ID_LEN);
    for (int i = 0; i < 3; i++) {
        events_release(&events);
        events_init(&events);
        now(60, 1, 1000);
        fleet.alarms.now_ms += i * 60000;
        compare();
        check(1, 0);
        assert_string_equal(events.begun.list[0].id, first);
    }
}

static void a_later_silence_is_another_event(void **state)
{
    (void)state;
    char first[EVENT_ID_LEN + 1];
    now(60, 1, 1000);
    compare();
    memcpy(first, events.begun.list[0].id, sizeof first);
    deliver();
    now(60, 1, 2000); /* it came back and fell silent between two runs */
    compare();
    check(1, 1);
    assert_string_not_equal(events.begun.list[0].id, first);
}

static void ids_differ(void **state)
{
    (void)state;
    now(300, 10, 1000);
    fleet_alarm(&fleet, ALARM_RULE, "kernel", &fleet.hosts[0], -1);
    fleet_alarm(&fleet, ALARM_RULE, "telnet", &fleet.hosts[0], -1);
    fleet_alarm(&fleet, ALARM_CLONE, "", &fleet.hosts[0], -1);
    fleet_alarm(&fleet, ALARM_NEW, "", &fleet.hosts[0], 1000);
    compare();
    check(14, 0);
    for (size_t i = 0; i < events.begun.count; i++)
        for (size_t k = 0; k < i; k++)
            assert_string_not_equal(events.begun.list[i].id, events.begun.list[k].id);
}

static void a_quiet_host_is_not_told_and_what_was_told_stays_open(void **state)
{
    (void)state;
    now(60, 0, 0);
    fleet.hosts[0].says.quiet_until = fleet.alarms.now_ms + 1;
    fleet_alarm(&fleet, ALARM_SILENT, "", &fleet.hosts[0], 1000);
    compare();
    check(0, 0);
    now(60, 1, 1000); /* its end */
    compare();
    check(1, 0);
    deliver();
    now(60, 0, 0); /* back, but quiet again */
    fleet.hosts[0].says.quiet_until = fleet.alarms.now_ms + 1;
    compare();
    check(0, 0);
    now(60, 0, 0);
    compare();
    check(0, 1);
}

static void rules_that_are_unknown_are_not_mended(void **state)
{
    (void)state;
    now(60, 0, 0);
    fleet_alarm(&fleet, ALARM_RULE, "kernel", &fleet.hosts[0], -1);
    compare();
    check(1, 0);
    deliver();
    now(60, 0, 0);
    fleet.alarms.rules_unknown = true;
    compare();
    check(0, 0);
    fleet.alarms.rules_unknown = false;
    compare();
    check(0, 1);
    assert_string_equal(events_name(&events.ended.list[0]), "rule.mended");
}

static void a_part_of_an_event_leaves_it(void **state)
{
    (void)state;
    now(60, 0, 0);
    for (size_t i = 0; i < 4; i++)
        fleet_alarm(&fleet, ALARM_RULE, "kernel", &fleet.hosts[i], -1);
    compare();
    check(1, 0);
    deliver();
    now(60, 0, 0);
    for (size_t i = 1; i < 4; i++)
        fleet_alarm(&fleet, ALARM_RULE, "kernel", &fleet.hosts[i], -1);
    compare();
    check(0, 1);
    assert_int_equal(events.ended.list[0].count, 1);
    deliver();
    assert_int_equal(events.open.count, 1);
    assert_int_equal(events.open.list[0].count, 3);
}

/* A file that is cut anywhere is refused; without a file nothing is known. */
static void a_damaged_file_is_refused(void **state)
{
    (void)state;
    char path[100], error[CONF_ERROR_LEN];
    now(60, 3, 1000);
    compare();
    deliver();
    snprintf(path, sizeof path, "%s/t.json", directory);
    size_t len;
    char *text = unit_read(path, &len);
    int dir = open(directory, O_RDONLY | O_DIRECTORY);
    for (size_t cut = 0; cut + 2 < len; cut++) {
        struct events e;
        unit_write(path, text, cut);
        events_init(&e);
        assert_false(state_load(dir, "t", &e, error));
        assert_non_null(strstr(error, "t.json: is damaged"));
        events_release(&e);
    }
    unlink(path);
    assert_int_equal(symlink("/etc/passwd", path), 0);
    assert_false(state_load(dir, "t", &events, error));
    unlink(path);
    events_release(&events);
    events_init(&events);
    assert_true(state_load(dir, "t", &events, error) && events.fresh);
    close(dir);
    free(text);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(what_was_delivered_is_not_told_again),
        TEST(what_is_over_ends_its_event_once),
        TEST(what_is_not_delivered_comes_again_with_its_id),
        TEST(a_later_silence_is_another_event),
        TEST(ids_differ),
        TEST(a_quiet_host_is_not_told_and_what_was_told_stays_open),
        TEST(rules_that_are_unknown_are_not_mended),
        TEST(a_part_of_an_event_leaves_it),
        TEST(a_damaged_file_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
