#include "shared/clock.h"

#include <stdio.h>
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

/* Writes `digits` decimal digits of `n`; what does not fit is lost, as in a year above 9999. */
static char *put_digits(char *out, int n, int digits)
{
    for (int i = digits - 1; i >= 0; i--, n /= 10)
        out[i] = (char)('0' + n % 10);
    return out + digits;
}

static char *put_date(char *out, const struct tm *tm)
{
    out = put_digits(out, tm->tm_year + 1900, 4);
    *out++ = '-';
    out = put_digits(out, tm->tm_mon + 1, 2);
    *out++ = '-';
    return put_digits(out, tm->tm_mday, 2);
}

void clock_date(int64_t ms, char out[CLOCK_DATE_LEN + 1])
{
    time_t day = (time_t)(clock_day_start(ms) / 1000);
    struct tm tm;
    gmtime_r(&day, &tm);
    *put_date(out, &tm) = '\0';
}

void clock_rfc3339(int64_t ms, char out[CLOCK_TIME_LEN + 1])
{
    int64_t start = clock_day_start(ms);
    time_t day = (time_t)(start / 1000);
    int rest = (int)(ms - start);
    struct tm tm;
    gmtime_r(&day, &tm);
    char *at = put_date(out, &tm);
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

int64_t clock_parse(const char *text)
{
    static const char shape[] = "dddd-dd-ddTdd:dd:dd.dddZ";
    int field[7] = {0}, at = 0;
    for (int i = 0; i < CLOCK_TIME_LEN; i++) {
        if (shape[i] == 'd') {
            if (text[i] < '0' || text[i] > '9')
                return -1;
            field[at] = field[at] * 10 + (text[i] - '0');
        } else if (text[i] != shape[i]) {
            return -1;
        } else {
            at++;
        }
    }
    struct tm tm = {.tm_year = field[0] - 1900,
                    .tm_mon = field[1] - 1,
                    .tm_mday = field[2],
                    .tm_hour = field[3],
                    .tm_min = field[4],
                    .tm_sec = field[5]};
    int64_t ms = (int64_t)timegm(&tm) * 1000 + field[6];
    char again[CLOCK_TIME_LEN + 1];
    clock_rfc3339(ms, again); /* timegm(3) takes a 13th month, and a 25th hour */
    return memcmp(again, text, CLOCK_TIME_LEN) == 0 ? ms : -1;
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
