/*
 * params: the parameters of a query string, decoded once (percent-encoding, and + for a blank, as
 * the URL standard's application/x-www-form-urlencoded has it).
 *
 * A parameter that a resource does not know, one that is given twice and a value that does not fit
 * are 400; the fault names the parameter and says what would be right.
 */
#ifndef HANDLER_QUERY_PARAMS_H
#define HANDLER_QUERY_PARAMS_H

#include "handler/fault.h"
#include "handler/shared/clock.h"

#include <stdbool.h>
#include <stdint.h>

enum { PARAMS_BYTES_MAX = 4096, PARAMS_MAX = 32 };

struct params {
    size_t count;
    struct {
        const char *name, *value;
    } list[PARAMS_MAX];
    char text[PARAMS_BYTES_MAX + 1];
};

/* Reads QUERY_STRING. `known` ends with NULL. */
enum verdict params_read(struct params *p, const char *query, const char *const *known,
                         struct fault *f);

/* The value, or NULL. */
const char *params_get(const struct params *p, const char *name);

/* 400 that names the parameter. */
enum verdict params_bad(struct fault *f, const char *name, const char *right);

/* Both ends are included. */
struct params_range {
    int64_t min, max;
};

/* A whole number of the range; *out is left as it is when the parameter is absent. */
enum verdict params_number(const struct params *p, const char *name, struct params_range range,
                           int64_t *out, struct fault *f);

/*
 * A time: RFC 3339 in UTC (2026-11-20T12:34:56Z, milliseconds optional), or an age such as -1h
 * before `now`. *out is left as it is when the parameter is absent.
 */
enum verdict params_time(const struct params *p, const char *name, int64_t now, int64_t *out,
                         struct fault *f);

/* A day YYYY-MM-DD as its first millisecond, not after that of `now`. */
enum verdict params_day(const struct params *p, const char *name, int64_t now, int64_t *out,
                        struct fault *f);

#endif
