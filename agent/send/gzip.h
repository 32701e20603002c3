/*
 * gzip: the only file that knows libdeflate.
 */
#ifndef AGENT_SEND_GZIP_H
#define AGENT_SEND_GZIP_H

#include <stdbool.h>
#include <stddef.h>

struct buf;

/* Appends `len` bytes as one gzip member (RFC 1952) to `out`; false if memory is out. */
bool gzip_bytes(const void *bytes, size_t len, struct buf *out);

/* The reverse, for exactly one complete member; false if it is not one, or `out` has no room. */
bool gzip_unpack(const void *bytes, size_t len, struct buf *out);

#endif
