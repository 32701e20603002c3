#include "agent/send/gzip.h"

#include "handler/shared/buf.h"

#include <libdeflate.h>

/* From 2 on, a process list gets 3 % smaller for twice the time and twice the memory. */
enum { LEVEL = 1 };

/* What RFC 1951 and 1952 allow: no member is shorter, none grows more. */
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

/* A member's last four bytes are the length of what is in it, lowest first. */
static size_t unpacked_length(const unsigned char *end)
{
    return (size_t)end[-4] | (size_t)end[-3] << 8 | (size_t)end[-2] << 16 | (size_t)end[-1] << 24;
}

bool gzip_unpack(const void *bytes, size_t len, struct buf *out)
{
    if (len < MEMBER_MIN)
        return false;
    size_t size = unpacked_length((const unsigned char *)bytes + len), used = 0, n = 0;
    if (size / GROWTH_MAX > len)
        return false;
    struct libdeflate_decompressor *d = libdeflate_alloc_decompressor();
    bool ok = d && buf_reserve(out, size + 1) && /* a byte more, so that there is memory for none */
              libdeflate_gzip_decompress_ex(d, bytes, len, out->data + out->len, size, &used, &n) ==
                  LIBDEFLATE_SUCCESS &&
              used == len && n == size;
    if (ok)
        out->len += size;
    if (d)
        libdeflate_free_decompressor(d);
    return ok;
}
