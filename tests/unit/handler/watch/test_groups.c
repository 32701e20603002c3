/* groups: alarms of one cause together: networks, labels, the fleet, rules. */
#include "handler/watch/groups.h"
#include "tests/unit/handler/watch/fleet.h"

static struct unit_fleet fleet;
static struct groups groups;
static struct arena arena;

static void begin(void)
{
    fleet_begin(&fleet);
    arena_init(&arena, 16 << 20);
}

static void end(void)
{
    free(groups.list);
    arena_release(&arena);
}

/* All alarms of the fleet in groups; over `storm` percent are one. */
static void make(unsigned storm)
{
    const struct alarms *alarms = fleet_end(&fleet);
    static const struct alarm *list[2 * UNIT_FLEET_MAX];
    for (size_t i = 0; i < alarms->count; i++)
        list[i] = &alarms->list[i];
    assert_true(groups_make(&groups, &arena, list, alarms->count, alarms->fleet * storm));
}

/* Hosts NETWORK.1 to NETWORK.COUNT, silent. */
static void silent(const char *network, unsigned count, const char *label)
{
    for (unsigned i = 1; i <= count; i++) {
        char address[64];
        snprintf(address, sizeof address, "%s%u", network, i);
        struct host *host = fleet_host(&fleet, address);
        if (label)
            host->says.labels[host->says.label_count++] = label;
        fleet_alarm(&fleet, ALARM_SILENT, "", host, 1000);
    }
}

static void healthy(unsigned count)
{
    for (unsigned i = 1; i <= count; i++) {
        char address[64];
        snprintf(address, sizeof address, "192.168.%u.%u", i / 200, i % 200 + 1);
        fleet_host(&fleet, address);
    }
}

static void has(enum event_scope scope, const char *name, size_t count)
{
    for (size_t i = 0; i < groups.count; i++) {
        const struct group *g = &groups.list[i];
        if (g->scope == scope && strcmp(g->name, name) == 0 && g->count == count)
            return;
    }
    fail_msg("no group of scope %d, name %s with %zu hosts", (int)scope, name, count);
}

static void networks_of_addresses(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *address, *network;
    } rows[] = {
        {__LINE__, "10.1.2.3", "10.1.2.0/24"},
        {__LINE__, "10.1.2.255", "10.1.2.0/24"},
        {__LINE__, "255.255.255.255", "255.255.255.0/24"},
        {__LINE__, "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"},
        {__LINE__, "2001:db8::7", "2001:db8::/64"},
        {__LINE__, "::1", "::/64"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char got[GROUP_NETWORK_MAX];
        struct ip ip;
        ROW_TRUE(&rows[i], ip_parse(rows[i].address, &ip));
        groups_network(&ip, got);
        ROW_STR(&rows[i], got, rows[i].network);
    }
}

static void a_network_is_one_and_a_single_host_is_by_itself(void **state)
{
    (void)state;
    begin();
    healthy(100);
    silent("10.0.1.", 5, NULL);
    silent("10.0.2.", 1, NULL);
    silent("2001:db8::", 2, NULL);
    make(20);
    assert_int_equal(groups.count, 3);
    has(SCOPE_NETWORK, "10.0.1.0/24", 5);
    has(SCOPE_NETWORK, "2001:db8::/64", 2);
    has(SCOPE_HOST, "", 1);
    end();
}

static void the_largest_cause_takes_a_host(void **state)
{
    (void)state;
    begin();
    healthy(100);
    silent("10.0.1.", 2, "rack7");
    silent("10.0.2.", 1, "rack7");
    silent("10.0.3.", 2, "rack9");
    make(20);
    assert_int_equal(groups.count, 2);
    has(SCOPE_LABEL, "rack7", 3);
    has(SCOPE_NETWORK, "10.0.3.0/24", 2); /* as large as its label: the network is named */
    end();
}

static void a_storm_needs_a_part_of_the_fleet_and_ten_hosts(void **state)
{
    (void)state;
    static const struct {
        int line;
        unsigned silent, others, storm;
        bool one;
    } rows[] = {
        {__LINE__, 10, 40, 20, false},                              /* 20 % is not over 20 % */
        {__LINE__, 10, 39, 20, true},  {__LINE__, 9, 0, 20, false}, /* all of the fleet, but under
                                                                       ten */
        {__LINE__, 10, 0, 20, true},   {__LINE__, 10, 0, 100, false}, {__LINE__, 11, 40, 20, true},
        {__LINE__, 50, 50, 50, false}, {__LINE__, 51, 49, 50, true},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        begin();
        healthy(rows[i].others);
        silent("10.0.1.", rows[i].silent, NULL);
        make(rows[i].storm);
        ROW_INT(&rows[i], groups.count, 1);
        ROW_INT(&rows[i], groups.list[0].scope, rows[i].one ? SCOPE_FLEET : SCOPE_NETWORK);
        ROW_INT(&rows[i], groups.list[0].count, rows[i].silent);
        end();
    }
}

static void the_hosts_of_a_rule_are_one_and_clones_are_single(void **state)
{
    (void)state;
    begin();
    for (unsigned i = 1; i <= 30; i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.%u.1", i);
        const struct host *host = fleet_host(&fleet, address);
        fleet_alarm(&fleet, ALARM_RULE, i % 3 ? "kernel" : "telnet", host, -1);
        if (i <= 2)
            fleet_alarm(&fleet, ALARM_CLONE, "", host, -1);
    }
    make(20);
    assert_int_equal(groups.count, 4);
    has(SCOPE_HOST, "", 20);
    has(SCOPE_HOST, "", 10);
    has(SCOPE_HOST, "", 1);
    end();
}

/* Whatever networks and labels they have: no alarm is lost, none is told twice. */
static void each_alarm_is_in_one_group(void **state)
{
    (void)state;
    static const char *const labels[] = {"web", "db", "rack 1", "rack 2"};
    uint64_t seed = 3;
    for (int round = 0; round < 300; round++) {
        size_t count = 1 + unit_below(&seed, 60), in_groups = 0;
        begin();
        healthy(300);
        for (size_t i = 0; i < count; i++) {
            char address[32];
            snprintf(address, sizeof address, "10.0.%zu.%zu", unit_below(&seed, 5), i + 1);
            struct host *host = fleet_host(&fleet, address);
            for (size_t k = 0; k < COUNT(labels); k++)
                if (unit_below(&seed, 4) == 0)
                    host->says.labels[host->says.label_count++] = labels[k];
            fleet_alarm(&fleet, ALARM_SILENT, "", host, 1000);
        }
        make(20);
        bool seen[2 * UNIT_FLEET_MAX] = {false};
        for (size_t g = 0; g < groups.count; g++) {
            assert_true(groups.list[g].scope == SCOPE_HOST ? groups.list[g].count == 1
                                                           : groups.list[g].count >= 2);
            for (size_t i = 0; i < groups.list[g].count; i++, in_groups++) {
                size_t at = (size_t)(groups.list[g].alarms[i] - fleet.list);
                assert_false(seen[at]);
                seen[at] = true;
            }
        }
        assert_int_equal(in_groups, count);
        end();
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(networks_of_addresses),
        cmocka_unit_test(a_network_is_one_and_a_single_host_is_by_itself),
        cmocka_unit_test(the_largest_cause_takes_a_host),
        cmocka_unit_test(a_storm_needs_a_part_of_the_fleet_and_ten_hosts),
        cmocka_unit_test(the_hosts_of_a_rule_are_one_and_clones_are_single),
        cmocka_unit_test(each_alarm_is_in_one_group),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
