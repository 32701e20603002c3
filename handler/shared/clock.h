/*
 * clock: wall-clock time in milliseconds since the Unix epoch, and the UTC day it falls on.
 *
 * A function that needs "now" takes a clock_fn, so that tests can set the time.
 */
#ifndef HANDLER_SHARED_CLOCK_H
#define HANDLER_SHARED_CLOCK_H

#include <stddef.h>
#include <stdint.h>

#define CLOCK_DAY_MS   ((int64_t)86400 * 1000)
#define CLOCK_DATE_LEN 10 /* YYYY-MM-DD */
#define CLOCK_TIME_LEN 24 /* YYYY-MM-DDThh:mm:ss.mmmZ */

/* Milliseconds since 1970-01-01T00:00:00Z. */
typedef int64_t (*clock_fn)(void);

/* CLOCK_REALTIME. */
int64_t clock_now(void);

/* When this machine booted, according to the present clock (CLOCK_BOOTTIME ago). */
int64_t clock_boot(void);

/* CLOCK_MONOTONIC in milliseconds: for time-outs only. */
int64_t clock_monotonic(void);

/* "2026-11-20" in UTC. */
void clock_date(int64_t ms, char out[CLOCK_DATE_LEN + 1]);

/* "2026-11-20T12:34:56.789Z": RFC 3339 in UTC, always 24 characters. */
void clock_rfc3339(int64_t ms, char out[CLOCK_TIME_LEN + 1]);

/* The reverse, for our own spelling only: -1 for any other `text` (of CLOCK_TIME_LEN bytes). */
int64_t clock_parse(const char *text);

/* The first millisecond of the UTC day that `ms` falls on. */
int64_t clock_day_start(int64_t ms);

/* Sleeps; a signal ends the sleep early. */
void clock_sleep(int64_t ms);
void clock_sleep_us(int64_t us);

#endif
