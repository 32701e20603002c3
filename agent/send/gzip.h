/*
 * gzip: the only file that knows libdeflate.
 */
#ifndef AGENT_SEND_GZIP_H
#define AGENT_SEND_GZIP_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Adds `len` bytes as one gzip member (RFC 1952) to `out`; false when memory is out. */
bool gzip_bytes(const void *bytes, size_t len, struct buf *out);

/* The reverse, for exactly one whole member; false when it is none, or `out` has no room for it. */
bool gzip_unpack(const void *bytes, size_t len, struct buf *out);

#endif
