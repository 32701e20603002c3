/* healdir: today's and yesterday's files, compared whole and repaired. */
#include "tests/unit/handler/bed.h"

#include "handler/verify/healdir.h"

static struct bed bed;
static struct healdir total;
static struct capture out;

static int64_t booted_later(void)
{
    return INT64_MAX;
}

static void heal_all(void)
{
    total = (struct healdir){.clock = bed_clock, .boot = booted_later};
    capture_begin(&out, STDOUT_FILENO);
    healdir(&total, bed.records);
    capture_end(&out);
}

static void damage_anywhere_is_repaired(void **state)
{
    (void)state;
    for (int n = 0; n < 60; n++, bed_time += 60000)
        bed_store(&bed, BED_RECORD("\"hostname\":\"h\","));
    struct bed_shot before = bed_shoot(&bed);
    for (size_t at = 0; at < before.csv_len; at += 531) {
        unit_write_at(bed_csv(&bed), "\0\0\0", 3, (off_t)at);
        heal_all();
        assert_int_equal(total.healed, 1);
        assert_int_equal(total.problems, 0);
        assert_true(bed_same(&bed, &before));
    }
    heal_all();
    assert_int_equal(total.files, 1);
    assert_int_equal(total.healed, 0);
    bed_forget(&before);
}

static void the_days(void **state)
{
    (void)state;
    struct bed_shot before;
    for (int days = 0; days < 3; days++) {
        bed_time = BED_NOW;
        bed_store(&bed, BED_RECORD(""));
        before = bed_shoot(&bed);
        assert_int_equal(truncate(bed_csv(&bed), 10), 0);
        bed_time += days * CLOCK_DAY_MS;
        heal_all();
        bed_time = BED_NOW;
        assert_int_equal(total.healed, days < 2);
        assert_int_equal(bed_same(&bed, &before), days < 2);
        bed_forget(&before);
        unlink(bed_json(&bed));
        unlink(bed_csv(&bed));
    }
}

static void a_missing_csv_file_is_created(void **state)
{
    (void)state;
    if (geteuid() != 0)
        skip();
    bed_store(&bed, BED_RECORD(""));
    struct bed_shot before = bed_shoot(&bed);
    assert_int_equal(chown(bed_json(&bed), 65534, 65534), 0);
    assert_int_equal(unlink(bed_csv(&bed)), 0);
    heal_all();
    assert_int_equal(total.healed, 1);
    assert_true(bed_same(&bed, &before));
    struct stat st;
    assert_int_equal(stat(bed_csv(&bed), &st), 0);
    assert_int_equal(st.st_uid, 65534); /* the handler can write to it */
    bed_forget(&before);
}

static void damage_that_cannot_be_healed_is_a_problem(void **state)
{
    (void)state;
    bed_store(&bed, BED_RECORD(""));
    unit_write_at(bed_json(&bed), "hello\n", 6, unit_size(bed_json(&bed)));
    struct bed_shot before = bed_shoot(&bed);
    struct capture log;
    capture_begin(&log, STDERR_FILENO);
    heal_all();
    capture_end(&log);
    assert_int_equal(total.problems, 1);
    assert_non_null(strstr(out.text, "10.0.0.7_2026-11-20.json: "));
    assert_true(bed_same(&bed, &before));
    bed_forget(&before);
}

static void no_store(void **state)
{
    (void)state;
    unit_remove(bed.records);
    heal_all();
    assert_int_equal(total.problems, 1);
}

static int set_up(void **state)
{
    (void)state;
    bed_make(&bed);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    bed_remove(&bed);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(damage_anywhere_is_repaired),
        TEST(the_days),
        TEST(a_missing_csv_file_is_created),
        TEST(no_store),
        TEST(damage_that_cannot_be_healed_is_a_problem),
    };
    return cmocka_run_group_tests_name("healdir", tests, NULL, NULL);
}
