#include "handler/store/commit.h"

#include "handler/shared/io.h"

#include <errno.h>
#include <string.h>

enum { BLOCK = 64 * 1024 };

/* The offset behind the last newline in [0, end), 0 when there is none, -1 with errno. */
static off_t behind_newline(int fd, off_t end)
{
    char block[BLOCK];
    while (end > 0) {
        off_t from = end > BLOCK ? end - BLOCK : 0;
        ssize_t n = io_pread(fd, block, (size_t)(end - from), from);
        if (n < 0)
            return -1;
        const char *newline = memrchr(block, '\n', (size_t)n);
        if (newline)
            return from + (newline - block) + 1;
        end = from;
    }
    return 0;
}

int commit_has_nul(int fd, off_t from, off_t to)
{
    char block[BLOCK];
    while (from < to) {
        size_t want = to - from < BLOCK ? (size_t)(to - from) : BLOCK;
        ssize_t n = io_pread(fd, block, want, from);
        if (n < 0)
            return -1;
        if (n == 0)
            break;
        if (memchr(block, '\0', (size_t)n))
            return 1;
        from += n;
    }
    return 0;
}

/* Feeds [from, to) of the file to the digest. */
static bool digest_range(struct digest *d, int fd, off_t from, off_t to)
{
    char block[BLOCK];
    while (from < to) {
        size_t want = to - from < BLOCK ? (size_t)(to - from) : BLOCK;
        ssize_t n = io_pread(fd, block, want, from);
        if (n <= 0 || !digest_add(d, block, (size_t)n))
            return false;
        from += n;
    }
    return true;
}

/* 1 when the line's chain follows from its bytes and the line before, 0 when not, -1 on failure. */
static int chain_holds(int fd, const struct trailer *line, off_t end, struct digest *d)
{
    static const size_t closing = sizeof ",\"chain\":\"" - 1 + DIGEST_HEX_LEN + sizeof "\"}}\n" - 1;
    char previous[DIGEST_HEX_LEN + 1] = TRAILER_CHAIN_FIRST;
    if (line->line_start > 0) {
        struct hop h;
        struct trailer before;
        hop_begin(&h, fd, (off_t)line->line_start);
        enum hop_result result = hop_read(&h, &before);
        if (result == HOP_FAILED)
            return -1;
        if (result == HOP_NOT_OURS)
            return 0;
        memcpy(previous, before.chain, sizeof previous);
    }
    unsigned char sum[DIGEST_LEN], said[DIGEST_LEN];
    if (!digest_start(d) || !digest_add(d, previous, DIGEST_HEX_LEN) ||
        !digest_range(d, fd, (off_t)line->line_start, end - (off_t)closing) ||
        !digest_finish(d, sum))
        return -1;
    return digest_from_hex(line->chain, said) && digest_equal(sum, said);
}

/* A line that tells where it starts is believed only when a newline stands before that. */
static bool starts_there(int fd, const struct trailer *line)
{
    char c = '\n';
    return line->line_start == 0 ||
           (io_pread(fd, &c, 1, (off_t)line->line_start - 1) == 1 && c == '\n');
}

/* How a line, or a request, stands. */
enum standing { HOLDS, DAMAGED, FOREIGN, FAILED };

/* What a scan for the traces of a lost write has seen so far. */
struct scan {
    size_t least; /* so many NUL bytes in a row tell of a lost write */
    size_t run;   /* in a row just now */
    bool lost;
    bool strange; /* a byte that no line of ours, whole or not, can hold */
};

/* Where it is not known that the line is ours: text in another encoding has fewer in a row. */
enum { LOST_RUN = 4 };

static void scan_block(struct scan *s, const char *block, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s->run = block[i] == '\0' ? s->run + 1 : 0;
        s->lost |= s->run >= s->least;
        s->strange |= (unsigned char)block[i] < 0x20 && block[i] != '\0' && block[i] != '\n';
    }
}

/*
 * Whole lines in [from, end) that are not as they should be. They are a write that a power loss cut
 * short, and not somebody's file, when runs of NUL bytes stand in what else could be our lines.
 */
static enum standing damage(int fd, off_t from, off_t end, size_t least)
{
    char block[BLOCK];
    struct scan s = {.least = least};
    if (from < 0)
        return FAILED;
    for (off_t at = from; at < end;) {
        size_t want = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
        ssize_t n = io_pread(fd, block, want, at);
        if (n <= 0)
            return FAILED;
        s.strange |= at == from && block[0] != '{' && block[0] != '\0';
        scan_block(&s, block, (size_t)n);
        at += n;
    }
    return s.lost && !s.strange ? DAMAGED : FOREIGN;
}

/* Bytes without a newline that make up the whole file: what is left of a first line? */
static enum standing torn_start(int fd, off_t size)
{
    char first;
    if (size == 0)
        return DAMAGED;
    if (io_pread(fd, &first, 1, 0) != 1)
        return FAILED;
    return first == '{' || first == '\0' ? DAMAGED : FOREIGN;
}

/* Checks the chain of the committed line that ends at `end`, and of its request's other lines. */
static enum standing request_holds(int fd, struct trailer line, off_t end, struct digest *digest)
{
    for (;;) {
        off_t start = (off_t)line.line_start;
        int holds = starts_there(fd, &line) ? chain_holds(fd, &line, end, digest) : 0;
        if (holds < 0)
            return FAILED;
        if (!holds) /* its own bytes, or the line before that its chain hangs on */
            return damage(fd, start > 0 ? behind_newline(fd, start - 1) : 0, end, 1);
        if (start == 0)
            return HOLDS;
        struct hop h;
        hop_begin(&h, fd, start);
        if (hop_read(&h, &line) != HOP_LINE || line.left == 0)
            return HOLDS;
        end = start;
    }
}

/* Judges the line at h->end; when it may be passed over, goes on to the one before. */
static enum standing judge(struct hop *h, struct trailer *line, struct digest *digest)
{
    enum hop_result result = hop_read(h, line);
    if (result == HOP_FAILED)
        return FAILED;
    if (result == HOP_LINE && line->left == 0) {
        enum standing s = digest ? request_holds(h->fd, *line, h->end, digest) : HOLDS;
        if (s == DAMAGED)
            h->end = behind_newline(h->fd, h->end - 1);
        return s;
    }
    if (result == HOP_LINE && starts_there(h->fd, line)) {
        hop_back(h, line);
        return DAMAGED; /* a batch without its last line */
    }
    off_t start = behind_newline(h->fd, h->end - 1);
    enum standing s = damage(h->fd, start, h->end, LOST_RUN);
    if (s == DAMAGED)
        h->end = start;
    return s;
}

enum commit_result commit_find(int fd, off_t size, struct digest *digest, struct hop *h,
                               struct commit *out)
{
    *out = (struct commit){.end = 0};
    hop_begin(h, fd, size);
    if (size == 0)
        return COMMIT_NONE;
    /* Nearly always the file ends in a committed line: one small read tells. */
    if (!digest && hop_read(h, &out->line) == HOP_LINE && out->line.left == 0) {
        out->end = size;
        return COMMIT_FOUND;
    }
    h->end = behind_newline(fd, size);
    while (h->end > 0) {
        switch (judge(h, &out->line, digest)) {
        case HOLDS:
            out->end = h->end;
            return COMMIT_FOUND;
        case DAMAGED:
            break;
        case FOREIGN:
            out->foreign = behind_newline(fd, h->end - 1);
            return COMMIT_NOT_OURS;
        case FAILED:
            return COMMIT_FAILED;
        }
    }
    if (h->end < 0)
        return COMMIT_FAILED;
    switch (torn_start(fd, size)) {
    case FAILED:
        return COMMIT_FAILED;
    case FOREIGN:
        return COMMIT_NOT_OURS; /* out->foreign is 0 */
    case HOLDS:
    case DAMAGED:
        break;
    }
    return COMMIT_NONE;
}
