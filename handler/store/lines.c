#include "handler/store/lines.h"

#include "handler/shared/io.h"

#include <errno.h>
#include <string.h>

enum { BLOCK = 256 * 1024 };

void lines_begin(struct lines *r, int fd, off_t from, off_t end)
{
    *r = (struct lines){.fd = fd, .at = from, .end = end, .start = from};
    buf_init(&r->window, LINES_MAX_BYTES);
}

void lines_release(struct lines *r)
{
    buf_release(&r->window);
}

/* Reads on into the window. False with errno. */
static bool read_more(struct lines *r)
{
    if (r->used > 0) {
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

enum lines_result lines_next(struct lines *r)
{
    r->start += (off_t)r->len;
    r->used += r->len;
    r->len = 0;
    for (size_t seen = 0;;) {
        size_t have = r->window.len - r->used;
        char *from = r->window.data + r->used;
        char *newline = have > seen ? memchr(from + seen, '\n', have - seen) : NULL;
        if (newline) {
            r->bytes = from;
            r->len = (size_t)(newline - from) + 1;
            return LINES_ONE;
        }
        seen = have;
        if (r->at >= r->end)
            return have > 0 ? LINES_TORN : LINES_END;
        if (!read_more(r))
            return LINES_FAILED;
    }
}

bool lines_record(char *bytes, size_t tail, struct json_notes *notes, struct arena *arena,
                  struct record *out, size_t *offset, struct fault *f)
{
    struct json_doc doc;
    struct json_fault wrong;
    bytes[tail] = '}';
    bytes[tail + 1] = '\0';
    *offset = 0;
    if (!json_notes_reserve(notes, tail + 1)) {
        fault_memory(f);
        return false;
    }
    if (!json_gate_noting(bytes, tail + 1, &doc, notes, &wrong)) {
        *offset = wrong.offset;
        fault_set(f, V_BAD_REQUEST, "%s", wrong.what);
        return false;
    }
    return record_check(&doc, arena, out, f) == V_OK;
}
