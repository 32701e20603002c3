#include "agent/host/osrelease.h"

#include <string.h>

/* Copies the value as a shell would read it. */
static void osrelease_unquote(struct text value, char *out, size_t size)
{
    size_t n = 0;
    char quote = '\0';
    const char *end = value.ptr + value.len;
    for (const char *s = value.ptr; s < end && n + 1 < size; s++) {
        if (quote && *s == quote) {
            quote = '\0';
            continue;
        }
        if (!quote && (*s == '"' || *s == '\'')) {
            quote = *s;
            continue;
        }
        if (!quote && (*s == ' ' || *s == '\t' || *s == '\r'))
            break;
        if (*s == '\\' && quote != '\'' && s + 1 < end)
            s++;
        out[n++] = *s;
    }
    out[n] = '\0';
}

bool osrelease_raw(struct text text, const char *name, struct text *value)
{
    size_t len = strlen(name);
    bool found = false;
    for (struct text line; text_line(&text, &line);) {
        while (line.len && (*line.ptr == ' ' || *line.ptr == '\t'))
            line = (struct text){line.ptr + 1, line.len - 1};
        if (line.len > len && line.ptr[len] == '=' && memcmp(line.ptr, name, len) == 0) {
            *value = (struct text){line.ptr + len + 1, line.len - len - 1};
            found = true;
        }
    }
    return found;
}

bool osrelease_get(struct text text, const char *name, char *out, size_t size)
{
    struct text value;
    out[0] = '\0';
    if (osrelease_raw(text, name, &value))
        osrelease_unquote(value, out, size);
    return out[0] != '\0';
}
