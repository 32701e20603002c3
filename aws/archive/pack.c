#include "aws/archive/pack.h"

#include "handler/shared/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include <zlib.h>

enum { BLOCK = 128 << 10, LEVEL = 6, GZIP_WINDOW = 15 + 16, MEMORY = 8 };

struct pack {
    int fd;
    struct digest *plain, *packed;
    z_stream z;
    bool ready; /* `z` is initialised */
    off_t end;  /* size of the temporary file */
    unsigned char in[BLOCK], out[BLOCK];
};

/* Creates a file without a name. If the file system cannot, the name is removed at once. */
static int open_temporary(void)
{
    const char *dir = getenv("TMPDIR");
    char path[PATH_MAX];
    dir = dir && *dir ? dir : "/var/tmp";
    int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    snprintf(path, sizeof path, "%.3000s/rollcall-archive-XXXXXX", dir);
    fd = mkostemp(path, O_CLOEXEC);
    if (fd >= 0)
        unlink(path);
    return fd;
}

struct pack *pack_new(void)
{
    struct pack *p = calloc(1, sizeof *p);
    if (!p)
        return NULL;
    p->fd = open_temporary();
    int saved = errno;
    p->plain = digest_new();
    p->packed = digest_new();
    p->ready =
        deflateInit2(&p->z, LEVEL, Z_DEFLATED, GZIP_WINDOW, MEMORY, Z_DEFAULT_STRATEGY) == Z_OK;
    if (p->fd >= 0 && p->plain && p->packed && p->ready)
        return p;
    saved = p->fd < 0 ? saved : ENOMEM;
    pack_free(p);
    errno = saved;
    return NULL;
}

void pack_free(struct pack *p)
{
    if (!p)
        return;
    if (p->fd >= 0)
        close(p->fd);
    if (p->ready)
        deflateEnd(&p->z);
    digest_free(p->plain);
    digest_free(p->packed);
    free(p);
}

/* Writes the output of `z`, with Z_FINISH up to its end. False with errno. */
static bool drain(struct pack *p, int flush)
{
    int result;
    do {
        p->z.next_out = p->out;
        p->z.avail_out = sizeof p->out;
        result = deflate(&p->z, flush);
        size_t n = sizeof p->out - p->z.avail_out;
        if (!io_pwrite(p->fd, p->out, n, p->end))
            return false;
        p->end += (off_t)n;
        errno = ENOMEM;
        if (!digest_add(p->packed, p->out, n))
            return false;
    } while (p->z.avail_out == 0);
    return flush != Z_FINISH || result == Z_STREAM_END;
}

static bool feed(struct pack *p, int fd, uint64_t size, const volatile sig_atomic_t *stop)
{
    for (uint64_t at = 0; at < size;) {
        size_t want = size - at < sizeof p->in ? (size_t)(size - at) : sizeof p->in;
        ssize_t n = io_pread(fd, p->in, want, (off_t)at);
        if (stop && *stop)
            errno = ECANCELED;
        else if (n >= 0 && (size_t)n < want)
            errno = ENODATA;
        if (n != (ssize_t)want || (stop && *stop))
            return false;
        errno = ENOMEM;
        if (!digest_add(p->plain, p->in, want))
            return false;
        p->z.next_in = p->in;
        p->z.avail_in = (uInt)want;
        if (!drain(p, Z_NO_FLUSH))
            return false;
        at += want;
    }
    return drain(p, Z_FINISH);
}

bool pack_file(struct pack *p, int fd, uint64_t size, const volatile sig_atomic_t *stop,
               struct packed *out)
{
    p->end = 0;
    *out = (struct packed){.fd = p->fd};
    if (ftruncate(p->fd, 0) != 0)
        return false;
    errno = ENOMEM;
    if (deflateReset(&p->z) != Z_OK || !digest_start(p->plain) || !digest_start(p->packed) ||
        !feed(p, fd, size, stop))
        return false;
    out->gzip_size = (uint64_t)p->end;
    errno = ENOMEM;
    return digest_finish(p->plain, out->sha256) && digest_finish(p->packed, out->gzip_sha256);
}
