#include "handler/record/csv.h"

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

/* True if any of eight bytes may be a control character, a quote, DEL, or the lead of a C1
 * control; false is always right. The common case, plain ASCII, is decided first. */
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
    static const bool starts[256] = {['='] = true, ['+'] = true, ['-'] = true, ['@'] = true};
    return starts[(unsigned char)first];
}

static void put_control(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '\n' || c == '\r' || c == '\t')
        buf_add(out, (char[]){'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't'}, 2);
    else
        buf_add(out, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
}

/* Copies `len` bytes, at most 3 and at least one. */
static inline void copy_few(char *to, const char *from, size_t len)
{
    char first = from[0], middle = from[len / 2], last = from[len - 1];
    to[0] = first;
    to[len / 2] = middle;
    to[len - 1] = last;
}

/* Copies `len` bytes, at least one, in pieces that overlap at the end: no call, no loop over bytes.
 */
static inline void copy(char *to, const char *from, size_t len)
{
    if (len >= 16) {
        for (size_t i = 0; i < len - 16; i += 16)
            memcpy(to + i, from + i, 16);
        memcpy(to + len - 16, from + len - 16, 16);
    } else if (len >= 8) {
        memcpy(to, from, 8);
        memcpy(to + len - 8, from + len - 8, 8);
    } else if (len >= 4) {
        memcpy(to, from, 4);
        memcpy(to + len - 4, from + len - 4, 4);
    } else {
        copy_few(to, from, len);
    }
}

static inline uint64_t read_word(const char *p)
{
    uint64_t w;
    memcpy(&w, p, 8);
    return w;
}

/* A word of `len` bytes, fewer than 8 and at least one: some twice, or zeros with them. */
static inline uint64_t read_few(const char *p, size_t len)
{
    if (len >= 4) {
        uint32_t first, last;
        memcpy(&first, p, 4);
        memcpy(&last, p + len - 4, 4);
        return (uint64_t)first << 32 | last;
    }
    uint64_t first = (unsigned char)p[0], middle = (unsigned char)p[len / 2],
             last = (unsigned char)p[len - 1];
    return (ONES * '0') << 24 | first | middle << 8 | last << 16;
}

/* True if one of `len` bytes, at least one, is suspicious. */
static inline bool any_suspicious(const char *p, size_t len)
{
    if (len < 8)
        return suspicious(read_few(p, len));
    for (size_t i = 0; i < len - 8; i += 8)
        if (suspicious(read_word(p + i)))
            return true;
    return suspicious(read_word(p + len - 8));
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

/* The inside of a field that needs escapes. */
static void put_odd(struct buf *out, struct text value)
{
    const unsigned char *p = (const unsigned char *)value.ptr, *end = p + value.len;
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
}

/* Room for `more` bytes, and for fields that need nothing but quotes, each with its comma. */
static bool reserve(struct buf *out, size_t more, const struct text *values, size_t count)
{
    size_t room = more + count * 3;
    for (size_t i = 0; i < count; i++)
        room += values[i].len;
    return buf_reserve(out, room);
}

/* Most fields need nothing but two quotes. */
static inline bool needs_more(struct text v, bool plain)
{
    return is_formula(*v.ptr) || (!plain && any_suspicious(v.ptr, v.len));
}

void cells_put(struct buf *out, const struct text *values, const bool *plain, size_t count)
{
    if (!reserve(out, 0, values, count))
        return;
    char *at = out->data + out->len;
    for (const struct text *v = values, *end = v + count; v < end; v++, plain++) {
        *at++ = CSV_QUOTE;
        if (v->len > 0 && needs_more(*v, *plain)) {
            out->len = (size_t)(at - out->data);
            put_odd(out, *v);
            if (!reserve(out, 2, v + 1, (size_t)(end - v) - 1))
                return;
            at = out->data + out->len;
        } else if (v->len > 0) {
            copy(at, v->ptr, v->len);
            at += v->len;
        }
        *at++ = CSV_QUOTE;
        *at++ = ',';
    }
    out->len = (size_t)(at - out->data) - 1; /* no comma after the last */
}

void cell_put(struct buf *out, struct text value)
{
    cells_put(out, &value, &(bool){false}, 1);
}
