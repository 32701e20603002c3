#include "aws/s3/ini.h"

#include "handler/shared/text.h"

#define BLANKS " \t\r"

/* True if the line is "[ name ]". */
static bool is_header(struct text line, struct text *name)
{
    if (line.len == 0 || *line.ptr != '[')
        return false;
    const char *end = memchr(line.ptr, ']', line.len);
    *name = text_trim((struct text){line.ptr + 1, end ? (size_t)(end - line.ptr) - 1 : 0}, BLANKS);
    return true;
}

bool ini_has_section(const struct buf *text, const char *section)
{
    struct text rest = {text->data, text->len}, line, name;
    while (text_line(&rest, &line))
        if (is_header(line, &name) && text_is(name, section))
            return true;
    return false;
}

bool ini_value(const struct buf *text, const char *section, const char *name, struct buf *out)
{
    struct text rest = {text->data, text->len}, line, header;
    bool inside = false, found = false;
    while (text_line(&rest, &line)) {
        if (is_header(line, &header)) {
            inside = text_is(header, section);
            continue;
        }
        const char *equals = line.len ? memchr(line.ptr, '=', line.len) : NULL;
        if (!inside || !equals || memchr(" \t#;", *line.ptr, 4))
            continue;
        size_t at = (size_t)(equals - line.ptr);
        if (!text_is(text_trim((struct text){line.ptr, at}, BLANKS), name))
            continue;
        struct text value = text_trim((struct text){line.ptr + at + 1, line.len - at - 1}, BLANKS);
        buf_reset(out);
        buf_add(out, value.ptr, value.len);
        found = buf_str(out) != NULL;
    }
    return found;
}
