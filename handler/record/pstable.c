#include "handler/record/pstable.h"

#include "handler/shared/buf.h"

#include <string.h>

enum { STATE_LEN_MAX = 8, KIB_DIGITS_MAX = 19 };

enum {
    DIGIT = 1,
    NUMERIC = 2,
    BLANK = 4,
    PLAIN = 8, /* as in cells_put() */
    N = NUMERIC | PLAIN,
    D = DIGIT | N,
    P = PLAIN
};

/* clang-format off */
static const unsigned char kinds[256] = {
    ['\t'] = BLANK,
    [' '] = BLANK | PLAIN,
    ['!'] = PLAIN,
    ['#'] = P, P, P, P, P, P, P, P, P, N, N, N, P,
    ['0'] = D, D, D, D, D, D, D, D, D, D, P, P, P, P, P, P,
    ['@'] = P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    ['P'] = P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    ['`'] = P, P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
    ['p'] = P, P, P, P, P, P, P, P, P, P, P, P, P, P, P,
};
/* clang-format on */

struct cell {
    struct text text;
    unsigned all, any; /* kinds that all bytes have, and kinds that at least one byte has */
};

static const struct {
    const char *name;
    enum column column;
} headings[] = {
#define PS(ID, name) {name, COL_##ID},
#include "handler/record/columns.def"
};

static inline unsigned kind(char c)
{
    return kinds[(unsigned char)c];
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && kind(*p) & BLANK)
        p++;
    return p;
}

/* The next cell at `*p`, up to a byte of a kind in `stops`; empty at the end of the line. */
static inline struct cell next_cell(const char **p, const char *end, unsigned stops)
{
    const char *start = skip_blanks(*p, end), *at = start;
    unsigned all = DIGIT | NUMERIC | BLANK | PLAIN, any = 0;
    for (; at < end; at++) {
        unsigned k = kind(*at);
        if (k & stops)
            break;
        all &= k;
        any |= k;
    }
    *p = at;
    return (struct cell){{start, (size_t)(at - start)}, all, any};
}

/* The next line; a CRLF counts as LF. False at the end of the text. */
static bool next_line(struct table *t, struct text *line)
{
    if (!text_line(&t->rest, line))
        return false;
    if (line->len > 0 && line->ptr[line->len - 1] == '\r')
        line->len--;
    return true;
}

static int find_column(struct text word)
{
    for (size_t i = 0; i < sizeof headings / sizeof *headings; i++)
        if (text_is(word, headings[i].name))
            return (int)headings[i].column;
    return -1;
}

static bool header_word(struct text word)
{
    for (size_t i = 0; i < word.len; i++) {
        char c = word.ptr[i];
        if (!(c >= 'A' && c <= 'Z') && !(c >= '0' && c <= '9') && !(c && strchr("%+_:-", c)))
            return false;
    }
    return true;
}

static bool read_header(struct table *t, struct text line)
{
    bool any = false;
    size_t count = 0;
    const char *p = line.ptr, *end = p + line.len;
    for (;;) {
        struct text word = next_cell(&p, end, BLANK).text;
        if (word.len == 0)
            break;
        if (count == TABLE_COLUMNS_MAX || !header_word(word))
            return false;
        t->columns[count] = find_column(word);
        any |= t->columns[count++] >= 0;
    }
    t->column_count = any ? count : 0;
    return any;
}

void table_begin(struct table *t, struct text text)
{
    *t = (struct table){.rest = text};
    struct text line;
    if (next_line(t, &line) && !read_header(t, line))
        t->rest = text;
}

/* KiB in bytes; false if that is over UINT64_MAX. */
static bool read_kib(struct text digits, uint64_t *bytes)
{
    uint64_t kib;
    if (digits.len > KIB_DIGITS_MAX || !text_number(digits, &kib) || kib > UINT64_MAX / 1024)
        return false;
    *bytes = kib * 1024;
    return true;
}

/* True if the column can have this value: a line with ps's five-word lstart, or with spaces in a
 * column that is not the last, is not a row. A column that is ignored accepts anything. */
static inline bool fits_column(int column, const struct cell *c)
{
    enum { DIGITS, NUMBER, STATE, START, ANYTHING };
    static const unsigned char fits[COL_COUNT] = {
#define PROCESS(ID, name, fits) [COL_##ID] = (fits),
#include "handler/record/columns.def"
    };
    switch (column < 0 ? ANYTHING : fits[column]) {
    case DIGITS:
        return c->all & DIGIT;
    case NUMBER:
        return c->all & NUMERIC;
    case STATE:
        return c->text.len <= STATE_LEN_MAX && !(c->any & DIGIT);
    case START:
        return (c->any & DIGIT) || text_is(c->text, "-");
    default:
        return true;
    }
}

/* The last column, to the end of the line. The bytes of a command need no classification. */
static struct cell last_cell(int column, const char *p, const char *end)
{
    if (column != COL_CMD)
        return next_cell(&p, end, 0);
    p = skip_blanks(p, end);
    return (struct cell){.text = {p, (size_t)(end - p)}};
}

static bool read_row(const struct table *t, struct text line, struct process *out,
                     char rss[BUF_DIGITS])
{
    const char *p = line.ptr, *end = p + line.len;
    for (size_t i = 0; i < t->column_count; i++) {
        int column = t->columns[i];
        struct cell cell =
            i + 1 < t->column_count ? next_cell(&p, end, BLANK) : last_cell(column, p, end);
        uint64_t bytes;
        if (cell.text.len == 0 || !fits_column(column, &cell))
            return false;
        if (column == COL_RSS) {
            if (!read_kib(cell.text, &bytes))
                return false;
            cell.text = (struct text){rss, buf_digits(bytes, rss)};
        }
        if (column < 0)
            continue;
        out->column[column] = cell.text;
        out->plain[column] = cell.all & PLAIN;
    }
    return true;
}

bool table_next(struct table *t, struct process *out, char rss[BUF_DIGITS])
{
    struct text line;
    do {
        if (!next_line(t, &line))
            return false;
    } while (skip_blanks(line.ptr, line.ptr + line.len) == line.ptr + line.len);
    memset(out, 0, sizeof *out);
    if (t->column_count == 0 || !read_row(t, line, out, rss)) {
        memset(out, 0, sizeof *out);
        out->column[COL_CMD] = line;
    }
    return true;
}
