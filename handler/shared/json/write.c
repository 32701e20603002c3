#include "handler/shared/json/write.h"

#include "handler/shared/buf.h"

#include <stdint.h>

size_t utf8_length(const char *s, size_t len)
{
    const unsigned char *u = (const unsigned char *)s;
    if (len == 0)
        return 0;
    if (u[0] < 0x80)
        return 1;
    size_t need = u[0] >= 0xf0 ? 4 : u[0] >= 0xe0 ? 3 : 2;
    if (u[0] < 0xc2 || u[0] > 0xf4 || len < need)
        return 0;
    /* The second byte's range rules out overlong forms, surrogates and code points above 10FFFF. */
    unsigned char low = u[0] == 0xe0 ? 0xa0 : u[0] == 0xf0 ? 0x90 : 0x80;
    unsigned char high = u[0] == 0xed ? 0x9f : u[0] == 0xf4 ? 0x8f : 0xbf;
    if (u[1] < low || u[1] > high)
        return 0;
    for (size_t i = 2; i < need; i++)
        if (u[i] < 0x80 || u[i] > 0xbf)
            return 0;
    return need;
}

static void put_escape(struct buf *b, unsigned char c)
{
    static const char hex[] = "0123456789abcdef";
    static const char named[32] = {
        ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r'};
    if (c == '"' || c == '\\')
        buf_add(b, (char[]){'\\', (char)c}, 2);
    else if (c < sizeof named && named[c])
        buf_add(b, (char[]){'\\', named[c]}, 2);
    else
        buf_add(b, (char[]){'\\', 'u', '0', '0', hex[c >> 4], hex[c & 15]}, 6);
}

void jsonw_string(struct buf *b, const char *s, size_t len)
{
    buf_putc(b, '"');
    size_t plain = 0; /* start of the run that is copied as it is */
    for (size_t i = 0; i < len;) {
        unsigned char c = (unsigned char)s[i];
        if (c >= 0x20 && c < 0x80 && c != '"' && c != '\\') {
            i++;
            continue;
        }
        size_t n = c >= 0x80 ? utf8_length(s + i, len - i) : 0;
        if (n) {
            i += n;
            continue;
        }
        buf_add(b, s + plain, i - plain);
        if (c >= 0x80)
            buf_add(b, "\xef\xbf\xbd", 3);
        else
            put_escape(b, c);
        plain = ++i;
    }
    buf_add(b, s + plain, len - plain);
    buf_putc(b, '"');
}

void jsonw_str(struct buf *b, const char *s)
{
    jsonw_string(b, s, strlen(s));
}

void jsonw_str_or_null(struct buf *b, const char *s)
{
    if (s && *s)
        jsonw_str(b, s);
    else
        buf_puts(b, "null");
}

void jsonw_name(struct buf *b, const char *name)
{
    jsonw_str(b, name);
    buf_putc(b, ':');
}
