/* groups: equal things of many hosts, counted once each. */
#include "handler/query/groups.h"
#include "handler/shared/buf.h"
#include "tests/unit/unit.h"

static struct groups groups;
static struct host hosts[100];

static void add(const char *members, size_t host)
{
    assert_true(groups_add(&groups, text_of(members), &hosts[host]));
}

static void things_hosts_and_examples_are_counted(void **state)
{
    (void)state;
    struct buf out;
    assert_true(groups_init(&groups));
    for (size_t i = 0; i < COUNT(hosts); i++) {
        char address[32];
        snprintf(address, sizeof address, "10.0.0.%zu", i);
        assert_true(ip_parse(address, &hosts[i].ip));
        add("\"cmd\":\"nginx\"", i);
        add("\"cmd\":\"nginx\"", i); /* twice on each host */
        if (i < 2)
            add("\"cmd\":\"redis\"", i);
    }
    buf_init(&out, 1 << 20);
    groups_put(&groups, 10, "processes", &out);
    assert_non_null(buf_str(&out));
    static const char first[] =
        "\n{\"cmd\":\"nginx\",\"hosts\":100,\"processes\":200,\"examples\":["
        "{\"ip\":\"10.0.0.0\",\"hostname\":null}";
    assert_memory_equal(out.data, first, sizeof first - 1);
    assert_non_null(strstr(out.data, "10.0.0.19\""));
    assert_null(strstr(out.data, "10.0.0.20\""));
    assert_non_null(strstr(out.data, "{\"cmd\":\"redis\",\"hosts\":2,\"processes\":2,"));
    buf_reset(&out);
    groups_put(&groups, 1, "processes", &out);
    assert_null(strstr(buf_str(&out), "redis"));
    buf_release(&out);
    groups_release(&groups);
}

static void those_over_the_limit_are_counted_as_left_out(void **state)
{
    (void)state;
    char members[40];
    assert_true(groups_init(&groups));
    for (size_t round = 0; round < 2; round++)
        for (size_t i = 0; i < GROUPS_MAX + 50; i++) {
            snprintf(members, sizeof members, "\"cmd\":\"%zu\"", i);
            add(members, round);
        }
    assert_int_equal(groups.count, GROUPS_MAX);
    assert_int_equal(groups.left_out, 100);
    groups_release(&groups);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(things_hosts_and_examples_are_counted),
        cmocka_unit_test(those_over_the_limit_are_counted_as_left_out),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
