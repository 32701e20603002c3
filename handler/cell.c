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
 * control? A yes may be wrong, a no never is. */
static inline bool suspicious(uint64_t w)
{
    uint64_t quote = w ^ (ONES * CSV_QUOTE), del = w ^ (ONES * 0x7f), c2 = w ^ (ONES * 0xc2);
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

/*
 * Most fields need nothing but two quotes: they are copied first and looked at where they lie, with
 * plain bytes behind them up to a whole word. False when this one needs a closer look; then nothing
 * has been added. libcsv would write the same, byte by byte.
 */
static bool put_plain(struct buf *out, struct text value)
{
    static const char plain[] = "00000000";
    if (!buf_reserve(out, value.len + 2 + sizeof plain))
        return out->failed;
    char *start = out->data + out->len, *at = start + 1;
    *start = CSV_QUOTE;
    memcpy(at, value.ptr, value.len);
    memcpy(at + value.len, plain, 8);
    for (uint64_t w; at < start + 1 + value.len; at += 8) {
        memcpy(&w, at, 8);
        if (suspicious(w))
            return false;
    }
    start[value.len + 1] = CSV_QUOTE;
    out->len += value.len + 2;
    return true;
}

void cell_put(struct buf *out, struct text value, struct buf *scratch)
{
    if (value.len == 0) {
        buf_add(out, "\"\"", 2);
        return;
    }
    if (!is_formula(*value.ptr) && put_plain(out, value))
        return;
    if (needs_work(value)) {
        make_safe(scratch, value);
        value = (struct text){scratch->data, scratch->len};
        out->failed |= scratch->failed;
    }
    /* csv_write() needs at most every byte doubled, and two quotes. */
    if (buf_reserve(out, value.len * 2 + 2))
        out->len += csv_write(out->data + out->len, out->cap - out->len, value.ptr, value.len);
}
