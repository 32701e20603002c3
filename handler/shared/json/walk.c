#include "handler/shared/json/walk.h"

#include "handler/shared/json/escape.h"
#include "handler/shared/json/scan.h"

bool json_name_is(struct text quoted, const char *name)
{
    if (*name && quoted.ptr[1] != *name && quoted.ptr[1] != '\\')
        return false;
    size_t len = strlen(name);
    if (quoted.len == len + 2 && memcmp(quoted.ptr + 1, name, len) == 0)
        return true;
    const char *end = quoted.ptr + quoted.len - 1;
    if (!memchr(quoted.ptr, '\\', quoted.len))
        return false;
    for (const char *p = quoted.ptr + 1; p < end;) {
        char c[ESCAPE_BYTES_MAX];
        size_t n;
        p = escape_decode(p, c, &n);
        for (size_t i = 0; i < n; i++)
            if (*name == '\0' || *name++ != c[i])
                return false;
    }
    return *name == '\0';
}

/* The closing quote of the string whose opening quote is at `p`; `end` is that of the container. */
static const char *string_end(const char *p, const char *end)
{
    p++;
    for (;;) {
        p = scan_quote(p, end);
        if (*p == '"')
            return p;
        p += 2;
    }
}

static const char *value_end(const char *p, const char *end)
{
    if (*p == '"')
        return string_end(p, end) + 1;
    if (*p != '{' && *p != '[') {
        while (*p != ',' && *p != '}' && *p != ']' && *p != '\0')
            p++;
        return p;
    }
    size_t depth = 0;
    for (;; p++) {
        if (*p == '"')
            p = string_end(p, end);
        else if (*p == '{' || *p == '[')
            depth++;
        else if ((*p == '}' || *p == ']') && --depth == 0)
            return p + 1;
    }
}

size_t json_unescape(struct text quoted, char *out)
{
    const char *p = quoted.ptr + 1, *end = quoted.ptr + quoted.len - 1;
    char *at = out;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(at, p, plain);
        at += plain;
        p += plain;
        if (!slash)
            break;
        char c[ESCAPE_BYTES_MAX];
        size_t n;
        p = escape_decode(p, c, &n);
        memcpy(at, c, n);
        at += n;
    }
    return (size_t)(at - out);
}

bool json_has_nul(struct text quoted)
{
    const char *p = quoted.ptr + 1, *end = quoted.ptr + quoted.len - 1;
    while ((p = memchr(p, '\\', (size_t)(end - p)))) {
        if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
            return true;
        p += 2;
    }
    return false;
}

struct json_iter json_iter_begin(struct text container)
{
    return (struct json_iter){container.ptr + 1, container.ptr + container.len};
}

/* Continues after an element that ends at `end`. */
static inline void iter_step(struct json_iter *it, const char *end)
{
    it->at = *end == ',' ? end + 1 : end;
}

bool json_iter_element(struct json_iter *it, struct text *value)
{
    if (*it->at == ']')
        return false;
    const char *end = value_end(it->at, it->end);
    *value = (struct text){it->at, (size_t)(end - it->at)};
    iter_step(it, end);
    return true;
}

bool json_iter_member(struct json_iter *it, struct json_member *member)
{
    if (*it->at == '}')
        return false;
    const char *colon = string_end(it->at, it->end) + 1;
    const char *end = value_end(colon + 1, it->end);
    member->name = (struct text){it->at, (size_t)(colon - it->at)};
    member->value = (struct text){colon + 1, (size_t)(end - colon - 1)};
    iter_step(it, end);
    return true;
}
