#include "agent/proc/container.h"

#include <string.h>

enum { HEX_ID = 64, ECS_ID = 32 };

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex(char c)
{
    return is_digit(c) || (c >= 'a' && c <= 'f');
}

/* Length of the id that starts at `s`, 0 when none does. */
static size_t id_length(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && is_hex(s[n]))
        n++;
    if (n == HEX_ID)
        return n;
    if (n != ECS_ID || n + 1 >= len || s[n] != '-')
        return 0;
    size_t digits = n + 1;
    while (digits < len && is_digit(s[digits]))
        digits++;
    return digits > n + 1 && digits <= CONTAINER_ID_MAX ? digits : 0;
}

static bool copy(const char *s, size_t len, char out[CONTAINER_ID_MAX + 1])
{
    if (len > CONTAINER_ID_MAX)
        len = CONTAINER_ID_MAX;
    memcpy(out, s, len);
    out[len] = '\0';
    return len > 0;
}

bool container_id(const char *text, size_t len, char out[CONTAINER_ID_MAX + 1])
{
    static const char lxc[] = "lxc.payload.";
    out[0] = '\0';
    for (size_t i = 0; i < len;) {
        size_t n = id_length(text + i, len - i);
        if (n)
            copy(text + i, n, out);
        while (i < len && is_hex(text[i])) /* the rest of this run is no id */
            i++;
        i++;
    }
    if (out[0])
        return true;
    const char *payload = memmem(text, len, lxc, sizeof lxc - 1);
    if (!payload)
        return false;
    payload += sizeof lxc - 1;
    size_t n = 0, room = len - (size_t)(payload - text);
    while (n < room && payload[n] != '/' && payload[n] != '\n')
        n++;
    return copy(payload, n, out);
}
