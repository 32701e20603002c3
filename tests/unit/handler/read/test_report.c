/* report: the last records of an address, of one machine or several, over midnight. */
#include "handler/read/report.h"
#include "handler/store/trailer.h"
#include "tests/unit/unit.h"

enum { FILE_MAX = 1 << 20, DAY = 24 * 60 * 60 * 1000 };

static struct report_reader reader;
static struct report *report;
static char directory[64];
static int data;
static struct report_source source;
static struct buf files[2]; /* of yesterday and today */
static uint64_t seqs[2];
static int64_t midnight;

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    data = open(directory, O_RDONLY | O_DIRECTORY);
    report_reader_init(&reader);
    report = NULL;
    midnight = clock_parse("2026-11-20T00:00:00.000Z");
    source = (struct report_source){.data = data, .day_ms = midnight};
    assert_true(ip_parse("10.0.0.7", &source.ip));
    for (int i = 0; i < 2; i++) {
        buf_init(&files[i], FILE_MAX);
        seqs[i] = 0;
    }
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    report_free(report);
    report_reader_release(&reader);
    for (int i = 0; i < 2; i++)
        buf_release(&files[i]);
    close(data);
    unit_remove(directory);
    return 0;
}

/* A record of `machine` (NULL: without machine_id), `minute` minutes after midnight. */
static void add(int minute, const char *machine, const char *boot, const char *kernel)
{
    int day = minute >= 0;
    struct buf *file = &files[day];
    struct trailer t = {.client_ip = "10.0.0.7", .line_start = file->len, .seq = ++seqs[day]};
    clock_rfc3339(midnight + (int64_t)minute * 60000, t.received_at);
    memset(t.chain, 'a', DIGEST_HEX_LEN);
    buf_puts(file, "{\"processor\":\"p\",\"os_name\":\"Linux\"");
    if (machine)
        buf_printf(file, ",\"machine_id\":\"%s\"", machine);
    buf_printf(file, ",\"boot_id\":\"%s\",\"os_ver\":\"%s\",\"hostname\":\"h-%s\"", boot, kernel,
               machine ? machine : "x");
    trailer_open(&t, file);
    trailer_close(&t, file);
}

static void write_day(int day)
{
    char name[FILES_NAME_MAX], path[200];
    files_name(&source.ip, midnight - (day ? 0 : DAY), name);
    snprintf(path, sizeof path, "%s/%.10s", directory, name);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/%s", directory, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    assert_int_equal(write(fd, files[day].data, files[day].len), files[day].len);
    close(fd);
}

/* Reads today's file. */
static void read_report(void)
{
    struct stat st;
    for (int day = 0; day < 2; day++)
        if (files[day].len > 0)
            write_day(day);
    report_free(report);
    int fd = files_open(data, &source.ip, source.day_ms, &st);
    assert_true(fd >= 0);
    assert_int_equal(report_read(&reader, &source, fd, st.st_size, &report), TAIL_OK);
    close(fd);
}

/* The machines of the report, such as "b a ". */
static const char *machines(void)
{
    static char text[2048];
    size_t at = 0;
    text[0] = '\0';
    for (const struct report *one = report; one; one = one->next)
        at +=
            (size_t)snprintf(text + at, sizeof text - at, "%s ",
                             one->fact[FACT_MACHINE_ID].ptr ? one->fact[FACT_MACHINE_ID].ptr : "-");
    return text;
}

static void one_machine_is_one_report(void **state)
{
    (void)state;
    for (int i = 0; i < 30; i++)
        add(i * 5, "a", "1", "6.1");
    read_report();
    assert_string_equal(machines(), "a ");
    assert_int_equal(report->flags, 0);
    assert_false(report->crossed);
}

static void a_machine_in_the_last_16_lines_shares_the_address(void **state)
{
    (void)state;
    add(0, "b", "2", "6.1");
    for (int i = 1; i <= 15; i++)
        add(i * 5, "a", "1", "6.1");
    read_report();
    assert_string_equal(machines(), "a b ");
    assert_int_equal(report->flags, REPORT_SHARED);
    assert_int_equal(report->next->flags, REPORT_SHARED);
    assert_int_equal(report->next->received_ms, midnight);
    add(16 * 5, "a", "1", "6.1");
    read_report();
    assert_string_equal(machines(), "a ");
    assert_int_equal(report->flags, 0);
}

static void machines_of_a_shared_address_are_found_a_day_back(void **state)
{
    (void)state;
    add(-1441, "old", "1", "6.1");
    add(-300, "e", "1", "6.1");
    add(-299, "d", "1", "6.1");
    for (int i = 0; i < 100; i++)
        add(i, i % 2 ? "a" : "b", "1", "6.1");
    read_report();
    assert_string_equal(machines(), "a b d e ");
    assert_true(report->crossed);
}

static void yesterday_completes_a_file_with_few_lines(void **state)
{
    (void)state;
    add(-15, "b", "2", "6.1");
    add(-10, "a", "0", "6.2");
    add(-5, "a", "1", "6.1");
    add(0, "a", "1", "6.1");
    read_report();
    assert_string_equal(machines(), "a b ");
    assert_int_equal(report->flags, REPORT_SHARED | REPORT_REBOOTED | REPORT_REGRESSED);
    assert_true(report->crossed);
    struct file_mark now = files_mark_of(data, &source.ip, midnight - DAY);
    assert_true(files_mark_same(&now, &report->before));
}

static void without_a_file_of_yesterday_there_is_no_mark(void **state)
{
    (void)state;
    add(0, "a", "1", "6.1");
    read_report();
    assert_string_equal(machines(), "a ");
    assert_true(report->crossed);
    assert_int_equal(report->before.inode, 0);
}

static void each_machine_is_compared_with_itself(void **state)
{
    (void)state;
    add(0, "b", "9", "5.0");
    add(1, "a", "1", "6.1");
    add(2, "b", "9", "5.0");
    add(3, "a", "2", "6.1");
    read_report();
    assert_string_equal(machines(), "a b ");
    assert_int_equal(report->flags, REPORT_SHARED | REPORT_REBOOTED);
    assert_int_equal(report->next->flags, REPORT_SHARED);
}

/* A script on the host reports without machine_id. */
static void a_record_without_machine_id_does_not_share(void **state)
{
    (void)state;
    add(0, "a", "1", "6.1");
    add(1, NULL, "1", "6.1");
    read_report();
    assert_string_equal(machines(), "- ");
    assert_int_equal(report->flags, 0);
    add(2, "b", "1", "6.1");
    read_report();
    assert_string_equal(machines(), "b - a ");
}

static void only_the_last_4_records_tell_of_a_reboot(void **state)
{
    (void)state;
    add(0, "a", "0", "6.1");
    for (int i = 1; i <= 3; i++)
        add(i, "a", "1", "6.1");
    read_report();
    assert_int_equal(report->flags, REPORT_REBOOTED);
    add(4, "a", "1", "6.1");
    read_report();
    assert_int_equal(report->flags, 0);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
    const struct CMUnitTest tests[] = {
        TEST(one_machine_is_one_report),
        TEST(a_machine_in_the_last_16_lines_shares_the_address),
        TEST(machines_of_a_shared_address_are_found_a_day_back),
        TEST(yesterday_completes_a_file_with_few_lines),
        TEST(without_a_file_of_yesterday_there_is_no_mark),
        TEST(each_machine_is_compared_with_itself),
        TEST(a_record_without_machine_id_does_not_share),
        TEST(only_the_last_4_records_tell_of_a_reboot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
