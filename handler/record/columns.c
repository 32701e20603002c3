#include "handler/record/columns.h"

#include "handler/shared/io.h"

const char *const columns_names[COLUMNS_COUNT] = {
#define HOST(ID, name) #name,
#include "handler/record/columns.def"
#define PROCESS(ID, name, fits) #name,
#include "handler/record/columns.def"
};

static const char header[] = /* each name has a comma before it */
#define HOST(ID, name) ",\"" #name "\""
#include "handler/record/columns.def"
#define PROCESS(ID, name, fits) ",\"" #name "\""
#include "handler/record/columns.def"
    "\r\n";

void columns_put_header(struct buf *out)
{
    buf_add(out, header + 1, sizeof header - 2);
}

static unsigned char find_name(struct text name)
{
    unsigned char i = 0;
    while (i < COLUMNS_COUNT && !text_is(name, columns_names[i]))
        i++;
    return i;
}

static bool columns_add(struct columns *c, struct text name)
{
    unsigned char column = find_name(name);
    if (c->count == COLUMNS_MAX || name.len == 0)
        return false;
    if (column < COLUMNS_COUNT && memchr(c->list, column, c->count))
        return false;
    c->list[c->count++] = column;
    return true;
}

/* Takes a quoted field off the front of `*rest`, without its quotes: a "" stays as it is. */
static bool take_field(struct text *rest, struct text *field)
{
    size_t at = 1;
    if (rest->len == 0 || *rest->ptr != '"')
        return false;
    while (at < rest->len &&
           (rest->ptr[at] != '"' || (at + 1 < rest->len && rest->ptr[at + 1] == '"')))
        at += rest->ptr[at] == '"' ? 2 : 1;
    if (at >= rest->len)
        return false;
    *field = (struct text){rest->ptr + 1, at - 1};
    *rest = (struct text){rest->ptr + at + 1, rest->len - at - 1};
    return true;
}

bool columns_read(struct text text, struct columns *out)
{
    struct text line, name;
    out->count = 0;
    if (text.len > COLUMNS_HEADER_MAX)
        text.len = COLUMNS_HEADER_MAX;
    const char *end = text.ptr + text.len;
    if (!text_line(&text, &line) || line.ptr + line.len == end)
        return false;
    for (;;) {
        if (!take_field(&line, &name) || !columns_add(out, name))
            return false;
        if (text_is(line, "\r"))
            break;
        if (line.len == 0 || *line.ptr != ',')
            return false;
        line = (struct text){line.ptr + 1, line.len - 1};
    }
    size_t known = 0;
    for (size_t i = 0; i < out->count; i++)
        known += out->list[i] < COLUMNS_COUNT;
    return known > 0;
}

static void select_row(const struct columns *c, struct text row, struct buf *out)
{
    struct text fields[COLUMNS_COUNT + 1] = {{NULL, 0}};
    for (size_t i = 0; i < COLUMNS_COUNT && take_field(&row, &fields[i]); i++)
        row = (struct text){row.ptr + 1, row.len - 1}; /* the comma, or the CR */
    for (size_t i = 0; i < c->count; i++) {
        struct text field = fields[c->list[i]];
        buf_add(out, &",\""[i == 0], 1 + (i > 0));
        buf_add(out, field.ptr, field.len);
        buf_putc(out, '"');
    }
    buf_add(out, "\r\n", 2);
}

void columns_select(const struct columns *c, const char *rows, size_t len, struct buf *out)
{
    struct text rest = {rows, len};
    for (struct text row; text_line(&rest, &row);)
        select_row(c, row, out);
}

/* As many columns as a new file has, each known one in its place: a header with a damaged name. */
static bool columns_are_damaged(const struct columns *c)
{
    bool same = c->count == COLUMNS_COUNT;
    for (size_t i = 0; same && i < COLUMNS_COUNT; i++)
        same = c->list[i] == i || c->list[i] == COLUMNS_COUNT;
    return same;
}

bool columns_of_file(int fd, struct columns *out)
{
    out->other = false;
    ssize_t n = io_pread(fd, out->header, sizeof header - 2, 0);
    if (n < 0 || text_equal((struct text){out->header, (size_t)n},
                            (struct text){header + 1, sizeof header - 2}))
        return n >= 0;
    n = io_pread(fd, out->header, sizeof out->header, 0);
    struct text text = {out->header, n > 0 ? (size_t)n : 0}, line = {NULL, 0};
    if (n > 0 && columns_read(text, out) && text_line(&text, &line)) {
        out->other = !columns_are_damaged(out);
        out->header_len = line.len + 1;
    }
    return n >= 0;
}

void columns_convert(const struct columns *c, struct buf *out, size_t from, bool with_header,
                     struct buf *scratch)
{
    size_t rows = from + (with_header ? sizeof header - 2 : 0);
    if (!c->other || out->failed)
        return;
    buf_reset(scratch);
    if (with_header)
        buf_add(scratch, c->header, c->header_len);
    columns_select(c, out->data + rows, out->len - rows, scratch);
    out->len = from;
    buf_add(out, scratch->data, scratch->len);
    out->failed = out->failed || scratch->failed;
}
