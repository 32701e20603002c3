#include "handler/store/rebuild.h"

#include "handler/shared/io.h"
#include "handler/store/jsonl.h"

#include <errno.h>

enum { KEEP = 1 << 20 };

#define ROWS_MAX ((size_t)16 << 30) /* more than a handler writes */

void rebuild_init(struct rebuild *r, int csv)
{
    /* A file that cannot be read shows when its rows are read or written. */
    if (csv < 0 || !columns_of_file(csv, &r->columns))
        r->columns.other = false;
    buf_init(&r->scratch, ROWS_MAX);
    rows_init(&r->rows);
    arena_init(&r->arena, ROWS_MAX);
    buf_init(&r->out, ROWS_MAX);
}

void rebuild_release(struct rebuild *r)
{
    buf_release(&r->scratch);
    buf_release(&r->out);
    arena_release(&r->arena);
    rows_release(&r->rows);
}

bool rebuild_line(struct rebuild *r, char *bytes, size_t len)
{
    struct jsonl_record stored;
    size_t tail, chain;
    rows_trim(&r->rows, KEEP);
    arena_reset(&r->arena);
    buf_reset(&r->out);
    errno = EBADMSG;
    if (!trailer_parse(bytes, len, &r->line, &tail, &chain) ||
        !jsonl_record(bytes, tail, &r->rows.notes, &r->arena, &stored))
        return false;
    if (r->line.line_start == 0)
        columns_put_header(&r->out);
    const struct rows_origin from = {r->line.client_ip, r->line.received_at};
    if (rows_build(&r->rows, &stored.record, &from, &r->out, &stored.fault) != V_OK)
        return false;
    columns_convert(&r->columns, &r->out, 0, r->line.line_start == 0, &r->scratch);
    return !r->out.failed;
}

bool rebuild_write(void *to, const char *bytes, size_t len)
{
    struct rebuild_file *w = to;
    bool ok = io_pwrite(w->fd, bytes, len, w->at);
    w->at += (off_t)len;
    return ok;
}

static bool rebuild_lines(struct rebuild *r, struct jsonl *lines, rebuild_sink sink, void *to)
{
    enum jsonl_result got;
    while ((got = jsonl_next(lines)) == JSONL_LINE)
        if (!rebuild_line(r, lines->bytes, lines->len) || !sink(to, r->out.data, r->out.len))
            return false;
    if (got == JSONL_TORN)
        errno = EBADMSG;
    return got == JSONL_END;
}

bool rebuild_csv(const struct rebuild_source *from, rebuild_sink sink, void *to, off_t *bad)
{
    struct rebuild r;
    struct jsonl lines;
    rebuild_init(&r, from->csv);
    jsonl_begin(&lines, from->json, 0, from->end);
    bool ok = rebuild_lines(&r, &lines, sink, to);
    int saved = errno;
    *bad = lines.start;
    jsonl_release(&lines);
    rebuild_release(&r);
    errno = saved;
    return ok;
}
