#include "aws/s3/percent.h"

#include "handler/shared/text.h"

static bool unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '.' || c == '_' || c == '~';
}

static void put_encoded(struct buf *b, const char *text, bool slashes_stay)
{
    static const char hex[] = "0123456789ABCDEF";
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (unreserved(c) || (c == '/' && slashes_stay))
            buf_putc(b, *text);
        else
            buf_add(b, (char[]){'%', hex[c >> 4], hex[c & 15]}, 3);
    }
}

void percent_value(struct buf *b, const char *text)
{
    put_encoded(b, text, false);
}

void percent_path(struct buf *b, const char *text)
{
    put_encoded(b, text, true);
}

void percent_query(struct buf *b, const struct percent_pair *pairs, size_t count)
{
    const struct percent_pair *sorted[PERCENT_PAIRS_MAX];
    size_t n = 0;
    for (size_t i = 0; i < count && n < PERCENT_PAIRS_MAX; i++) {
        size_t at = n;
        if (!pairs[i].name)
            continue;
        for (; at > 0 && strcmp(sorted[at - 1]->name, pairs[i].name) > 0; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = &pairs[i];
        n++;
    }
    for (size_t i = 0; i < n; i++) {
        buf_putc(b, i == 0 ? '?' : '&');
        percent_value(b, sorted[i]->name);
        buf_putc(b, '=');
        percent_value(b, sorted[i]->value);
    }
}

bool percent_is_key(const char *path)
{
    if (!*path || *path == '/')
        return false;
    for (const char *at = path; at; at = strchr(at, '/')) {
        at += *at == '/';
        size_t part = strcspn(at, "/");
        if ((part == 1 && at[0] == '.') || (part == 2 && at[0] == '.' && at[1] == '.'))
            return false;
    }
    return true;
}

static bool decode(struct buf *out, const char *text, size_t len, char plus)
{
    buf_reset(out);
    for (size_t i = 0; i < len; i++) {
        char c = text[i] == '+' ? plus : text[i];
        if (c == '%') {
            int high = len - i > 2 ? text_hex_digit(text[i + 1]) : -1;
            int low = high < 0 ? -1 : text_hex_digit(text[i + 2]);
            if (low < 0)
                return false;
            c = (char)(high << 4 | low);
            i += 2;
        }
        if (c == '\0')
            return false;
        buf_putc(out, c);
    }
    return buf_str(out) != NULL;
}

bool percent_decode(struct buf *out, const char *text, size_t len)
{
    return decode(out, text, len, ' ');
}

bool percent_decode_path(struct buf *out, const char *text, size_t len)
{
    return decode(out, text, len, '+');
}
