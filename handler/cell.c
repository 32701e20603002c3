#include "cell.h"

#include <csv.h>
#include <stdint.h>
#include <string.h>

/* 0: plain; 1: a control character; 2: may begin a C1 control (U+0080..U+009F is C2 80..C2 9F). */
static const unsigned char class[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,          1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, [0x7f] = 1, [0xc2] = 2,
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

static bool needs_work(struct text v)
{
    const unsigned char *p = (const unsigned char *)v.ptr, *end = p + v.len;
    if (is_formula(*v.ptr))
        return true;
    for (; p < end; p++)
        if (class[*p] == 1 || (class[*p] == 2 && is_c1(p, end)))
            return true;
    return false;
}

static void put_control(struct buf *out, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    if (c == '\n' || c == '\r' || c == '\t')
        buf_add(out, (char[]){'\\', c == '\n' ? 'n' : c == '\r' ? 'r' : 't'}, 2);
    else
        buf_add(out, (char[]){'\\', 'x', hex[c >> 4], hex[c & 15]}, 4);
}

static void make_safe(struct buf *out, struct text v)
{
    const unsigned char *p = (const unsigned char *)v.ptr, *end = p + v.len;
    buf_reset(out);
    if (is_formula(*v.ptr))
        buf_putc(out, '\'');
    for (; p < end; p++) {
        if (class[*p] == 1)
            put_control(out, *p);
        else if (class[*p] == 2 && is_c1(p, end))
            put_control(out, *++p);
        else
            buf_putc(out, (char)*p);
    }
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

static void put_odd(struct buf *out, struct text value, struct buf *scratch)
{
    if (needs_work(value)) {
        make_safe(scratch, value);
        value = (struct text){scratch->data, scratch->len};
        out->failed |= scratch->failed;
    }
    /* csv_write() needs at most every byte doubled, and two quotes. */
    if (buf_reserve(out, value.len * 2 + 2))
        out->len += csv_write(out->data + out->len, out->cap - out->len, value.ptr, value.len);
}

/*
 * Most fields need nothing but two quotes: they are looked at while they are copied, and libcsv
 * would write the same, byte by byte. Only the others go through it.
 */
void cells_put(struct buf *out, const struct text *values, size_t count, struct buf *scratch)
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
            put_odd(out, v, scratch);
        }
    }
}

void cell_put(struct buf *out, struct text value, struct buf *scratch)
{
    cells_put(out, &value, 1, scratch);
}
