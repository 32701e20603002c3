#include "handler/read/tail.h"

#include "handler/shared/io.h"

#include <string.h>

/* A line is at most max_body_bytes (1 GiB) and the server's member long. */
enum { TAIL_LINE_MAX = (1 << 30) + (1 << 20), TAIL_FOREIGN_MAX = 16 };

/* The colon of a member, the comma before it, and one byte more. */
enum { TAIL_AROUND = 3, TAIL_SHORT = 16 };

/* By so much may the members read of one line be longer than those of the line after it. */
enum { TAIL_SLACK = 64 };

void tail_init(struct tail *t)
{
    *t = (struct tail){.fd = -1};
    buf_init(&t->window, TAIL_LINE_MAX);
}

void tail_release(struct tail *t)
{
    buf_release(&t->window);
}

/* Makes the window hold the bytes from `from` to `to` of the file, and no others. */
static bool tail_load(struct tail *t, off_t from, off_t to)
{
    size_t len = (size_t)(to - from);
    buf_reset(&t->window);
    if (!buf_reserve(&t->window, len) || io_pread(t->fd, t->window.data, len, from) != (ssize_t)len)
        return false;
    t->window.len = len;
    t->base = from;
    return true;
}

/* Extends the window towards the start of the file, at most to `limit`. False: it cannot. */
static bool tail_extend(struct tail *t, off_t limit)
{
    if (t->base <= limit)
        return false;
    size_t held = t->window.len, more = held < TAIL_WINDOW ? TAIL_WINDOW : held;
    if ((off_t)more > t->base - limit)
        more = (size_t)(t->base - limit);
    if (!buf_reserve(&t->window, more))
        return false;
    memmove(t->window.data + more, t->window.data, held);
    off_t from = t->base - (off_t)more;
    if (io_pread(t->fd, t->window.data, more, from) != (ssize_t)more)
        return false;
    t->window.len = held + more;
    t->base = from;
    return true;
}

/* The offset after the last newline before `end`; 0 when there is none, -1 when reading failed. */
static off_t tail_line_end(struct tail *t, off_t end)
{
    while (end > 0) {
        off_t from = end > TAIL_WINDOW ? end - TAIL_WINDOW : 0;
        if (!tail_load(t, from, end))
            return -1;
        const char *newline = memrchr(t->window.data, '\n', t->window.len);
        if (newline)
            return from + (newline - t->window.data) + 1;
        end = from;
    }
    return 0;
}

/* Reads the server's member of the line that ends at `end`, a newline included. */
static bool tail_parse(struct tail *t, off_t end)
{
    off_t from = end > (off_t)t->reach ? end - (off_t)t->reach : 0;
    size_t member, chain;
    bool held = from >= t->base && end <= t->base + (off_t)t->window.len;
    if (!held && !tail_load(t, from, end))
        return false;
    t->window.len = (size_t)(end - t->base);
    if (!trailer_parse(t->window.data, t->window.len, &t->line, &member, &chain) ||
        t->line.line_start >= (uint64_t)end)
        return false;
    t->end = end;
    t->members_end = t->member_end = t->base + (off_t)member;
    t->received_ms = clock_parse(t->line.received_at);
    return true;
}

/* The newest committed line that ends at or before `end`. A few lines that are not ours are passed
 * over in search of one, and make the file unreadable only if there is none. */
static enum tail_result tail_find(struct tail *t, off_t end)
{
    t->foreign = 0;
    while (end > 0) {
        if (tail_parse(t, end)) {
            if (t->line.left == 0)
                return TAIL_OK;
            end = (off_t)t->line.line_start;
        } else {
            if (++t->foreign > TAIL_FOREIGN_MAX)
                return TAIL_UNREADABLE;
            end = tail_line_end(t, end - 1);
            if (end <= 0)
                return TAIL_UNREADABLE;
        }
    }
    return TAIL_END;
}

enum tail_result tail_open(struct tail *t, int fd, off_t size)
{
    t->fd = fd;
    t->reach = TAIL_WINDOW;
    off_t end = tail_line_end(t, size);
    return end < 0 ? TAIL_UNREADABLE : tail_find(t, end);
}

/* Of large lines, as many bytes are read first as were used of the line after. Of small lines, one
 * read holds several. */
enum tail_result tail_back(struct tail *t)
{
    off_t start = (off_t)t->line.line_start;
    size_t used = (size_t)(t->end - t->member_end) + TAIL_SLACK;
    if (used < TRAILER_MAX)
        used = TRAILER_MAX;
    t->reach = t->end - start > TAIL_WINDOW && used < TAIL_WINDOW ? used : TAIL_WINDOW;
    return tail_find(t, start);
}

/* ---- members, backwards */

/* The last quote before text[at]; NULL: none. Most strings are short: calling memrchr(3) for them
 * takes longer than looking. */
static const char *tail_last_quote(const char *text, ptrdiff_t at)
{
    ptrdiff_t stop = at > TAIL_SHORT ? at - TAIL_SHORT : 0;
    while (at > stop)
        if (text[--at] == '"')
            return text + at;
    return memrchr(text, '"', (size_t)at);
}

/* Where the string whose closing quote is at `close` opens; -1: the window does not show it. */
static ptrdiff_t tail_open_quote(const char *text, ptrdiff_t close)
{
    for (ptrdiff_t at = close; at > 0;) {
        const char *quote = tail_last_quote(text, at);
        if (!quote)
            return -1;
        ptrdiff_t run = at = quote - text;
        while (run > 0 && text[run - 1] == '\\')
            run--;
        if (run == 0)
            return -1;
        if ((at - run) % 2 == 0)
            return at;
        at = run;
    }
    return -1;
}

/* Where the array or object whose closing bracket is at `close` opens; -1 as above. */
static ptrdiff_t tail_open_bracket(const char *text, ptrdiff_t close)
{
    int depth = 0;
    for (ptrdiff_t at = close; at >= 0; at--) {
        char c = text[at];
        if (c == '"' && (at = tail_open_quote(text, at)) < 0)
            return -1;
        if (c == '}' || c == ']')
            depth++;
        else if ((c == '{' || c == '[') && --depth == 0)
            return at;
    }
    return -1;
}

/* Where the value that ends before `end` starts; -1 as above. */
static ptrdiff_t tail_value_start(const char *text, ptrdiff_t end)
{
    char last = text[end - 1];
    if (last == '"')
        return tail_open_quote(text, end - 1);
    if (last == '}' || last == ']')
        return tail_open_bracket(text, end - 1);
    const char *colon = memrchr(text, ':', (size_t)end);
    return colon ? colon - text + 1 : -1;
}

/* Takes the member that ends before text[end]. False when the window does not show all of it. */
static bool tail_take(const char *text, ptrdiff_t end, struct json_member *member)
{
    ptrdiff_t value = end > 0 ? tail_value_start(text, end) : -1;
    if (value < 3 || text[value - 1] != ':' || text[value - 2] != '"')
        return false;
    ptrdiff_t name = tail_open_quote(text, value - 2);
    if (name < 1)
        return false;
    member->name = (struct text){text + name, (size_t)(value - 1 - name)};
    member->value = (struct text){text + value, (size_t)(end - value)};
    return true;
}

enum tail_result tail_member(struct tail *t, size_t limit, struct json_member *member)
{
    off_t start = (off_t)t->line.line_start;
    if (t->member_end <= start + 1)
        return TAIL_END;
    if (t->base > t->member_end) { /* the line was taken */
        off_t from = t->member_end > start + TAIL_WINDOW ? t->member_end - TAIL_WINDOW : start;
        if (!tail_load(t, from, t->member_end))
            return TAIL_UNREADABLE;
    }
    if (t->base < start) {
        size_t before = (size_t)(start - t->base);
        memmove(t->window.data, t->window.data + before, t->window.len - before);
        t->window.len -= before;
        t->base = start;
    }
    for (;;) {
        size_t held = (size_t)(t->member_end - t->base), skipped = 0;
        if (limit < SIZE_MAX - TAIL_AROUND && held > limit + TAIL_AROUND)
            skipped = held - limit - TAIL_AROUND;
        if (tail_take(t->window.data + skipped, (ptrdiff_t)(held - skipped), member))
            break;
        if (held > limit)
            return TAIL_LARGE;
        if (!tail_extend(t, start))
            return TAIL_UNREADABLE;
    }
    ptrdiff_t before = member->name.ptr - t->window.data - 1;
    bool first = t->base + before == start;
    if (t->window.data[before] != (first ? '{' : ','))
        return TAIL_UNREADABLE;
    t->member_end = first ? start : t->base + before;
    return TAIL_OK;
}

enum tail_result tail_line(struct tail *t, struct text *line)
{
    off_t start = (off_t)t->line.line_start;
    if (!tail_load(t, start, t->end))
        return TAIL_UNREADABLE;
    *line = (struct text){t->window.data, t->window.len - 1};
    return t->window.data[0] == '{' ? TAIL_OK : TAIL_UNREADABLE;
}

enum tail_result tail_take_line(struct tail *t, struct buf *line)
{
    struct text all;
    enum tail_result got = tail_line(t, &all);
    struct buf taken = t->window;
    t->window = *line;
    buf_reset(&t->window);
    t->base = t->end;
    *line = taken;
    line->len = got == TAIL_OK ? all.len : 0;
    return got;
}
