/*
 * escape: one character of a JSON string, decoded. Private to this folder.
 *
 * The input is a string that the gate has accepted: escapes are complete and surrogates are paired.
 */
#ifndef HANDLER_SHARED_JSON_ESCAPE_H
#define HANDLER_SHARED_JSON_ESCAPE_H

#include "handler/shared/text.h"

enum { ESCAPE_NONE = -1, ESCAPE_BYTES_MAX = 4 };

/* The UTF-16 unit of the \u escape whose backslash is at `p`; ESCAPE_NONE if there is no such
 * escape. Stops at the first byte that does not belong to one. */
static inline int32_t escape_unit(const char *p)
{
    if (p[0] != '\\' || p[1] != 'u')
        return ESCAPE_NONE;
    int32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = text_hex_digit(p[i]);
        if (digit < 0)
            return ESCAPE_NONE;
        unit = unit * 16 + digit;
    }
    return unit;
}

static inline bool escape_is_high(int32_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static inline bool escape_is_low(int32_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

/* Decodes the character at `p` to `*n` bytes in `out`; returns the place after it. */
const char *escape_decode(const char *p, char out[ESCAPE_BYTES_MAX], size_t *n);

#endif
