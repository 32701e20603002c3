#include "handler/store/jsonl.h"

#include "handler/shared/io.h"

#include <errno.h>
#include <string.h>

enum { BLOCK = 256 * 1024 };

void jsonl_begin(struct jsonl *r, int fd, off_t from, off_t end)
{
    *r = (struct jsonl){.fd = fd, .at = from, .end = end, .start = from};
    buf_init(&r->window, JSONL_LINE_MAX);
}

void jsonl_release(struct jsonl *r)
{
    buf_release(&r->window);
}

/* Reads more of the file into the window. False with errno. */
static bool jsonl_read_on(struct jsonl *r)
{
    if (r->used > 0 && r->window.data) {
        memmove(r->window.data, r->window.data + r->used, r->window.len - r->used);
        r->window.len -= r->used;
        r->used = 0;
    }
    size_t want = r->end - r->at < BLOCK ? (size_t)(r->end - r->at) : BLOCK;
    if (!buf_reserve(&r->window, want)) {
        errno = EFBIG;
        return false;
    }
    ssize_t n = io_pread(r->fd, r->window.data + r->window.len, want, r->at);
    if (n < 0)
        return false;
    if (n == 0)
        r->end = r->at; /* the file is shorter than it was */
    r->window.len += (size_t)n;
    r->at += n;
    return true;
}

enum jsonl_result jsonl_next(struct jsonl *r)
{
    r->start += (off_t)r->len;
    r->used += r->len;
    r->len = 0;
    for (size_t seen = 0;;) {
        size_t have = r->window.len - r->used;
        char *from = r->window.data ? r->window.data + r->used : NULL;
        char *newline = from && have > seen ? memchr(from + seen, '\n', have - seen) : NULL;
        if (newline) {
            r->bytes = from;
            r->len = (size_t)(newline - from) + 1;
            return JSONL_LINE;
        }
        seen = have;
        if (r->at >= r->end)
            return have > 0 ? JSONL_TORN : JSONL_END;
        if (!jsonl_read_on(r))
            return JSONL_FAILED;
    }
}

/* Makes the window hold the last bytes of the line that ends at b->end. False with errno. */
static bool jsonl_load(struct jsonl_back *b)
{
    off_t need = b->end > TRAILER_MAX ? b->end - TRAILER_MAX : 0;
    if (b->base <= need && b->base + (off_t)b->len >= b->end)
        return true;
    b->base = b->end > (off_t)b->reach ? b->end - (off_t)b->reach : 0;
    ssize_t n = io_pread(b->fd, b->window, (size_t)(b->end - b->base), b->base);
    b->len = n > 0 ? (size_t)n : 0;
    return n >= 0;
}

enum jsonl_result jsonl_at(struct jsonl_back *b, off_t end)
{
    size_t tail, chain;
    b->end = end;
    if (end == 0)
        return JSONL_END;
    if (!jsonl_load(b))
        return JSONL_FAILED;
    if (b->base + (off_t)b->len < end)
        return JSONL_NOT_OURS; /* the file is shorter than it was */
    if (!trailer_parse(b->window, (size_t)(end - b->base), &b->line, &tail, &chain))
        return JSONL_NOT_OURS;
    return b->line.line_start < (uint64_t)end ? JSONL_LINE : JSONL_NOT_OURS;
}

enum jsonl_result jsonl_last(struct jsonl_back *b, int fd, off_t end)
{
    b->fd = fd;
    b->base = end;
    b->len = 0;
    b->reach = JSONL_FIRST;
    return jsonl_at(b, end);
}

enum jsonl_result jsonl_prev(struct jsonl_back *b)
{
    off_t start = (off_t)b->line.line_start;
    b->reach = b->end - start > JSONL_FIRST ? TRAILER_MAX : JSONL_WINDOW;
    return jsonl_at(b, start);
}

bool jsonl_record(char *bytes, size_t tail, struct json_notes *notes, struct arena *arena,
                  struct jsonl_record *out)
{
    struct json_doc doc;
    struct json_fault wrong;
    bytes[tail] = '}';
    bytes[tail + 1] = '\0';
    out->offset = 0;
    fault_clear(&out->fault);
    if (!json_notes_reserve(notes, tail + 1)) {
        fault_memory(&out->fault);
        return false;
    }
    if (!json_gate_noting(bytes, tail + 1, &doc, notes, &wrong)) {
        out->offset = wrong.offset;
        fault_set(&out->fault, V_BAD_REQUEST, "%s", wrong.what);
        return false;
    }
    return record_check(&doc, arena, &out->record, &out->fault) == V_OK;
}
