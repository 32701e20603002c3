#include "handler/store/rebuild.h"

#include "handler/shared/io.h"
#include "handler/store/lines.h"

#include <errno.h>

enum { KEEP = 1 << 20 };

#define ROWS_MAX ((size_t)16 << 30) /* above any that a handler writes */

bool rebuild_write(void *to, const char *bytes, size_t len)
{
    struct rebuild_file *w = to;
    bool ok = io_pwrite(w->fd, bytes, len, w->at);
    w->at += (off_t)len;
    return ok;
}

struct work {
    struct rows rows;
    struct arena arena;
    struct buf out;
};

/* Appends the rows of one line to work->out. */
static bool line_rows(struct work *w, char *bytes, size_t len)
{
    struct trailer line;
    struct record record;
    struct rows_count count;
    struct fault fault;
    size_t tail, chain, offset;
    arena_reset(&w->arena);
    errno = EBADMSG;
    return trailer_parse(bytes, len, &line, &tail, &chain) &&
           lines_record(bytes, tail, &w->rows.notes, &w->arena, &record, &offset, &fault) &&
           rows_build(&w->rows, &record, line.client_ip, line.received_at, &w->out, &count,
                      &fault) == V_OK;
}

static bool rebuild_lines(struct work *w, struct lines *lines, rebuild_sink sink, void *to)
{
    enum lines_result got;
    bool first = true;
    while ((got = lines_next(lines)) == LINES_ONE) {
        buf_reset(&w->out);
        if (first)
            columns_put_header(&w->out);
        first = false;
        if (!line_rows(w, lines->bytes, lines->len) || !sink(to, w->out.data, w->out.len))
            return false;
        rows_trim(&w->rows, KEEP);
    }
    if (got == LINES_TORN)
        errno = EBADMSG;
    return got == LINES_END;
}

bool rebuild_csv(int json, off_t end, rebuild_sink sink, void *to, off_t *bad)
{
    struct work w;
    struct lines lines;
    rows_init(&w.rows);
    arena_init(&w.arena, ROWS_MAX);
    buf_init(&w.out, ROWS_MAX);
    lines_begin(&lines, json, 0, end);
    bool ok = rebuild_lines(&w, &lines, sink, to);
    int saved = errno;
    *bad = lines.start;
    lines_release(&lines);
    buf_release(&w.out);
    arena_release(&w.arena);
    rows_release(&w.rows);
    errno = saved;
    return ok;
}
