/* records: the directory, the day, and what is said when they cannot be read. files: names, order.
 */
#include "handler/read/records.h"
#include "tests/unit/unit.h"

#include <errno.h>
#include <sysexits.h>

static char directory[64];

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    unit_remove(directory);
    return 0;
}

static void no_record_yet_is_no_error(void **state)
{
    (void)state;
    char path[100];
    int data;
    assert_true(records_open(directory, &data));
    assert_int_equal(data, -1);
    snprintf(path, sizeof path, "%s/data", directory);
    assert_int_equal(mkdir(path, 0700), 0);
    assert_true(records_open(directory, &data));
    assert_true(data >= 0);
    assert_int_equal(fcntl(data, F_GETFL) & O_ACCMODE, O_RDONLY);
    close(data);
}

static void what_is_no_directory_is_an_error(void **state)
{
    (void)state;
    char path[100];
    int data;
    snprintf(path, sizeof path, "%s/none", directory);
    assert_false(records_open(path, &data));
    assert_int_equal(errno, ENOENT);
    snprintf(path, sizeof path, "%s/data", directory);
    unit_write(path, "x", 1);
    assert_false(records_open(directory, &data));
    assert_int_equal(errno, ENOTDIR);
}

static void a_day_is_its_end_and_today_is_now(void **state)
{
    (void)state;
    static const char *const wrong[] = {"",           "2026-02-30", "2026-1-1",   "2026-01-011",
                                        "9999-01-01", "yesterday!", "2026/01/01", "2026-01-01T"};
    char today[CLOCK_TIME_LEN + 1];
    int64_t at = 7, before = clock_now();
    assert_true(records_as_of("2024-02-29", &at));
    assert_int_equal(at, clock_parse("2024-02-29T23:59:59.999Z"));
    clock_rfc3339(before, today);
    today[CLOCK_DATE_LEN] = '\0';
    assert_true(records_as_of(today, &at));
    assert_true(at >= before || at % CLOCK_DAY_MS == CLOCK_DAY_MS - 1); /* or it was midnight */
    for (size_t i = 0; i < COUNT(wrong); i++) {
        at = 7;
        assert_false(records_as_of(wrong[i], &at));
        assert_int_equal(at, 7);
    }
}

static void a_scan_says_what_it_could_not_read(void **state)
{
    (void)state;
    struct capture said;
    struct records r = {.program = "rollcall-x",
                        .directory = "/no/such",
                        .now_ms = clock_now(),
                        .every_ms = 1000,
                        .data = -1};
    capture_begin(&said, STDERR_FILENO);
    int status = records_scan(&r);
    records_end(&r);
    capture_end(&said);
    assert_int_equal(status, EX_IOERR);
    assert_string_equal(said.text, "rollcall-x: cannot read /no/such: No such file or directory\n");
    r = (struct records){.program = "rollcall-x",
                         .directory = directory,
                         .hosts_path = "/no/hosts",
                         .now_ms = clock_now(),
                         .every_ms = 1000,
                         .data = -1};
    capture_begin(&said, STDERR_FILENO);
    status = records_scan(&r);
    records_end(&r);
    capture_end(&said);
    assert_int_equal(status, EX_IOERR);
    assert_non_null(strstr(said.text, "rollcall-x: cannot read /no/hosts: "));
}

static void names_of_files(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *ip, *name;
    } rows[] = {
        {__LINE__, "10.0.0.7", "2026-11-20/10.0.0.7_2026-11-20.json"},
        {__LINE__, "2001:db8::1", "2026-11-20/2001-db8--1_2026-11-20.json"},
        {__LINE__, "::1", "2026-11-20/0--1_2026-11-20.json"},
        {__LINE__, "::ffff:10.0.0.7", "2026-11-20/10.0.0.7_2026-11-20.json"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char name[FILES_NAME_MAX];
        struct ip ip;
        ROW_TRUE(&rows[i], ip_parse(rows[i].ip, &ip));
        files_name(&ip, clock_parse("2026-11-20T00:00:00.000Z"), name);
        ROW_STR(&rows[i], name, rows[i].name);
    }
}

static void the_order_is_that_of_the_bytes(void **state)
{
    (void)state;
    static const char *const order[] = {"0.0.0.0",      "9.255.255.255", "10.0.0.2", "10.0.0.10",
                                        "10.0.1.0",     "255.0.0.1",     "::1",      "2001:db8::9",
                                        "2001:db8::10", "fe80::1"};
    for (size_t a = 0; a < COUNT(order); a++)
        for (size_t b = 0; b < COUNT(order); b++) {
            struct ip x, y;
            assert_true(ip_parse(order[a], &x) && ip_parse(order[b], &y));
            int got = files_compare(&x, &y);
            assert_int_equal((got > 0) - (got < 0), (a > b) - (a < b));
        }
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(no_record_yet_is_no_error),
        TEST(what_is_no_directory_is_an_error),
        TEST(a_day_is_its_end_and_today_is_now),
        TEST(a_scan_says_what_it_could_not_read),
        TEST(names_of_files),
        TEST(the_order_is_that_of_the_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
