/*
 * buf: a growing byte buffer with a mandatory ceiling.
 *
 * Call buf_init() once, add as often as needed, check `failed` once at the end, and call
 * buf_release(). An add that does not fit sets `failed`; every later add does nothing, so a caller
 * has one place to check and nothing to undo. buf_reset() empties the buffer for its next use and
 * keeps its memory; buf_trim() frees memory above a limit.
 *
 * The bytes belong to the buffer: `data` is valid until the next add. It is not NUL-terminated,
 * except after buf_str().
 */
#ifndef HANDLER_SHARED_BUF_H
#define HANDLER_SHARED_BUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct buf {
    char *data;
    size_t len;  /* bytes in use */
    size_t cap;  /* bytes allocated */
    size_t max;  /* never more than this */
    bool failed; /* an add did not fit; sticky until buf_reset() */
    bool full;   /* ... because of `max`, not because memory ran out */
};

void buf_init(struct buf *b, size_t max);
void buf_release(struct buf *b);
void buf_reset(struct buf *b);

/* Frees the memory if more than `keep` bytes are allocated. The contents are lost. */
void buf_trim(struct buf *b, size_t keep);

/* Makes room for `more` bytes after `len`. False, with `failed` set, if that is impossible: EFBIG
 * because of `max`, ENOMEM because memory ran out. */
bool buf_grow(struct buf *b, size_t more);

static inline bool buf_reserve(struct buf *b, size_t more)
{
    if (!b->failed && b->cap - b->len >= more)
        return true;
    return buf_grow(b, more);
}

static inline void buf_add(struct buf *b, const void *bytes, size_t len)
{
    if (len == 0 || !buf_reserve(b, len))
        return;
    memcpy(b->data + b->len, bytes, len);
    b->len += len;
}

static inline void buf_putc(struct buf *b, char c)
{
    if (!buf_reserve(b, 1))
        return;
    b->data[b->len++] = c;
}

static inline void buf_puts(struct buf *b, const char *s)
{
    buf_add(b, s, strlen(s));
}

/* Writes the decimal digits of `n` to `out`, without a NUL; returns how many. */
enum { BUF_DIGITS = 20 };
size_t buf_digits(uint64_t n, char out[BUF_DIGITS]);

void buf_u64(struct buf *b, uint64_t n);

/* Both, in this order. */
static inline void buf_puts_u64(struct buf *b, const char *s, uint64_t n)
{
    buf_puts(b, s);
    buf_u64(b, n);
}

void buf_i64(struct buf *b, int64_t n);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Terminates with NUL (not counted in `len`) and returns `data`; NULL if the buffer failed. */
char *buf_str(struct buf *b);

#endif
