/*
 * made: JSON files of our lines, made by hand, for whatever reads them.
 */
#ifndef ROLLCALL_MADE_H
#define ROLLCALL_MADE_H

#include "tests/unit/unit.h"

#include "handler/store/trailer.h"

struct made {
    struct buf file;
    struct trailer last;
    struct digest *digest;
    size_t starts[4096]; /* of line seq - 1 */
};

static inline void made_begin(struct made *m)
{
    memset(m, 0, sizeof *m);
    buf_init(&m->file, 64 << 20);
    m->digest = digest_new();
    strcpy(m->last.received_at, "2026-11-20T12:34:56.789Z");
    strcpy(m->last.client_ip, "10.0.0.7");
    memcpy(m->last.chain, TRAILER_CHAIN_FIRST, DIGEST_HEX_LEN + 1);
}

/* Appends a line whose record is at least `size` bytes, with `left` lines of its batch to follow.
 */
static inline void made_line(struct made *m, size_t size, uint64_t left)
{
    struct trailer *l = &m->last;
    size_t start = m->file.len;
    m->starts[l->seq++] = start;
    l->left = left;
    l->line_start = start;
    l->csv_end += 100;
    snprintf(l->id, sizeof l->id, "id-%llu", (unsigned long long)l->seq);
    buf_puts(&m->file, "{\"os_name\":\"");
    for (size_t i = 0; i < size; i++)
        buf_putc(&m->file, (char)('a' + i % 26));
    buf_putc(&m->file, '"');
    trailer_open(l, &m->file);
    trailer_chain(m->digest, l->chain, m->file.data + start, m->file.len - start, l->chain);
    trailer_close(l, &m->file);
    assert_false(m->file.failed);
}

static inline int made_fd(const struct made *m)
{
    return unit_file(m->file.data, m->file.len);
}

static inline void made_end(struct made *m)
{
    buf_release(&m->file);
    digest_free(m->digest);
}

#endif
