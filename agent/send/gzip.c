#include "agent/send/gzip.h"

#include "handler/shared/buf.h"

#include <libdeflate.h>

/* Level 2 makes a process list 3 % smaller, for twice the time and memory. */
enum { LEVEL = 1 };

/* Limits of RFC 1951 and 1952: the shortest member, and the most that one can grow. */
enum { MEMBER_MIN = 18, GROWTH_MAX = 1032 };

bool gzip_bytes(const void *bytes, size_t len, struct buf *out)
{
    struct libdeflate_compressor *c = libdeflate_alloc_compressor(LEVEL);
    if (!c)
        return false;
    size_t bound = libdeflate_gzip_compress_bound(c, len), n = 0;
    if (buf_reserve(out, bound))
        n = libdeflate_gzip_compress(c, bytes, len, out->data + out->len, bound);
    libdeflate_free_compressor(c);
    out->len += n;
    return n > 0;
}

/* The last four bytes of a member are the length of its contents, lowest first. */
static size_t gzip_unpacked_length(const unsigned char *end)
{
    return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

bool gzip_unpack(const void *bytes, size_t len, struct buf *out)
{
    if (len < MEMBER_MIN)
        return false;
    size_t size = gzip_unpacked_length((const unsigned char *)bytes + len), used = 0, n = 0;
    if (size / GROWTH_MAX > len)
        return false;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    bool ok = d && buf_reserve(out, size + 1) && /* one byte more, for an empty member */
              libdeflate_gzip_decompress_ex(d, bytes, len, out->data + out->len, size, &used, &n) ==
                  LIBDEFLATE_SUCCESS &&
              used == len && n == size;
    if (ok)
        out->len += size;
    if (d)
        libdeflate_free_decompressor(d);
    return ok;
}
