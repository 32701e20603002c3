#include "handler/shared/log.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { LINE_MAX_BYTES = 4096 };

/* Bytes past `end` are dropped one by one: one bounded pass, whatever a value expands to. */
struct line {
    char text[LINE_MAX_BYTES];
    size_t len;
};

static enum log_level threshold = LOG_INFO;

void log_set_level(enum log_level level)
{
    threshold = level;
}

static void put(struct line *l, const char *bytes, size_t len)
{
    size_t room = sizeof l->text - 1 - l->len; /* one byte stays for the newline */
    if (len > room)
        return;
    memcpy(l->text + l->len, bytes, len);
    l->len += len;
}

static void put_escaped(struct line *l, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '"' || c == '\\') {
        put(l, (char[]){'\\', (char)c}, 2);
    } else if (c == '\n' || c == '\r' || c == '\t') {
        put(l, (char[]){'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't'}, 2);
    } else if (c < 0x20 || c >= 0x7f) {
        put(l, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
    } else {
        put(l, (char[]){(char)c}, 1);
    }
}

static void put_value(struct line *l, const char *s)
{
    if (!s)
        s = "-";
    bool quote = *s == '\0';
    for (const char *p = s; *p && !quote; p++)
        quote = *p <= ' ' || *p == '"' || *p == '=' || *p == '\\' || *p >= 0x7f;
    if (quote)
        put(l, "\"", 1);
    for (; *s && l->len < sizeof l->text - 8; s++)
        put_escaped(l, (unsigned char)*s);
    if (quote)
        put(l, "\"", 1);
}

/* Writes one conversion, at `*fmt` after the %, and its argument. */
static void put_conversion(struct line *l, const char **fmt, va_list *ap)
{
    char number[32] = "?";
    const char *f = *fmt;
    if (*f == 's') {
        put_value(l, va_arg(*ap, const char *));
        *fmt = f + 1;
        return;
    }
    if (strncmp(f, "lld", 3) == 0)
        snprintf(number, sizeof number, "%lld", va_arg(*ap, long long));
    else if (strncmp(f, "llu", 3) == 0)
        snprintf(number, sizeof number, "%llu", va_arg(*ap, unsigned long long));
    else if (strncmp(f, "zu", 2) == 0)
        snprintf(number, sizeof number, "%zu", va_arg(*ap, size_t));
    else if (*f == 'd')
        snprintf(number, sizeof number, "%d", va_arg(*ap, int));
    else if (*f == 'u')
        snprintf(number, sizeof number, "%u", va_arg(*ap, unsigned));
    put(l, number, strlen(number));
    *fmt = f + strspn(f, "lz") + 1;
}

void log_event(enum log_level level, const char *event, const char *fmt, ...)
{
    static const char *const names[] = {
        [LOG_DEBUG] = "debug", [LOG_INFO] = "info", [LOG_WARN] = "warn", [LOG_ERROR] = "error"};
    if (level < threshold)
        return;
    int saved_errno = errno;
    struct line l = {.len = 0};
    char now[CLOCK_TIME_LEN + 1];
    clock_rfc3339(clock_now(), now);
    put(&l, "time=", 5);
    put(&l, now, CLOCK_TIME_LEN);
    put(&l, " level=", 7);
    put_value(&l, names[level]);
    put(&l, " event=", 7);
    put_value(&l, event);
    if (*fmt)
        put(&l, " ", 1);
    va_list ap;
    va_start(ap, fmt);
    while (*fmt) {
        if (*fmt == '%') {
            fmt++;
            put_conversion(&l, &fmt, &ap);
        } else {
            put(&l, fmt++, 1);
        }
    }
    va_end(ap);
    l.text[l.len++] = '\n';
    ssize_t ignored = write(STDERR_FILENO, l.text, l.len);
    (void)ignored; /* without stderr there is no place to report it */
    errno = saved_errno;
}
