#include "handler/query/params.h"

#include "handler/shared/conf.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum verdict params_bad(struct fault *f, const char *name, const char *right)
{
    snprintf(f->field, sizeof f->field, "%s", name);
    return fault_set(f, V_BAD_REQUEST, "%.64s: %s", name, right);
}

static int params_hex(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* Decodes in place. False for a % without two hexadecimal digits, and for %00. */
static bool params_decode(char *text)
{
    char *to = text;
    for (const char *from = text; *from; from++) {
        int c = (unsigned char)*from;
        if (c == '+') {
            c = ' ';
        } else if (c == '%') {
            int high = params_hex(from[1]), low = high < 0 ? -1 : params_hex(from[2]);
            c = low < 0 ? 0 : high * 16 + low;
            from += 2;
        }
        if (c == 0)
            return false;
        *to++ = (char)c;
    }
    *to = '\0';
    return true;
}

static bool params_known(const char *const *known, const char *name)
{
    while (*known && strcmp(*known, name) != 0)
        known++;
    return *known != NULL;
}

static enum verdict params_unknown(struct fault *f, const char *name, const char *const *known)
{
    char right[160] = "unknown parameter; known are";
    if (!*known)
        return params_bad(f, name, "unknown parameter; there are none here");
    for (; *known; known++) {
        size_t len = strlen(right);
        snprintf(right + len, sizeof right - len, " %s", *known);
    }
    return params_bad(f, name, right);
}

static enum verdict params_add(struct params *p, char *pair, const char *const *known,
                               struct fault *f)
{
    char *value = strchr(pair, '=');
    if (value)
        *value++ = '\0';
    else
        value = pair + strlen(pair);
    if (!params_decode(pair) || !params_decode(value))
        return fault_set(f, V_BAD_REQUEST,
                         "bad query string: %% must be followed by two hexadecimal digits, not 00");
    if (!params_known(known, pair))
        return params_unknown(f, pair, known);
    if (params_get(p, pair))
        return params_bad(f, pair, "given twice");
    p->list[p->count].name = pair;
    p->list[p->count++].value = value;
    return V_OK;
}

enum verdict params_read(struct params *p, const char *query, const char *const *known,
                         struct fault *f)
{
    enum verdict v = V_OK;
    p->count = 0;
    if (strlen(query) > PARAMS_BYTES_MAX)
        return fault_set(f, V_BAD_REQUEST, "the query string has over %d bytes", PARAMS_BYTES_MAX);
    memcpy(p->text, query, strlen(query) + 1);
    for (char *at = p->text, *next; v == V_OK && at; at = next) {
        next = strchr(at, '&');
        if (next)
            *next++ = '\0';
        if (p->count == PARAMS_MAX)
            return fault_set(f, V_BAD_REQUEST, "over %d parameters", PARAMS_MAX);
        if (*at)
            v = params_add(p, at, known, f);
    }
    return v;
}

const char *params_get(const struct params *p, const char *name)
{
    size_t i = 0;
    while (i < p->count && strcmp(p->list[i].name, name) != 0)
        i++;
    return i < p->count ? p->list[i].value : NULL;
}

enum verdict params_number(const struct params *p, const char *name, struct params_range range,
                           int64_t *out, struct fault *f)
{
    const char *value = params_get(p, name);
    if (!value)
        return V_OK;
    char *end;
    errno = 0;
    long long n = strtoll(value, &end, 10);
    if (*value < '0' || *value > '9' || *end || errno || n < range.min || n > range.max) {
        char right[96];
        snprintf(right, sizeof right, "expected a whole number from %" PRId64 " to %" PRId64,
                 range.min, range.max);
        return params_bad(f, name, right);
    }
    *out = n;
    return V_OK;
}

enum verdict params_time(const struct params *p, const char *name, int64_t now, int64_t *out,
                         struct fault *f)
{
    const char *value = params_get(p, name);
    char full[CLOCK_TIME_LEN + 1];
    int64_t ms = -1, age;
    if (!value)
        return V_OK;
    size_t len = strlen(value);
    if (*value == '-' && conf_duration(value + 1, &age) && age <= now)
        ms = now - age;
    else if (len == CLOCK_TIME_LEN)
        ms = clock_parse(value);
    else if (len == CLOCK_TIME_LEN - 4 && value[len - 1] == 'Z') {
        snprintf(full, sizeof full, "%.19s.000Z", value);
        ms = clock_parse(full);
    }
    if (ms < 0)
        return params_bad(f, name,
                          "expected a time such as 2026-11-20T12:34:56Z, or an age such as -1h");
    *out = ms;
    return V_OK;
}

enum verdict params_day(const struct params *p, const char *name, int64_t now, int64_t *out,
                        struct fault *f)
{
    const char *value = params_get(p, name);
    char midnight[CLOCK_TIME_LEN + 1];
    int64_t ms = -1;
    if (!value)
        return V_OK;
    if (strlen(value) == CLOCK_DATE_LEN) {
        snprintf(midnight, sizeof midnight, "%sT00:00:00.000Z", value);
        ms = clock_parse(midnight);
    }
    if (ms < 0 || ms > now)
        return params_bad(f, name, "expected a day such as 2026-11-20, today (UTC) or before");
    *out = ms;
    return V_OK;
}
