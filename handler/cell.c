#include "cell.h"

#include <csv.h>

/* 0: plain; 1: a control character; 2: may begin a C1 control (U+0080..U+009F is C2 80..C2 9F). */
static const unsigned char class[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,          1,
    1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, [0x7f] = 1, [0xc2] = 2,
};

static bool is_c1(const unsigned char *p, const unsigned char *end)
{
    return end - p >= 2 && p[1] >= 0x80 && p[1] <= 0x9f;
}

static bool needs_work(struct text v)
{
    if (v.len == 0)
        return false;
    if (v.ptr[0] == '=' || v.ptr[0] == '+' || v.ptr[0] == '-' || v.ptr[0] == '@')
        return true;
    const unsigned char *p = (const unsigned char *)v.ptr, *end = p + v.len;
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
    if (*p == '=' || *p == '+' || *p == '-' || *p == '@')
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

void cell_put(struct buf *out, struct text value, struct buf *scratch)
{
    if (needs_work(value)) {
        make_safe(scratch, value);
        value = (struct text){scratch->data, scratch->len};
        out->failed |= scratch->failed;
    }
    /* csv_write() needs at most every byte doubled, and two quotes. */
    if (!buf_reserve(out, value.len * 2 + 2))
        return;
    out->len +=
        csv_write(out->data + out->len, out->cap - out->len, value.ptr ? value.ptr : "", value.len);
}
