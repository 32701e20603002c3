/* clock: days and times in UTC, written and read back. */
#include "tests/unit/unit.h"

#include "handler/shared/clock.h"

#include <time.h>

static const struct {
    int line;
    int64_t ms;
    const char *text;
} times[] = {
    {__LINE__, 0, "1970-01-01T00:00:00.000Z"},
    {__LINE__, 1, "1970-01-01T00:00:00.001Z"},
    {__LINE__, CLOCK_DAY_MS - 1, "1970-01-01T23:59:59.999Z"},
    {__LINE__, CLOCK_DAY_MS, "1970-01-02T00:00:00.000Z"},
    {__LINE__, 951782399999, "2000-02-28T23:59:59.999Z"},
    {__LINE__, 951782400000, "2000-02-29T00:00:00.000Z"},
    {__LINE__, 951868800000, "2000-03-01T00:00:00.000Z"},
    {__LINE__, 1709164800000, "2024-02-29T00:00:00.000Z"},
    {__LINE__, 1709251199999, "2024-02-29T23:59:59.999Z"},
    {__LINE__, 1709251200000, "2024-03-01T00:00:00.000Z"},
    {__LINE__, 1677628800000, "2023-03-01T00:00:00.000Z"},
    {__LINE__, 1795178096789, "2026-11-20T12:34:56.789Z"},
    {__LINE__, 4107542399999, "2100-02-28T23:59:59.999Z"},
    {__LINE__, 4107542400000, "2100-03-01T00:00:00.000Z"},
    {__LINE__, 253402300799999, "9999-12-31T23:59:59.999Z"},
};

static void writes(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        char text[CLOCK_TIME_LEN + 1], date[CLOCK_DATE_LEN + 1];
        clock_rfc3339(times[i].ms, text);
        clock_date(times[i].ms, date);
        ROW_STR(&times[i], text, times[i].text);
        ROW_BYTES(&times[i], date, strlen(date), times[i].text, CLOCK_DATE_LEN);
    }
}

static void reads_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++)
        ROW_INT(&times[i], clock_parse(times[i].text), times[i].ms);
}

/* Each fifth day from 0000-01-01 to 9999-12-31, as gmtime_r(3) has it: all there are in 2000 years,
 * since five does not divide the days of the calendar's 400. */
static void as_libc_has_it(void **state)
{
    (void)state;
    for (int64_t day = -719528; day <= 2932896; day += 5) {
        time_t seconds = (time_t)day * 86400 + 86399;
        struct tm tm;
        char want[80], text[CLOCK_TIME_LEN + 1], date[CLOCK_DATE_LEN + 1];
        gmtime_r(&seconds, &tm);
        snprintf(want, sizeof want, "%04d-%02d-%02dT23:59:59.000Z", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday);
        clock_rfc3339((int64_t)seconds * 1000, text);
        assert_string_equal(text, want);
        clock_date((int64_t)seconds * 1000, date);
        BYTES(date, strlen(date), want, CLOCK_DATE_LEN);
        assert_int_equal(clock_parse(text), (int64_t)seconds * 1000);
    }
}

static void day_starts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(times); i++) {
        int64_t start = clock_day_start(times[i].ms);
        char at_start[CLOCK_TIME_LEN + 1], want[CLOCK_TIME_LEN + 1];
        clock_rfc3339(start, at_start);
        snprintf(want, sizeof want, "%.10sT00:00:00.000Z", times[i].text);
        ROW_STR(&times[i], at_start, want);
    }
    assert_int_equal(clock_day_start(-1), -CLOCK_DAY_MS);
    assert_int_equal(clock_day_start(-CLOCK_DAY_MS), -CLOCK_DAY_MS);
}

static void refuses(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
    } rows[] = {
        {__LINE__, "2026-11-20 12:34:56.789Z"}, {__LINE__, "2026-11-20T12:34:56,789Z"},
        {__LINE__, "2026-11-20T12:34:56.789z"}, {__LINE__, "2026-11-20T12:34:56.78 Z"},
        {__LINE__, "+026-11-20T12:34:56.789Z"}, {__LINE__, "2026-11-20T12:34:5\0.789Z"},
        {__LINE__, "2026-1 -20T12:34:56.789Z"}, {__LINE__, "2026-13-20T12:34:56.789Z"},
        {__LINE__, "2026-00-20T12:34:56.789Z"}, {__LINE__, "2026-02-29T12:34:56.789Z"},
        {__LINE__, "2026-11-31T12:34:56.789Z"}, {__LINE__, "2026-11-00T12:34:56.789Z"},
        {__LINE__, "2026-11-20T24:00:00.000Z"}, {__LINE__, "2026-11-20T12:60:56.789Z"},
        {__LINE__, "2026-11-20T12:34:60.789Z"}, {__LINE__, "                        "},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_INT(&rows[i], clock_parse(rows[i].text), -1);
}

/* Every hour of a leap year and its neighbours, in a time zone that is not UTC. */
static void round_trip(void **state)
{
    (void)state;
    setenv("TZ", "America/St_Johns", 1);
    tzset();
    for (int64_t ms = 1672531200000; ms < 1767225600000; ms += 3599999) {
        char text[CLOCK_TIME_LEN + 1];
        clock_rfc3339(ms, text);
        assert_int_equal(strlen(text), CLOCK_TIME_LEN);
        assert_int_equal(clock_parse(text), ms);
    }
}

static void now_is_now(void **state)
{
    (void)state;
    time_t before = time(NULL);
    int64_t now = clock_now();
    assert_true(now / 1000 >= before - 1);
    assert_true(now / 1000 <= time(NULL) + 1);
    int64_t first = clock_monotonic();
    assert_true(clock_monotonic() >= first);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(writes),         cmocka_unit_test(reads_back),
        cmocka_unit_test(as_libc_has_it), cmocka_unit_test(day_starts),
        cmocka_unit_test(refuses),        cmocka_unit_test(round_trip),
        cmocka_unit_test(now_is_now),
    };
    return cmocka_run_group_tests_name("clock", tests, NULL, NULL);
}
