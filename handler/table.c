#include "table.h"

#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { KIB_DIGITS_MAX = 19 }; /* fits uint64_t */

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

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static const char *skip_blanks(const char *p, const char *end)
{
    while (p < end && is_blank(*p))
        p++;
    return p;
}

/* The next word at `*p`, empty at the end of the line. */
static struct text next_word(const char **p, const char *end)
{
    const char *start = skip_blanks(*p, end), *at = start;
    while (at < end && !is_blank(*at))
        at++;
    *p = at;
    return (struct text){start, (size_t)(at - start)};
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
        struct text word = next_word(&p, end);
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

static bool all_of(struct text t, const char *allowed)
{
    for (size_t i = 0; i < t.len; i++)
        if (!(t.ptr[i] >= '0' && t.ptr[i] <= '9') && !(t.ptr[i] && strchr(allowed, t.ptr[i])))
            return false;
    return true;
}

static bool has_digit(struct text t)
{
    for (size_t i = 0; i < t.len; i++)
        if (isdigit((unsigned char)t.ptr[i]))
            return true;
    return false;
}

/* KiB as a number; false when it is none, or makes more bytes than can be counted. */
static bool read_kib(struct text t, uint64_t *kib)
{
    char digits[KIB_DIGITS_MAX + 1] = {0};
    if (t.len > KIB_DIGITS_MAX || !all_of(t, ""))
        return false;
    memcpy(digits, t.ptr, t.len);
    *kib = strtoull(digits, NULL, 10);
    return *kib <= UINT64_MAX / 1024;
}

/* Can this stand in that column? Tells an lstart, or a column with spaces, from a row. */
static bool fits(int column, struct text t)
{
    uint64_t kib;
    switch (column) {
    case COL_PID:
    case COL_PPID:
        return all_of(t, "");
    case COL_RSS:
        return read_kib(t, &kib);
    case COL_CPU:
    case COL_MEM:
        return all_of(t, ".,-");
    case COL_STATE:
        return t.len <= 8 && !has_digit(t);
    case COL_START:
        return has_digit(t) || (t.len == 1 && *t.ptr == '-');
    default:
        return true;
    }
}

static bool read_row(const struct table *t, struct text line, struct process *out)
{
    const char *p = line.ptr, *end = p + line.len;
    for (size_t i = 0; i < t->column_count; i++) {
        struct text cell;
        if (i + 1 < t->column_count) {
            cell = next_word(&p, end);
        } else {
            cell.ptr = skip_blanks(p, end);
            cell.len = (size_t)(end - cell.ptr);
        }
        if (cell.len == 0 || !fits(t->columns[i], cell))
            return false;
        if (t->columns[i] >= 0)
            out->column[t->columns[i]] = cell;
    }
    return true;
}

bool table_next(struct table *t, struct process *out, char rss[32])
{
    struct text line;
    do {
        if (!next_line(t, &line))
            return false;
    } while (skip_blanks(line.ptr, line.ptr + line.len) == line.ptr + line.len);
    memset(out, 0, sizeof *out);
    if (t->column_count == 0 || !read_row(t, line, out)) {
        memset(out, 0, sizeof *out);
        out->column[COL_CMD] = line;
    }
    uint64_t kib;
    struct text *cell = &out->column[COL_RSS];
    if (cell->len > 0 && read_kib(*cell, &kib))
        *cell = (struct text){rss, (size_t)snprintf(rss, 32, "%" PRIu64, kib * 1024)};
    return true;
}
