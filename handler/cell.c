#include "cell.h"

#include <csv.h>
#include <stdint.h>
#include <string.h>

/* C1: may begin a C1 control (U+0080..U+009F is C2 80..C2 9F). */
enum { PLAIN, CONTROL, C1, QUOTE };

static const unsigned char class[256] = {
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    1,
    ['"'] = QUOTE,
    [0x7f] = CONTROL,
    [0xc2] = C1,
};

static bool is_c1(const unsigned char *p, const unsigned char *end)
{
    return end - p >= 2 && p[1] >= 0x80 && p[1] <= 0x9f;
}

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* Eight bytes at once: is any of them a control character, a quote, DEL, or the lead of a C1
 * control? A yes may be wrong, a no never is. Plain ASCII, nearly all there is, is told first. */
static inline bool suspicious(uint64_t w)
{
    uint64_t quote = w ^ (ONES * CSV_QUOTE);
    if (!((w | (w - ONES * 0x20) | (quote - ONES) | (w + ONES)) & HIGHS))
        return false;
    uint64_t del = w ^ (ONES * 0x7f), c2 = w ^ (ONES * 0xc2);
    uint64_t found = ((w - ONES * 0x20) & ~w) | ((quote - ONES) & ~quote) | ((del - ONES) & ~del) |
                     ((c2 - ONES) & ~c2);
    return (found & HIGHS) != 0;
}

static inline bool is_formula(char first)
{
    return first == '=' || first == '+' || first == '-' || first == '@';
}

static void put_control(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '\n' || c == '\r' || c == '\t')
        buf_add(out, (char[]){'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't'}, 2);
    else
        buf_add(out, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
}

/* Copies a word; false when it is suspicious. */
static inline bool copy_word(char *to, const char *from)
{
    uint64_t w;
    memcpy(&w, from, 8);
    memcpy(to, &w, 8);
    return !suspicious(w);
}

/* Copies `len` bytes, at least one, in words that overlap at the end: no call, no loop over bytes.
 * False when a closer look is needed; what has been copied then counts for nothing. */
static inline bool copy_plain(char *to, const char *from, size_t len)
{
    if (len >= 8) {
        for (size_t i = 0; i < len - 8; i += 8)
            if (!copy_word(to + i, from + i))
                return false;
        return copy_word(to + len - 8, from + len - 8);
    }
    if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, from, 4);
        memcpy(&last, from + len - 4, 4);
        memcpy(to, &first, 4);
        memcpy(to + len - 4, &last, 4);
        return !suspicious((uint64_t)first << 32 | last);
    }
    unsigned char first = (unsigned char)*from, middle = (unsigned char)from[len / 2],
                  last = (unsigned char)from[len - 1];
    to[0] = (char)first;
    to[len / 2] = (char)middle;
    to[len - 1] = (char)last;
    uint64_t rest = (ONES * '0') << 24;
    return !suspicious(rest | first | (uint64_t)middle << 8 | (uint64_t)last << 16);
}

/* The end of the bytes that can be copied as they are. */
static const unsigned char *plain_end(const unsigned char *p, const unsigned char *end)
{
    for (uint64_t w; end - p >= 8; p += 8) {
        memcpy(&w, p, 8);
        if (suspicious(w))
            break;
    }
    while (p < end && class[*p] == PLAIN)
        p++;
    return p;
}

/* A field in which something must be changed. */
static void put_odd(struct buf *out, struct text value)
{
    const unsigned char *p = (const unsigned char *)value.ptr, *end = p + value.len;
    buf_putc(out, CSV_QUOTE);
    if (is_formula(*value.ptr))
        buf_putc(out, '\'');
    while (p < end) {
        const unsigned char *start = p;
        p = plain_end(p, end);
        buf_add(out, start, (size_t)(p - start));
        if (p == end)
            break;
        if (class[*p] == QUOTE)
            buf_add(out, "\"\"", 2);
        else if (class[*p] == CONTROL)
            put_control(out, *p);
        else if (is_c1(p, end))
            put_control(out, *++p);
        else
            buf_putc(out, (char)*p);
        p++;
    }
    buf_putc(out, CSV_QUOTE);
}

/* Most fields need nothing but two quotes: they are looked at while they are copied. */
void cells_put(struct buf *out, const struct text *values, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct text v = values[i];
        if (!buf_reserve(out, v.len + 3))
            return;
        char *at = out->data + out->len;
        if (i > 0)
            *at++ = ',';
        *at = CSV_QUOTE;
        if (v.len == 0 || (!is_formula(*v.ptr) && copy_plain(at + 1, v.ptr, v.len))) {
            at[v.len + 1] = CSV_QUOTE;
            out->len = (size_t)(at - out->data) + v.len + 2;
        } else {
            out->len = (size_t)(at - out->data);
            put_odd(out, v);
        }
    }
}

void cell_put(struct buf *out, struct text value)
{
    cells_put(out, &value, 1);
}
