#include "agent/proc/container.h"

#include <string.h>

enum { HEX_ID = 64, ECS_ID = 32 };

static bool container_is_hex(char c)
{
    return text_is_digit(c) || (c >= 'a' && c <= 'f');
}

/* The length of the id that starts at `s`, or 0. */
static size_t container_id_length(const char *s, size_t len)
{
    size_t n = 0;
    while (n < len && container_is_hex(s[n]))
        n++;
    if (n == HEX_ID)
        return n;
    if (n != ECS_ID || n + 1 >= len || s[n] != '-')
        return 0;
    size_t digits = n + 1;
    while (digits < len && text_is_digit(s[digits]))
        digits++;
    return digits > n + 1 && digits <= CONTAINER_ID_MAX ? digits : 0;
}

static bool container_copy(struct text id, char out[CONTAINER_ID_MAX + 1])
{
    if (id.len > CONTAINER_ID_MAX)
        id.len = CONTAINER_ID_MAX;
    memcpy(out, id.ptr, id.len);
    out[id.len] = '\0';
    return id.len > 0;
}

/* Podman's libpod-conmon-ID.scope, CRI-O's crio-conmon-ID.scope */
static bool container_is_monitor(struct text line, size_t at)
{
    static const char monitor[] = "conmon-";
    size_t n = sizeof monitor - 1;
    return at >= n && memcmp(line.ptr + at - n, monitor, n) == 0;
}

/* The last id of a line "hierarchy:controllers:path". */
static void container_from_line(struct text line, char out[CONTAINER_ID_MAX + 1])
{
    for (size_t i = 0; i < line.len;) {
        size_t n = container_id_length(line.ptr + i, line.len - i);
        if (n && !container_is_monitor(line, i))
            container_copy((struct text){line.ptr + i, n}, out);
        while (i < line.len && container_is_hex(line.ptr[i])) /* the rest of this run */
            i++;
        i++;
    }
}

bool container_id(struct text text, char out[CONTAINER_ID_MAX + 1])
{
    static const char lxc[] = "lxc.payload.";
    struct text rest = text;
    out[0] = '\0';
    for (struct text line; text_line(&rest, &line);)
        container_from_line(line, out);
    const char *payload =
        text.len && !out[0] ? memmem(text.ptr, text.len, lxc, sizeof lxc - 1) : NULL;
    if (!payload)
        return out[0] != '\0';
    payload += sizeof lxc - 1;
    size_t n = 0, room = text.len - (size_t)(payload - text.ptr);
    while (n < room && payload[n] != '/' && payload[n] != '\n')
        n++;
    return container_copy((struct text){payload, n}, out);
}
