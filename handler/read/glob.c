#include "handler/read/glob.h"

#include <string.h>

static unsigned char glob_fold(char c)
{
    return (unsigned char)(c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

/* The closing bracket of the set that opens at `set`; NULL: it has none. */
static const char *glob_set_end(const char *set)
{
    const char *p = set + 1;
    if (*p == '!' || *p == '^')
        p++;
    return *p ? strchr(p + 1, ']') : NULL;
}

static bool glob_in_set(const char *set, const char *end, unsigned char c)
{
    const char *p = set + 1;
    bool negate = *p == '!' || *p == '^', found = false;
    for (p += negate; p < end; p++) {
        unsigned char low = glob_fold(*p), high = low;
        if (p + 2 < end && p[1] == '-') {
            p += 2;
            high = glob_fold(*p);
        }
        found |= c >= low && c <= high;
    }
    return found != negate;
}

/* Matches one element of the pattern, which is not a star, at `text`. *next is set to the element
 * after it. Returns the bytes of text that it takes; 0: no match. */
static size_t glob_one(const char *pattern, const char *text, const char *end, const char **next)
{
    const char *close = *pattern == '[' ? glob_set_end(pattern) : NULL;
    size_t len = 1;
    *next = close ? close + 1 : pattern + 1;
    if (*pattern == '?') {
        while (text + len < end && ((unsigned char)text[len] & 0xc0) == 0x80)
            len++;
        return len;
    }
    if (close)
        return glob_in_set(pattern, close, glob_fold(*text));
    return glob_fold(*pattern) == glob_fold(*text);
}

bool glob_match(const char *pattern, const char *text, size_t len)
{
    const char *end = text + len, *star = NULL, *again = NULL, *next;
    while (text < end || *pattern == '*') {
        if (*pattern == '*') {
            star = ++pattern;
            again = text;
            continue;
        }
        size_t taken = *pattern ? glob_one(pattern, text, end, &next) : 0;
        if (taken > 0) {
            text += taken;
            pattern = next;
        } else if (star) {
            text = ++again;
            pattern = star;
            if (again > end)
                return false;
        } else {
            return false;
        }
    }
    return *pattern == '\0';
}

bool glob_is_pattern(const char *text)
{
    return text[strcspn(text, "*?[")] != '\0';
}

size_t glob_literals(const char *pattern)
{
    size_t count = 0;
    for (const char *close; *pattern; pattern++) {
        if (*pattern == '[' && (close = glob_set_end(pattern)))
            pattern = close;
        else
            count += *pattern != '*' && *pattern != '?';
    }
    return count;
}

bool glob_contains(const char *text, size_t len, const char *part)
{
    size_t want = strlen(part);
    for (size_t at = 0; at + want <= len; at++) {
        size_t i = 0;
        while (i < want && glob_fold(text[at + i]) == glob_fold(part[i]))
            i++;
        if (i == want)
            return true;
    }
    return false;
}
