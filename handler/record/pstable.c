#include "handler/record/pstable.h"

#include "handler/shared/buf.h"

#include <string.h>

enum { KIB_DIGITS_MAX = 19 }; /* fits uint64_t */

enum {
    DIGIT = 1,
    NUMERIC = 2,
    BLANK = 4,
    PLAIN = 8, /* as cells_put() has it */
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
    unsigned all, any; /* the kinds that all of its bytes are of, and those that any is of */
};

static const struct {
    const char *name;
    enum column column;
} known[] = {
    {"PID", COL_PID},     {"PPID", COL_PPID},   {"USER", COL_USER},     {"UID", COL_USER},
    {"%CPU", COL_CPU},    {"CPU", COL_CPU},     {"%MEM", COL_MEM},      {"MEM", COL_MEM},
    {"RSS", COL_RSS},     {"S", COL_STATE},     {"STAT", COL_STATE},    {"STATE", COL_STATE},
    {"START", COL_START}, {"STIME", COL_START}, {"STARTED", COL_START}, {"CMD", COL_CMD},
    {"COMMAND", COL_CMD}, {"ARGS", COL_CMD},
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

/* The next line, without its end; CRLF is taken as LF. False at the end of the text. */
static bool next_line(struct table *t, struct text *line)
{
    if (t->at >= t->end)
        return false;
    const char *newline = memchr(t->at, '\n', (size_t)(t->end - t->at));
    const char *end = newline ? newline : t->end;
    line->ptr = t->at;
    t->at = newline ? newline + 1 : t->end;
    if (end > line->ptr && end[-1] == '\r')
        end--;
    line->len = (size_t)(end - line->ptr);
    return true;
}

static int find_column(struct text word)
{
    for (size_t i = 0; i < sizeof known / sizeof *known; i++)
        if (strlen(known[i].name) == word.len && memcmp(known[i].name, word.ptr, word.len) == 0)
            return (int)known[i].column;
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
    *t = (struct table){.at = text.ptr, .end = text.ptr + text.len};
    struct text line;
    if (next_line(t, &line) && !read_header(t, line))
        t->at = text.ptr;
}

/* Digits that are KiB as bytes; false when these are more than can be counted. */
static bool read_kib(struct text digits, uint64_t *bytes)
{
    uint64_t kib = 0;
    if (digits.len > KIB_DIGITS_MAX)
        return false;
    for (size_t i = 0; i < digits.len; i++)
        kib = kib * 10 + (uint64_t)(digits.ptr[i] - '0');
    *bytes = kib * 1024;
    return kib <= UINT64_MAX / 1024;
}

/* Can this stand in that column? Tells an lstart, or a column with spaces, from a row. */
static inline bool fits(int column, const struct cell *c)
{
    switch (column) {
    case COL_PID:
    case COL_PPID:
    case COL_RSS:
        return c->all & DIGIT;
    case COL_CPU:
    case COL_MEM:
        return c->all & NUMERIC;
    case COL_STATE:
        return c->text.len <= 8 && !(c->any & DIGIT);
    case COL_START:
        return (c->any & DIGIT) || (c->text.len == 1 && *c->text.ptr == '-');
    default:
        return true;
    }
}

/* The last column, to the end of the line; what stands in a command matters to nobody. */
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
        if (cell.text.len == 0 || !fits(column, &cell))
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
