#include "aws/archive/unpack.h"

#include "handler/shared/io.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>

enum { BLOCK = 128 << 10, GZIP_WINDOW = 15 + 16, WRONG_MAX = 200 };

struct unpack {
    const struct unpack_job *job;
    struct digest *plain, *packed;
    z_stream z;
    bool ready, ended; /* `z` is initialised; the end of the gzip data has come */
    uint64_t size, gzip_size;
    char wrong[WRONG_MAX];
    unsigned char out[BLOCK], local[BLOCK];
};

struct unpack *unpack_new(void)
{
    struct unpack *u = calloc(1, sizeof *u);
    if (!u)
        return NULL;
    u->plain = digest_new();
    u->packed = digest_new();
    u->ready = inflateInit2(&u->z, GZIP_WINDOW) == Z_OK;
    if (u->plain && u->packed && u->ready)
        return u;
    unpack_free(u);
    return NULL;
}

void unpack_free(struct unpack *u)
{
    if (!u)
        return;
    if (u->ready)
        inflateEnd(&u->z);
    digest_free(u->plain);
    digest_free(u->packed);
    free(u);
}

void unpack_begin(struct unpack *u, const struct unpack_job *job)
{
    u->job = job;
    u->wrong[0] = '\0';
}

static bool wrong(struct unpack *u, const char *what, const char *detail)
{
    if (!u->wrong[0])
        snprintf(u->wrong, sizeof u->wrong, "%.100s%.90s", what, detail);
    return false;
}

bool unpack_restart(void *context)
{
    struct unpack *u = context;
    u->size = u->gzip_size = 0;
    u->ended = false;
    u->wrong[0] = '\0';
    if (inflateReset(&u->z) != Z_OK || !digest_start(u->plain) || !digest_start(u->packed))
        return wrong(u, "out of memory", "");
    if (u->job->write >= 0 && ftruncate(u->job->write, 0) != 0)
        return wrong(u, "cannot write: ", strerror(errno));
    return true;
}

static bool compare(struct unpack *u, size_t len)
{
    char at[24];
    ssize_t n = io_pread(u->job->compare, u->local, len, (off_t)u->size);
    if (n < 0)
        return wrong(u, "cannot read the local file: ", strerror(errno));
    for (size_t i = 0; i < len; i++) {
        if (i < (size_t)n && u->local[i] == u->out[i])
            continue;
        snprintf(at, sizeof at, "%" PRIu64, u->size + i);
        return wrong(u, "the archive and the local file differ from byte ", at);
    }
    return true;
}

static bool take_plain(struct unpack *u, size_t len)
{
    if (len > u->job->entry->size - u->size)
        return wrong(u, "it is longer than the manifest says", "");
    if (u->job->compare >= 0 && !compare(u, len))
        return false;
    if (u->job->write >= 0 && !io_pwrite(u->job->write, u->out, len, (off_t)u->size))
        return wrong(u, "cannot write: ", strerror(errno));
    u->size += len;
    return digest_add(u->plain, u->out, len) || wrong(u, "out of memory", "");
}

bool unpack_take(void *context, const char *bytes, size_t len)
{
    struct unpack *u = context;
    int result = Z_OK;
    u->gzip_size += len;
    if (!digest_add(u->packed, bytes, len))
        return wrong(u, "out of memory", "");
    u->z.next_in = (z_const Bytef *)bytes;
    u->z.avail_in = (uInt)len;
    while (result == Z_OK && (u->z.avail_in > 0 || u->z.avail_out == 0)) {
        if (u->ended)
            return wrong(u, "bytes after the end of the gzip data", "");
        u->z.next_out = u->out;
        u->z.avail_out = sizeof u->out;
        result = inflate(&u->z, Z_NO_FLUSH);
        if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
            return wrong(u, "it is not valid gzip data: ", u->z.msg ? u->z.msg : "");
        u->ended = result == Z_STREAM_END;
        if (!take_plain(u, sizeof u->out - u->z.avail_out))
            return false;
    }
    return u->z.avail_in == 0 || wrong(u, "bytes after the end of the gzip data", "");
}

static bool has_sum(struct digest *d, const char *hex)
{
    unsigned char sum[DIGEST_LEN], said[DIGEST_LEN];
    return digest_finish(d, sum) && digest_from_hex(hex, said) && digest_equal(sum, said);
}

const char *unpack_end(struct unpack *u)
{
    const struct manifest_entry *e = u->job->entry;
    if (!u->wrong[0] && !u->ended)
        wrong(u, "the gzip data is truncated", "");
    else if (!u->wrong[0] && u->size != e->size)
        wrong(u, "it is shorter than the manifest says", "");
    else if (!u->wrong[0] && !has_sum(u->plain, e->sha256))
        wrong(u, "its content has another SHA-256 than in the manifest", "");
    else if (!u->wrong[0] && (u->gzip_size != e->gzip_size || !has_sum(u->packed, e->gzip_sha256)))
        wrong(u, "the object has another size or SHA-256 than in the manifest", "");
    return u->wrong[0] ? u->wrong : NULL;
}
