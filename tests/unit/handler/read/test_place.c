/* place: a record found by its time, over several days, and the steps back. beats: when it came. */
#include "handler/read/beats.h"
#include "handler/read/place.h"
#include "tests/unit/handler/made.h"

enum { MINUTE = 60000, DAYS = 3, LINES = 24 };

static char directory[64];
static int data;
static int64_t first_day;
static struct ip ip;
static struct place place;

/* A line each hour of three days, at minute 30. */
static void write_days(void)
{
    for (int day = 0; day < DAYS; day++) {
        static struct made m;
        char name[FILES_NAME_MAX], path[200];
        int64_t start = first_day + day * CLOCK_DAY_MS;
        made_begin(&m);
        for (int hour = 0; hour < LINES; hour++) {
            clock_rfc3339(start + (60 * hour + 30) * (int64_t)MINUTE, m.last.received_at);
            made_line(&m, 200, 0);
        }
        files_name(&ip, start, name);
        snprintf(path, sizeof path, "%s/%.10s", directory, name);
        assert_int_equal(mkdir(path, 0700), 0);
        snprintf(path, sizeof path, "%s/%s", directory, name);
        unit_write(path, m.file.data, m.file.len);
        made_end(&m);
    }
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    data = open(directory, O_RDONLY | O_DIRECTORY);
    first_day = clock_parse("2026-11-18T00:00:00.000Z");
    assert_true(ip_parse("10.0.0.7", &ip));
    write_days();
    place_init(&place, data, &ip, first_day);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    place_release(&place);
    close(data);
    unit_remove(directory);
    return 0;
}

static void the_newest_at_or_before_a_time(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *at, *found; /* NULL: none */
    } rows[] = {
        {__LINE__, "2026-11-20T23:59:59.999Z", "2026-11-20T23:30:00.000Z"},
        {__LINE__, "2026-11-25T00:00:00.000Z", "2026-11-20T23:30:00.000Z"},
        {__LINE__, "2026-11-20T12:30:00.000Z", "2026-11-20T12:30:00.000Z"},
        {__LINE__, "2026-11-20T12:29:59.999Z", "2026-11-20T11:30:00.000Z"},
        {__LINE__, "2026-11-20T00:10:00.000Z", "2026-11-19T23:30:00.000Z"}, /* the day before */
        {__LINE__, "2026-11-18T00:30:00.000Z", "2026-11-18T00:30:00.000Z"},
        {__LINE__, "2026-11-18T00:29:59.999Z", NULL},
        {__LINE__, "2026-11-01T00:00:00.000Z", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[CLOCK_TIME_LEN + 1];
        place_release(&place);
        place_init(&place, data, &ip, first_day);
        ROW_INT(&rows[i], place_find(&place, clock_parse(rows[i].at)), rows[i].found != NULL);
        if (!rows[i].found)
            continue;
        clock_rfc3339(place.tail.received_ms, text);
        ROW_STR(&rows[i], text, rows[i].found);
    }
}

static void back_to_the_first_record_of_all_days(void **state)
{
    (void)state;
    int seen = 1;
    assert_true(place_find(&place, first_day + DAYS * CLOCK_DAY_MS));
    int64_t last = place.tail.received_ms;
    for (; place_back(&place); seen++) {
        assert_int_equal(last - place.tail.received_ms, 60 * MINUTE);
        last = place.tail.received_ms;
    }
    assert_int_equal(seen, DAYS * LINES);
    assert_int_equal(last, first_day + 30 * MINUTE);
}

static void days_before_the_first_are_not_looked_at(void **state)
{
    (void)state;
    place_release(&place);
    place_init(&place, data, &ip, first_day + CLOCK_DAY_MS);
    assert_false(place_find(&place, first_day + CLOCK_DAY_MS - 1));
    assert_true(place_find(&place, first_day + CLOCK_DAY_MS + 30 * MINUTE));
    assert_false(place_back(&place));
}

static void first_seen_missed_and_hours(void **state)
{
    (void)state;
    static _Alignas(struct report) char memory[sizeof(struct report)];
    struct report *r = (struct report *)(void *)memory;
    const struct host host = {
        .ip = ip, .report = r, .every_ms = 10 * MINUTE, .day_ms = first_day + 2 * CLOCK_DAY_MS};
    struct beats beats;
    r->received_ms = first_day + 2 * CLOCK_DAY_MS + (23 * 60 + 30) * (int64_t)MINUTE;
    beats_read(&beats, &(struct beats_ask){.data = data,
                                           .host = &host,
                                           .now_ms = first_day + 3 * CLOCK_DAY_MS - 1,
                                           .absent_days = 7});
    assert_int_equal(beats.first_seen, first_day + 30 * MINUTE);
    for (int hour = 0; hour < BEATS_HOURS; hour++)
        assert_int_equal(beats.hours[hour], 1);
    assert_in_range(beats.missed, 23 * 5, 23 * 5 + 3); /* one of six intervals has a record */
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(the_newest_at_or_before_a_time),
        TEST(back_to_the_first_record_of_all_days),
        TEST(days_before_the_first_are_not_looked_at),
        TEST(first_seen_missed_and_hours),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
