#include "aws/s3/ini.h"

#include <string.h>

struct span {
    const char *at;
    size_t len;
};

static struct span trim(struct span s)
{
    while (s.len > 0 && (*s.at == ' ' || *s.at == '\t'))
        s.at++, s.len--;
    while (s.len > 0 && memchr(" \t\r", s.at[s.len - 1], 3))
        s.len--;
    return s;
}

static bool is(struct span s, const char *text)
{
    return s.len == strlen(text) && memcmp(s.at, text, s.len) == 0;
}

/* Takes the next line off `rest`; false at the end. */
static bool next_line(struct span *rest, struct span *line)
{
    if (rest->len == 0)
        return false;
    const char *newline = memchr(rest->at, '\n', rest->len);
    size_t len = newline ? (size_t)(newline - rest->at) : rest->len;
    *line = (struct span){rest->at, len};
    rest->at += newline ? len + 1 : len;
    rest->len -= newline ? len + 1 : len;
    return true;
}

/* "[ name ]": its name. */
static bool is_header(struct span line, struct span *name)
{
    if (line.len == 0 || *line.at != '[')
        return false;
    const char *end = memchr(line.at, ']', line.len);
    *name = trim((struct span){line.at + 1, end ? (size_t)(end - line.at) - 1 : 0});
    return true;
}

bool ini_has_section(const struct buf *text, const char *section)
{
    struct span rest = {text->data, text->len}, line, name;
    while (next_line(&rest, &line))
        if (is_header(line, &name) && is(name, section))
            return true;
    return false;
}

bool ini_value(const struct buf *text, const char *section, const char *name, struct buf *out)
{
    struct span rest = {text->data, text->len}, line, header;
    bool inside = false, found = false;
    while (next_line(&rest, &line)) {
        if (is_header(line, &header)) {
            inside = is(header, section);
            continue;
        }
        const char *equals = line.len ? memchr(line.at, '=', line.len) : NULL;
        if (!inside || !equals || memchr(" \t#;", *line.at, 4) ||
            !is(trim((struct span){line.at, (size_t)(equals - line.at)}), name))
            continue;
        size_t at = (size_t)(equals - line.at) + 1;
        struct span value = trim((struct span){line.at + at, line.len - at});
        buf_reset(out);
        buf_add(out, value.at, value.len);
        found = buf_str(out) != NULL;
    }
    return found;
}
