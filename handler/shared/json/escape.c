#include "handler/shared/json/escape.h"

const char *escape_decode(const char *p, char out[ESCAPE_BYTES_MAX], size_t *n)
{
    static const char named[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    *n = 1;
    if (*p != '\\') {
        out[0] = *p;
        return p + 1;
    }
    if (p[1] != 'u') {
        out[0] = named[p[1] & 127];
        return p + 2;
    }
    uint32_t c = (uint32_t)escape_unit(p);
    p += 6;
    if (escape_is_high((int32_t)c)) {
        c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)escape_unit(p) - 0xdc00);
        p += 6;
    }
    *n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = *n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[*n] | c);
    return p;
}
