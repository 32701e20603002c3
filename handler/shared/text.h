/*
 * text: a pointer and a length: bytes that belong to somebody else and may contain NUL.
 *
 * It is valid as long as the bytes that it points to. `ptr` may be NULL only if `len` is 0.
 */
#ifndef HANDLER_SHARED_TEXT_H
#define HANDLER_SHARED_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct text {
    const char *ptr;
    size_t len;
};

/* The text of a NUL-terminated string. */
static inline struct text text_of(const char *s)
{
    return (struct text){s, strlen(s)};
}

static inline bool text_equal(struct text a, struct text b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool text_is(struct text t, const char *s)
{
    return text_equal(t, text_of(s));
}

/* `t` without the bytes of `blanks` at both ends. */
struct text text_trim(struct text t, const char *blanks);

/*
 * Takes the next line, without its newline, off the front of `*rest`; false if `*rest` is empty.
 * The last line needs no newline.
 *
 *     for (struct text line; text_line(&rest, &line);) ...
 */
static inline bool text_line(struct text *rest, struct text *line)
{
    if (rest->len == 0)
        return false;
    const char *newline = (const char *)memchr(rest->ptr, '\n', rest->len);
    size_t taken = newline ? (size_t)(newline - rest->ptr) + 1 : rest->len;
    *line = (struct text){rest->ptr, newline ? taken - 1 : taken};
    *rest = (struct text){rest->ptr + taken, rest->len - taken};
    return true;
}

/* Replaces the control characters of a string by '?', so that it is one line. */
void text_make_plain(char *s);

static inline bool text_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* The value of a hexadecimal digit of either case; -1 if `c` is not one. */
static inline int text_hex_digit(char c)
{
    if (text_is_digit(c))
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/*
 * Reads the decimal digits at the start of `t` into `*n` and returns how many there are. Returns 0
 * if there is none, or if the number is over UINT64_MAX.
 */
static inline size_t text_digits(struct text t, uint64_t *n)
{
    size_t count = 0;
    *n = 0;
    for (; count < t.len && text_is_digit(t.ptr[count]); count++) {
        uint64_t digit = (uint64_t)(t.ptr[count] - '0');
        if (*n > (UINT64_MAX - digit) / 10)
            return 0;
        *n = *n * 10 + digit;
    }
    return count;
}

/* True if `t` consists of digits only, at least one, and its number fits in `*n`. */
static inline bool text_number(struct text t, uint64_t *n)
{
    return t.len > 0 && text_digits(t, n) == t.len;
}

/* The plural ending of a count of things: "" for 1, else "s". */
static inline const char *text_plural(uint64_t n)
{
    return n == 1 ? "" : "s";
}

#endif
