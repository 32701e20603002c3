/*
 * ip: an address in its one canonical spelling, and prefixes to compare it with.
 *
 * A text that inet_pton(3) rejects is not an address. An IPv4-mapped IPv6 address (RFC 4291 section
 * 2.5.5.2) is the IPv4 address; IPv6 is spelt as inet_ntop(3) spells it (RFC 5952).
 */
#ifndef HANDLER_SHARED_IP_H
#define HANDLER_SHARED_IP_H

#include <stdbool.h>
#include <stddef.h>

enum { IP_TEXT_LEN = 48 };

struct ip {
    char text[IP_TEXT_LEN]; /* 10.0.0.7, 2001:db8::1 */
    char file[IP_TEXT_LEN]; /* as part of a file name: 10.0.0.7, 2001-db8--1, 0--1 for ::1 */
    unsigned char bytes[16];
    bool v6;
};

struct ip_prefix {
    unsigned char bytes[16];
    bool v6;
    unsigned bits;
};

bool ip_parse(const char *text, struct ip *out);

/* The reverse of ip.file, for a name of `len` bytes; false if no address is spelt so. */
bool ip_from_file(const char *name, size_t len, struct ip *out);

/* "10.0.0.0/8", "2001:db8::/32", or an address alone. Bits beyond the prefix must be zero. */
bool ip_prefix_parse(const char *text, struct ip_prefix *out);

bool ip_matches(const struct ip *ip, const struct ip_prefix *prefix);

#endif
