/*
 * plain: passes over what most strings of a JSON text consist of, many bytes at once: ASCII that is
 * neither a control character, DEL, a quote nor a backslash.
 *
 * plain_end() is where that ends in a text of which `end` is behind the last byte; *end must not be
 * plain (NUL is not). plain_end_of_words() is the same without SSE2: the rest of it, and all there
 * is on other machines.
 */
#ifndef HANDLER_SHARED_JSON_SCAN_H
#define HANDLER_SHARED_JSON_SCAN_H

#include <stdint.h>
#include <string.h>

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define PLAIN_ONES  UINT64_C(0x0101010101010101)
#define PLAIN_HIGHS UINT64_C(0x8080808080808080)

/* Eight bytes at a time. A borrow or a carry can only raise a flag above a true one, so the first
 * is exact. */
static inline const char *plain_end_of_words(const char *p, const char *end)
{
    for (; end - p >= 8; p += 8) {
        uint64_t w;
        memcpy(&w, p, 8);
        uint64_t quote = w ^ (PLAIN_ONES * '"'), slash = w ^ (PLAIN_ONES * '\\');
        uint64_t flags = (w | (w - PLAIN_ONES * 0x20) | (w + PLAIN_ONES) | (quote - PLAIN_ONES) |
                          (slash - PLAIN_ONES)) &
                         PLAIN_HIGHS;
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

#ifdef __SSE2__
/* Sixteen at a time. One more than a byte is over 0x20 as a signed number only where the byte is
 * from 0x20 to 0x7e. */
static inline const char *plain_end(const char *p, const char *end)
{
    for (; end - p >= 16; p += 16) {
        __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)p);
        __m128i more = _mm_add_epi8(bytes, _mm_set1_epi8(1));
        __m128i odd = _mm_or_si128(_mm_cmplt_epi8(more, _mm_set1_epi8(0x21)),
                                   _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')),
                                                _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\'))));
        int flags = _mm_movemask_epi8(odd);
        if (flags)
            return p + __builtin_ctz((unsigned)flags);
    }
    return plain_end_of_words(p, end);
}
#else
static inline const char *plain_end(const char *p, const char *end)
{
    return plain_end_of_words(p, end);
}
#endif

#endif
