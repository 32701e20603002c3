#include "handler/http/range.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool range_parse(const char *text, int64_t size, struct range *out)
{
    char *end;
    *out = (struct range){.first = 0, .last = size - 1};
    if (strncmp(text, "bytes=", 6) != 0)
        return true;
    text += 6;
    bool suffix = *text == '-';
    const char *digits = text + suffix;
    errno = 0;
    long long a = strtoll(digits, &end, 10), b = -1;
    if (*digits < '0' || *digits > '9' || errno)
        return true;
    if (!suffix && *end++ != '-')
        return true;
    if (!suffix && *end >= '0' && *end <= '9')
        b = strtoll(end, &end, 10);
    if (*end || errno || (b >= 0 && b < a))
        return true;
    out->part = true;
    if (suffix)
        out->first = a < size ? size - a : 0;
    else
        out->first = a;
    if (b >= 0 && b < size)
        out->last = b;
    return out->first < size && (!suffix || a > 0);
}

bool range_tag_matches(const char *if_none_match, const char *tag)
{
    const char *opaque = strncmp(tag, "W/", 2) == 0 ? tag + 2 : tag;
    if (strcmp(if_none_match, "*") == 0)
        return true;
    size_t len = strlen(opaque);
    for (const char *at = if_none_match; (at = strstr(at, opaque)); at += len)
        if (at[len] == '\0' || at[len] == ',' || at[len] == ' ')
            return true;
    return false;
}
