/*
 * scan: skips the bytes that most strings of a JSON text consist of, eight at a time. `end` is the
 * end of the text. *end must be a byte that ends the scan; for scan_plain() NUL is one.
 */
#ifndef HANDLER_SHARED_JSON_SCAN_H
#define HANDLER_SHARED_JSON_SCAN_H

#include <stdint.h>
#include <string.h>

#define SCAN_ONES  UINT64_C(0x0101010101010101)
#define SCAN_HIGHS UINT64_C(0x8080808080808080)

/*
 * The first byte from `p` on that is not plain: plain is ASCII without control characters, DEL,
 * quotes and backslashes. A borrow or a carry can raise a false flag only above a true one, so the
 * lowest flag is exact.
 */
static inline const char *scan_plain(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t quote = w ^ (SCAN_ONES * '"'), slash = w ^ (SCAN_ONES * '\\');
        uint64_t flags = (w | (w - SCAN_ONES * 0x20) | (w + SCAN_ONES) | (quote - SCAN_ONES) |
                          (slash - SCAN_ONES)) &
                         SCAN_HIGHS;
        if (!flags)
            continue;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
        return p + (__builtin_ctzll(flags) >> 3);
#else
        break;
#endif
    }
    while ((unsigned char)*p >= 0x20 && (unsigned char)*p < 0x7f && *p != '"' && *p != '\\')
        p++;
    return p;
}

/* The first quote or backslash from `p` on; there must be one. */
static inline const char *scan_quote(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t quote = w ^ (SCAN_ONES * '"'), slash = w ^ (SCAN_ONES * '\\');
        if (((quote - SCAN_ONES) & ~quote & SCAN_HIGHS) ||
            ((slash - SCAN_ONES) & ~slash & SCAN_HIGHS))
            break;
    }
    while (*p != '"' && *p != '\\')
        p++;
    return p;
}

#endif
