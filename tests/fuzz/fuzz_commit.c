/*
 * The end of a JSON file. The input is a program that writes one: committed lines, lines of
 * batches, raw bytes, NUL bytes, cuts and flips. Wherever the commit is said to be, a committed
 * line of ours ends there; cut off there, the file says the same again; and with the digest it is
 * never further on than without.
 */
#include "tests/fuzz/fuzz.h"

#include "handler/store/commit.h"

#include <sys/mman.h>
#include <unistd.h>

enum { FILE_MAX = 256 * 1024 };

struct writer {
    struct buf file;
    struct trailer last;
    struct digest *digest;
    const uint8_t *at, *end;
};

static unsigned next(struct writer *w)
{
    return w->at < w->end ? *w->at++ : 0;
}

/* A line of ours at the end of the file, with `left` lines to follow. */
static void put_line(struct writer *w, unsigned left, unsigned padding)
{
    struct trailer *l = &w->last;
    size_t start = w->file.len;
    l->seq++;
    l->left = left;
    l->line_start = start;
    l->csv_end += 100;
    buf_puts(&w->file, "{\"os_name\":\"");
    for (unsigned i = 0; i < padding; i++)
        buf_puts(&w->file, "0123456789abcdef");
    buf_putc(&w->file, '"');
    trailer_open(l, &w->file);
    if (w->file.failed)
        return;
    CHECK(trailer_chain(w->digest, l->chain, w->file.data + start, w->file.len - start, l->chain));
    trailer_close(l, &w->file);
}

static void put_bytes(struct writer *w, unsigned count)
{
    for (; count > 0 && w->at < w->end; count--)
        buf_putc(&w->file, (char)*w->at++);
}

static void step(struct writer *w)
{
    unsigned op = next(w), n = op >> 3;
    size_t len = w->file.len, place = len ? (next(w) << 8 | next(w)) % len : 0;
    switch (op & 7) {
    case 0:
        put_line(w, 0, n);
        break;
    case 1:
        put_line(w, 0, n * n * 8); /* larger than the window of jsonl */
        break;
    case 2:
        for (unsigned left = n % 5 + 1; left-- > 0;)
            put_line(w, left, n);
        break;
    case 3:
        put_line(w, n + 1, n); /* a batch that never ends */
        break;
    case 4:
        put_bytes(w, n);
        break;
    case 5:
        for (unsigned i = 0; i < n * 40; i++)
            buf_putc(&w->file, '\0');
        break;
    case 6: /* a torn end, or a short NUL run in the middle */
        if (n & 1)
            w->file.len = place;
        else
            for (size_t i = place; i < len && i < place + n; i++)
                w->file.data[i] = '\0';
        break;
    default:
        if (len)
            w->file.data[place] = (char)(w->file.data[place] ^ (int)n);
    }
}

static enum commit_result find(int fd, off_t size, struct digest *d, struct commit *c)
{
    static struct jsonl_back h;
    enum commit_result result = commit_find(fd, size, d, &h, c);
    CHECK(result != COMMIT_FAILED);
    CHECK(c->end >= 0 && c->end <= size);
    CHECK((c->end > 0) == (result == COMMIT_FOUND));
    if (result == COMMIT_NOT_OURS)
        CHECK(c->foreign >= 0 && c->foreign < size);
    if (result == COMMIT_FOUND) {
        CHECK(h.end == c->end && jsonl_at(&h, h.end) == JSONL_LINE && h.line.left == 0);
        CHECK(h.line.seq == c->line.seq && strcmp(h.line.chain, c->line.chain) == 0);
    }
    return result;
}

static void check(int fd, const struct writer *w)
{
    struct commit plain, deep, again;
    off_t size = (off_t)w->file.len;
    enum commit_result a = find(fd, size, NULL, &plain), b = find(fd, size, w->digest, &deep);
    if (a == COMMIT_FOUND && b == COMMIT_FOUND)
        CHECK(deep.end <= plain.end);
    if (a == COMMIT_NONE)
        CHECK(b == COMMIT_NONE);
    CHECK(ftruncate(fd, plain.end) == 0);
    if (a != COMMIT_NOT_OURS)
        CHECK(find(fd, plain.end, NULL, &again) == a && again.end == plain.end);
    if (b == COMMIT_FOUND)
        CHECK(find(fd, deep.end, w->digest, &again) == COMMIT_FOUND && again.end == deep.end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct digest *digest;
    if (!digest)
        digest = digest_new();
    struct writer w = {.digest = digest,
                       .at = data,
                       .end = data + size,
                       .last = {.received_at = "2026-11-20T12:34:56.789Z",
                                .client_ip = "10.0.0.7",
                                .chain = TRAILER_CHAIN_FIRST}};
    buf_init(&w.file, FILE_MAX);
    CHECK(buf_reserve(&w.file, 1));
    while (w.at < w.end && !w.file.failed)
        step(&w);
    int fd = memfd_create("commit", MFD_CLOEXEC);
    CHECK(fd >= 0 && pwrite(fd, w.file.data, w.file.len, 0) == (ssize_t)w.file.len);
    check(fd, &w);
    close(fd);
    buf_release(&w.file);
    return 0;
}
