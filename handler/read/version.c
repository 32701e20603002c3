#include "handler/read/version.h"

#include <string.h>

static bool version_digit(struct text s, size_t at)
{
    return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

/* The weight of a character that is not a digit: ~ before the end, letters before all others. */
static int version_weight(struct text s, size_t at)
{
    if (at >= s.len || version_digit(s, at))
        return 0;
    unsigned char c = (unsigned char)s.ptr[at];
    if (c == '~')
        return -1;
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ? c : c + 256;
}

/* Compares the numbers at i and j, without leading zeros, and moves past them if they are equal. */
static int version_number(struct text a, size_t *i, struct text b, size_t *j)
{
    while (version_digit(a, *i) && a.ptr[*i] == '0')
        ++*i;
    while (version_digit(b, *j) && b.ptr[*j] == '0')
        ++*j;
    int first = 0;
    for (; version_digit(a, *i) && version_digit(b, *j); ++*i, ++*j)
        if (first == 0)
            first = a.ptr[*i] - b.ptr[*j];
    if (version_digit(a, *i))
        return 1;
    return version_digit(b, *j) ? -1 : first;
}

/* Compares texts in which parts without and parts of digits take turns. */
static int version_part(struct text a, struct text b)
{
    size_t i = 0, j = 0;
    while (i < a.len || j < b.len) {
        while ((i < a.len && !version_digit(a, i)) || (j < b.len && !version_digit(b, j))) {
            int order = version_weight(a, i) - version_weight(b, j);
            if (order != 0)
                return order;
            i++;
            j++;
        }
        int order = version_number(a, &i, b, &j);
        if (order != 0)
            return order;
    }
    return 0;
}

/* Splits [epoch:]upstream[-revision]. */
static void version_split(struct text whole, struct text out[3])
{
    const char *colon = memchr(whole.ptr, ':', whole.len);
    out[0] = (struct text){"", 0};
    if (colon) {
        out[0] = (struct text){whole.ptr, (size_t)(colon - whole.ptr)};
        whole.len -= out[0].len + 1;
        whole.ptr = colon + 1;
    }
    const char *dash = memrchr(whole.ptr, '-', whole.len);
    out[1] = (struct text){whole.ptr, dash ? (size_t)(dash - whole.ptr) : whole.len};
    out[2] = dash ? (struct text){dash + 1, whole.len - out[1].len - 1} : (struct text){"", 0};
}

int version_compare(struct text a, struct text b)
{
    struct text x[3], y[3];
    int order = 0;
    version_split(a, x);
    version_split(b, y);
    for (int part = 0; part < 3 && order == 0; part++)
        order = version_part(x[part], y[part]);
    return order;
}
