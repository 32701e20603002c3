/* hostsfile: which line counts. */
#include "handler/read/hostsfile.h"
#include "tests/unit/unit.h"

static char directory[64], path[128];
static struct hostsfile file;
static unsigned bad[32], bad_count;

static void note_bad(void *context, unsigned line, const char *reason)
{
    (void)context;
    (void)reason;
    bad[bad_count++ % 32] = line;
}

static bool load(const char *text)
{
    bad_count = 0;
    unit_write(path, text, strlen(text));
    return hostsfile_refresh(&file, note_bad, NULL);
}

static struct host_attributes look_up(const char *address, const char *hostname)
{
    struct host_attributes out;
    struct ip ip;
    assert_true(!address || ip_parse(address, &ip));
    hostsfile_look_up(&file, address ? &ip : NULL, hostname, &out);
    return out;
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    snprintf(path, sizeof path, "%s/hosts", directory);
    hostsfile_init(&file, path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    hostsfile_release(&file);
    unit_remove(directory);
    return 0;
}

static void the_most_specific_line_counts_for_each_attribute(void **state)
{
    (void)state;
    assert_true(load("10.0.0.0/8 every=1h name=net\n"
                     "10.4.0.0/16 every=2h\n"
                     "db-* every=3h\n"
                     "db-7* every=4h name=glob\n"
                     "db-7.example.net every=5h\n"
                     "10.4.7.31 every=6h\n"));
    assert_int_equal(bad_count, 0);
    assert_int_equal(look_up("10.4.7.31", "db-7.example.net").every_ms, 6 * 3600000);
    assert_string_equal(look_up("10.4.7.31", "db-7.example.net").name, "glob");
    assert_int_equal(look_up("10.4.7.32", "DB-7.Example.Net").every_ms, 5 * 3600000);
    assert_int_equal(look_up("10.4.7.32", "db-77").every_ms, 4 * 3600000);
    assert_int_equal(look_up("10.4.7.32", "db-1").every_ms, 3 * 3600000);
    assert_int_equal(look_up("10.4.7.32", "web").every_ms, 2 * 3600000);
    assert_string_equal(look_up("10.4.7.32", "web").name, "net");
    assert_int_equal(look_up("10.9.7.32", "").every_ms, 3600000);
    assert_int_equal(look_up("192.0.2.1", "web").every_ms, 0);
    assert_int_equal(look_up(NULL, "db-1").every_ms, 3 * 3600000);
}

static void of_equal_lines_the_later_counts_and_labels_add_up(void **state)
{
    (void)state;
    assert_true(load("10.0.0.1 every=1m label=a label=\"rack 7\"\n"
                     "10.0.0.1 every=2m label=b label=a # again\n"
                     "10.0.0.0/24 label=net ephemeral\n"));
    struct host_attributes got = look_up("10.0.0.1", "");
    assert_int_equal(got.every_ms, 120000);
    assert_int_equal(got.label_count, 4);
    assert_string_equal(got.labels[0], "net");
    assert_string_equal(got.labels[1], "a");
    assert_string_equal(got.labels[2], "rack 7");
    assert_string_equal(got.labels[3], "b");
    assert_true(got.ephemeral && !got.retired);
}

static void bad_lines_are_skipped_and_named(void **state)
{
    (void)state;
    assert_true(load("# a comment\n\n"
                     "10.0.0.1 every=banana\n"
                     "10.0.0.1 colour=red\n"
                     "10.0.0.0/33\n"
                     "10.0.0.1 name=\"open\n"
                     "10.0.0.1 quiet_until=tomorrow\n"
                     "10.0.0.1 label=\n"
                     "10.0.0.1 retired\n"));
    assert_int_equal(bad_count, 6);
    for (unsigned i = 0; i < 6; i++)
        assert_int_equal(bad[i], 3 + i);
    assert_true(look_up("10.0.0.1", "").retired);
    assert_int_equal(look_up("10.0.0.1", "").every_ms, 0);
}

static void a_changed_file_is_read_again_and_a_missing_one_forgotten(void **state)
{
    (void)state;
    assert_true(load("10.0.0.1 retired\n"));
    assert_true(look_up("10.0.0.1", "").retired);
    assert_true(load("10.0.0.2 retired\n"));
    assert_false(look_up("10.0.0.1", "").retired);
    assert_true(look_up("10.0.0.2", "").retired);
    struct capture c;
    capture_begin(&c, STDERR_FILENO);
    unlink(path);
    assert_false(hostsfile_refresh(&file, NULL, NULL));
    assert_false(hostsfile_refresh(&file, NULL, NULL));
    capture_end(&c);
    assert_false(look_up("10.0.0.2", "").retired);
    assert_non_null(strstr(c.text, "event=hosts_unreadable"));
    assert_null(strstr(strstr(c.text, "event=hosts_unreadable") + 1, "event=hosts_unreadable"));
}

static void times(void **state)
{
    (void)state;
    assert_true(
        load("a quiet_until=2026-12-01T06:00:00Z\nb quiet_until=2026-12-01T06:00:00.500Z\n"));
    assert_int_equal(bad_count, 0);
    assert_int_equal(look_up(NULL, "b").quiet_until - look_up(NULL, "a").quiet_until, 500);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_most_specific_line_counts_for_each_attribute, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(of_equal_lines_the_later_counts_and_labels_add_up, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(bad_lines_are_skipped_and_named, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_file_is_read_again_and_a_missing_one_forgotten,
                                        set_up, tear_down),
        cmocka_unit_test_setup_teardown(times, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
