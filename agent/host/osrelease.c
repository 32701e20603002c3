#include "agent/host/osrelease.h"

#include <string.h>

/* Copies the value that starts at `s` up to the line's end at `end`. */
static void unquote(const char *s, const char *end, char *out, size_t size)
{
    size_t n = 0;
    char quote = '\0';
    for (; s < end && n + 1 < size; s++) {
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

bool osrelease_get(const char *text, size_t len, const char *name, char *out, size_t size)
{
    size_t name_len = strlen(name);
    out[0] = '\0';
    for (const char *line = text, *end = text + len; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline ? newline : end;
        while (line < stop && (*line == ' ' || *line == '\t'))
            line++;
        if ((size_t)(stop - line) > name_len && line[name_len] == '=' &&
            memcmp(line, name, name_len) == 0)
            unquote(line + name_len + 1, stop, out, size);
        line = stop + 1;
    }
    return out[0] != '\0';
}
