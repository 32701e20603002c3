#include "handler/shared/ip.h"

#include <arpa/inet.h>
#include <stdlib.h>
#include <string.h>

static void name_file(struct ip *ip)
{
    size_t at = 0;
    if (ip->text[0] == ':')
        ip->file[at++] = '0'; /* a name must not start with a dash */
    for (const char *p = ip->text; *p; p++)
        ip->file[at++] = *p == ':' ? '-' : *p;
    ip->file[at] = '\0';
}

/* Address to bytes; an IPv4 address lies in the first four. */
static bool to_bytes(const char *text, unsigned char bytes[16], bool *v6)
{
    static const unsigned char mapped[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
    memset(bytes, 0, 16);
    *v6 = false;
    if (inet_pton(AF_INET, text, bytes) == 1)
        return true;
    if (inet_pton(AF_INET6, text, bytes) != 1)
        return false;
    *v6 = memcmp(bytes, mapped, sizeof mapped) != 0;
    if (!*v6) {
        memcpy(bytes, bytes + 12, 4);
        memset(bytes + 4, 0, 12);
    }
    return true;
}

bool ip_parse(const char *text, struct ip *out)
{
    if (!to_bytes(text, out->bytes, &out->v6))
        return false;
    if (!strchr(text, ':'))
        memcpy(out->text, text, strlen(text) + 1); /* inet_pton(3) takes one spelling of IPv4 */
    else if (!inet_ntop(out->v6 ? AF_INET6 : AF_INET, out->bytes, out->text, sizeof out->text))
        return false;
    name_file(out);
    return true;
}

bool ip_from_file(const char *name, size_t len, struct ip *out)
{
    char text[IP_TEXT_LEN];
    if (len == 0 || len >= sizeof text)
        return false;
    memcpy(text, name, len);
    text[len] = '\0';
    for (char *p = text; *p; p++)
        if (*p == '-')
            *p = ':';
    return ip_parse(text, out) && strlen(out->file) == len && memcmp(out->file, name, len) == 0;
}

/* True when every bit from `bits` on is zero. */
static bool rest_is_zero(const unsigned char bytes[16], unsigned bits)
{
    for (unsigned i = bits; i < 128; i++)
        if (bytes[i / 8] >> (7 - i % 8) & 1)
            return false;
    return true;
}

bool ip_prefix_parse(const char *text, struct ip_prefix *out)
{
    char address[IP_TEXT_LEN];
    const char *slash = strchr(text, '/');
    size_t len = slash ? (size_t)(slash - text) : strlen(text);
    if (len >= sizeof address)
        return false;
    memcpy(address, text, len);
    address[len] = '\0';
    if (!to_bytes(address, out->bytes, &out->v6))
        return false;
    unsigned width = out->v6 ? 128 : 32;
    out->bits = width;
    if (slash) {
        size_t digits = strspn(slash + 1, "0123456789");
        if (digits == 0 || digits > 3 || slash[1 + digits] != '\0')
            return false;
        out->bits = (unsigned)strtoul(slash + 1, NULL, 10);
    }
    if (!out->v6 && slash && strchr(address, ':')) { /* IPv4-mapped: the prefix counts from 96 */
        if (out->bits < 96)
            return false;
        out->bits -= 96;
    }
    return out->bits <= width && rest_is_zero(out->bytes, out->bits);
}

bool ip_matches(const struct ip *ip, const struct ip_prefix *prefix)
{
    unsigned whole = prefix->bits / 8, rest = prefix->bits % 8;
    if (ip->v6 != prefix->v6 || memcmp(ip->bytes, prefix->bytes, whole) != 0)
        return false;
    return rest == 0 || (ip->bytes[whole] ^ prefix->bytes[whole]) >> (8 - rest) == 0;
}
