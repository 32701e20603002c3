#include "handler/shared/clock.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

static int64_t read_clock(clockid_t id)
{
    struct timespec ts;
    clock_gettime(id, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t clock_now(void)
{
    return read_clock(CLOCK_REALTIME);
}

int64_t clock_boot(void)
{
    return clock_now() - read_clock(CLOCK_BOOTTIME);
}

int64_t clock_monotonic(void)
{
    return read_clock(CLOCK_MONOTONIC);
}

int64_t clock_day_start(int64_t ms)
{
    int64_t rest = ms % CLOCK_DAY_MS;
    return ms - (rest < 0 ? rest + CLOCK_DAY_MS : rest);
}

/*
 * The Gregorian calendar, in eras of 400 years that begin on the first of March, so that a leap day
 * is the last of its year (Howard Hinnant, "chrono-compatible low-level date algorithms").
 * gmtime_r(3) and timegm(3) take ten times as long, which matters if a request reads 17 lines.
 */
enum { ERA_DAYS = 146097, EPOCH_IN_ERAS = 719468 };

struct civil {
    int64_t year;
    int month, day;
};

static struct civil civil_of(int64_t day)
{
    day += EPOCH_IN_ERAS;
    int64_t era = (day >= 0 ? day : day - ERA_DAYS + 1) / ERA_DAYS;
    int in_era = (int)(day - era * ERA_DAYS);
    int year = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
    int in_year = in_era - (365 * year + year / 4 - year / 100);
    int month = (5 * in_year + 2) / 153;
    return (struct civil){.year = era * 400 + year + (month >= 10),
                          .month = month < 10 ? month + 3 : month - 9,
                          .day = in_year - (153 * month + 2) / 5 + 1};
}

static int64_t day_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = (year >= 0 ? year : year - 399) / 400;
    int in_era = (int)(year - era * 400);
    int in_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return era * ERA_DAYS + in_era * 365 + in_era / 4 - in_era / 100 + in_year - EPOCH_IN_ERAS;
}

/* Writes the last `digits` decimal digits of `number`. */
static inline char *put_digits(char *out, int number, int digits)
{
    unsigned n = (unsigned)number; /* dividing it costs half as much */
    for (int i = digits - 1; i >= 0; i--, n /= 10)
        out[i] = (char)('0' + n % 10);
    return out + digits;
}

static char *put_date(char *out, int64_t day_start)
{
    struct civil date = civil_of(day_start / CLOCK_DAY_MS);
    out = put_digits(out, (int)(date.year % 10000), 4);
    *out++ = '-';
    out = put_digits(out, date.month, 2);
    *out++ = '-';
    return put_digits(out, date.day, 2);
}

void clock_date(int64_t ms, char out[CLOCK_DATE_LEN + 1])
{
    *put_date(out, clock_day_start(ms)) = '\0';
}

void clock_rfc3339(int64_t ms, char out[CLOCK_TIME_LEN + 1])
{
    int64_t start = clock_day_start(ms);
    int rest = (int)(ms - start);
    char *at = put_date(out, start);
    *at++ = 'T';
    at = put_digits(at, rest / 3600000, 2);
    *at++ = ':';
    at = put_digits(at, rest / 60000 % 60, 2);
    *at++ = ':';
    at = put_digits(at, rest / 1000 % 60, 2);
    *at++ = '.';
    at = put_digits(at, rest % 1000, 3);
    memcpy(at, "Z", 2);
}

/* The number in `digits` digits at text[at]; *ok becomes false if one of them is not a digit. */
static inline int get_digits(const char *text, int at, int digits, bool *ok)
{
    int n = 0;
    for (const char *p = text + at; p < text + at + digits; p++) {
        *ok &= *p >= '0' && *p <= '9';
        n = n * 10 + (*p - '0');
    }
    return n;
}

int64_t clock_parse(const char *text)
{
    bool ok = text[4] == '-' && text[7] == '-' && text[10] == 'T' && text[13] == ':' &&
              text[16] == ':' && text[19] == '.' && text[23] == 'Z';
    if (!ok)
        return -1;
    int year = get_digits(text, 0, 4, &ok), month = get_digits(text, 5, 2, &ok),
        mday = get_digits(text, 8, 2, &ok), hour = get_digits(text, 11, 2, &ok),
        minute = get_digits(text, 14, 2, &ok), second = get_digits(text, 17, 2, &ok),
        ms = get_digits(text, 20, 3, &ok);
    if (!ok || hour > 23 || minute > 59 || second > 59)
        return -1;
    int64_t day = day_of(year, month, mday);
    struct civil again = civil_of(day); /* differs for the 30th of February */
    if (again.year != year || again.month != month || again.day != mday)
        return -1;
    return day * CLOCK_DAY_MS + (((int64_t)hour * 60 + minute) * 60 + second) * 1000 + ms;
}

void clock_sleep_us(int64_t us)
{
    struct timespec ts = {.tv_sec = (time_t)(us / 1000000), .tv_nsec = (long)(us % 1000000) * 1000};
    nanosleep(&ts, NULL);
}

void clock_sleep(int64_t ms)
{
    clock_sleep_us(ms * 1000);
}
