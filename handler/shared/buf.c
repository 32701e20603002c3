#include "handler/shared/buf.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

/* A build with BUF_FIRST=1 reallocates at every early add, so that ASan finds stale pointers. */
#ifndef BUF_FIRST
#define BUF_FIRST 512
#endif

void buf_init(struct buf *b, size_t max)
{
    *b = (struct buf){.max = max};
}

void buf_release(struct buf *b)
{
    free(b->data);
    *b = (struct buf){.max = b->max};
}

void buf_reset(struct buf *b)
{
    b->len = 0;
    b->failed = b->full = false;
}

void buf_trim(struct buf *b, size_t keep)
{
    if (b->cap > keep)
        buf_release(b);
}

bool buf_grow(struct buf *b, size_t more)
{
    if (b->failed)
        return false;
    if (more > b->max - b->len) {
        b->failed = b->full = true;
        errno = EFBIG;
        return false;
    }
    size_t need = b->len + more;
    size_t cap = b->cap ? b->cap : BUF_FIRST;
    while (cap < need)
        cap = cap > b->max / 2 ? b->max : cap * 2;
    if (cap > b->max)
        cap = b->max;
    char *data = realloc(b->data, cap);
    if (!data) {
        b->failed = true;
        return false;
    }
    b->data = data;
    b->cap = cap;
    return true;
}

static inline size_t count_digits(uint64_t n)
{
    size_t count = 1;
    for (uint64_t power = 10; n >= power && count < BUF_DIGITS; power *= 10)
        count++; /* 10^20 does not fit, but there are at most 20 digits */
    return count;
}

static inline void write_digits(uint64_t n, char *out, size_t count)
{
    for (; count > 0; n /= 10)
        out[--count] = (char)('0' + n % 10);
}

size_t buf_digits(uint64_t n, char out[BUF_DIGITS])
{
    size_t count = count_digits(n);
    write_digits(n, out, count);
    return count;
}

void buf_u64(struct buf *b, uint64_t n)
{
    size_t count = count_digits(n);
    if (!buf_reserve(b, count))
        return;
    write_digits(n, b->data + b->len, count);
    b->len += count;
}

void buf_i64(struct buf *b, int64_t n)
{
    if (n < 0)
        buf_putc(b, '-');
    buf_u64(b, n < 0 ? -(uint64_t)n : (uint64_t)n);
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    int need = vsnprintf(NULL, 0, fmt, ap);
    va_end(ap);
    if (need < 0) {
        b->failed = true;
        return;
    }
    if (!buf_reserve(b, (size_t)need + 1))
        return;
    va_start(ap, fmt);
    vsnprintf(b->data + b->len, (size_t)need + 1, fmt, ap);
    va_end(ap);
    b->len += (size_t)need;
}

char *buf_str(struct buf *b)
{
    if (!buf_reserve(b, 1))
        return NULL;
    b->data[b->len] = '\0';
    return b->data;
}
