#include "handler/store/commit.h"

#include "handler/shared/io.h"

#include <errno.h>
#include <string.h>

enum { BLOCK = 64 * 1024 };

/* The offset after the last newline in [0, end), 0 if there is none, -1 with errno. */
static off_t commit_after_newline(int fd, off_t end)
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

/* Feeds [from, to) of the file to the digest. */
static bool commit_digest(struct digest *d, int fd, off_t from, off_t to)
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

/* The state of a line, or of the lines of a request. */
enum standing { HOLDS, DAMAGED, FOREIGN, FAILED };

/* HOLDS if the line's chain follows from its bytes and the line before it, else DAMAGED. */
static enum standing commit_check_chain(int fd, const struct trailer *line, off_t end,
                                        struct digest *d)
{
    static const size_t closing = sizeof ",\"chain\":\"" - 1 + DIGEST_HEX_LEN + sizeof "\"}}\n" - 1;
    char previous[DIGEST_HEX_LEN + 1] = TRAILER_CHAIN_FIRST;
    if (line->line_start > 0) {
        struct jsonl_back before;
        enum jsonl_result result = jsonl_last(&before, fd, (off_t)line->line_start);
        if (result != JSONL_LINE)
            return result == JSONL_FAILED ? FAILED : DAMAGED;
        memcpy(previous, before.line.chain, sizeof previous);
    }
    unsigned char sum[DIGEST_LEN], said[DIGEST_LEN];
    if (!digest_start(d) || !digest_add(d, previous, DIGEST_HEX_LEN) ||
        !commit_digest(d, fd, (off_t)line->line_start, end - (off_t)closing) ||
        !digest_finish(d, sum))
        return FAILED;
    return digest_from_hex(line->chain, said) && digest_equal(sum, said) ? HOLDS : DAMAGED;
}

/* A line that says where it starts is believed only if a newline is before that. */
static bool commit_starts_there(int fd, const struct trailer *line)
{
    char c = '\n';
    return line->line_start == 0 ||
           (io_pread(fd, &c, 1, (off_t)line->line_start - 1) == 1 && c == '\n');
}

/* What a scan for the traces of a lost write has found so far. */
struct commit_scan {
    size_t least; /* so many NUL bytes in a row mean a lost write */
    size_t run;   /* in a row now */
    bool lost;
    bool strange; /* a byte that no line of ours, whole or not, can hold */
};

/* If it is not known that the line is ours: text in another encoding has fewer in a row. */
enum { LOST_RUN = 4 };

static void commit_scan_block(struct commit_scan *s, const char *block, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        s->run = block[i] == '\0' ? s->run + 1 : 0;
        s->lost |= s->run >= s->least;
        s->strange |= (unsigned char)block[i] < 0x20 && block[i] != '\0' && block[i] != '\n';
    }
}

/*
 * Judges whole lines in [from, end) that are not as they should be. They are a write that a power
 * loss cut short, and not another program's file, if there are runs of NUL bytes in what else could
 * be our lines.
 */
static enum standing commit_damage(int fd, off_t from, off_t end, size_t least)
{
    char block[BLOCK];
    struct commit_scan s = {.least = least};
    if (from < 0)
        return FAILED;
    for (off_t at = from; at < end;) {
        size_t want = end - at < BLOCK ? (size_t)(end - at) : BLOCK;
        ssize_t n = io_pread(fd, block, want, at);
        if (n <= 0)
            return FAILED;
        s.strange |= at == from && block[0] != '{' && block[0] != '\0';
        commit_scan_block(&s, block, (size_t)n);
        at += n;
    }
    return s.lost && !s.strange ? DAMAGED : FOREIGN;
}

/* Judges a file without a newline: DAMAGED if it can be the start of our first line. */
static enum standing commit_torn_start(int fd, off_t size)
{
    char first;
    if (size == 0)
        return DAMAGED;
    if (io_pread(fd, &first, 1, 0) != 1)
        return FAILED;
    return first == '{' || first == '\0' ? DAMAGED : FOREIGN;
}

/* Checks the chain of the committed line that ends at `end`, and of its request's other lines. */
static enum standing commit_check_request(int fd, struct trailer line, off_t end,
                                          struct digest *digest)
{
    for (;;) {
        off_t start = (off_t)line.line_start;
        enum standing s =
            commit_starts_there(fd, &line) ? commit_check_chain(fd, &line, end, digest) : DAMAGED;
        if (s == DAMAGED) /* its own bytes, or the line before, which its chain includes */
            return commit_damage(fd, start > 0 ? commit_after_newline(fd, start - 1) : 0, end, 1);
        if (s == FAILED || start == 0)
            return s;
        struct jsonl_back before;
        if (jsonl_last(&before, fd, start) != JSONL_LINE || before.line.left == 0)
            return HOLDS;
        line = before.line;
        end = start;
    }
}

/* Judges the line that ends at b->end. If it is to be skipped, moves b->end before it. */
static enum standing commit_judge(struct jsonl_back *b, struct digest *digest)
{
    enum jsonl_result result = jsonl_at(b, b->end);
    if (result == JSONL_FAILED)
        return FAILED;
    if (result == JSONL_LINE && b->line.left == 0) {
        enum standing s = digest ? commit_check_request(b->fd, b->line, b->end, digest) : HOLDS;
        if (s == DAMAGED)
            b->end = commit_after_newline(b->fd, b->end - 1);
        return s;
    }
    if (result == JSONL_LINE && commit_starts_there(b->fd, &b->line)) {
        b->end = (off_t)b->line.line_start;
        return DAMAGED; /* a line of a batch whose last line is missing */
    }
    off_t start = commit_after_newline(b->fd, b->end - 1);
    enum standing s = commit_damage(b->fd, start, b->end, LOST_RUN);
    if (s == DAMAGED)
        b->end = start;
    return s;
}

/* No line is left in the file: what is in it was the start of a first line, or is not ours. */
static enum commit_result commit_none(int fd, off_t size)
{
    switch (commit_torn_start(fd, size)) {
    case FAILED:
        return COMMIT_FAILED;
    case FOREIGN:
        return COMMIT_NOT_OURS; /* commit.foreign is 0 */
    case HOLDS:
    case DAMAGED:
        break;
    }
    return COMMIT_NONE;
}

static enum commit_result commit_found(const struct jsonl_back *back, struct commit *out)
{
    out->line = back->line;
    out->end = back->end;
    return COMMIT_FOUND;
}

enum commit_result commit_find(int fd, off_t size, struct digest *digest, struct jsonl_back *back,
                               struct commit *out)
{
    *out = (struct commit){.end = 0};
    enum jsonl_result last = jsonl_last(back, fd, size);
    if (last == JSONL_END)
        return COMMIT_NONE;
    /* Nearly always the file ends in a committed line: one small read is enough. */
    if (!digest && last == JSONL_LINE && back->line.left == 0)
        return commit_found(back, out);
    back->end = commit_after_newline(fd, size);
    while (back->end > 0) {
        switch (commit_judge(back, digest)) {
        case HOLDS:
            return commit_found(back, out);
        case DAMAGED:
            break;
        case FOREIGN:
            out->foreign = commit_after_newline(fd, back->end - 1);
            return COMMIT_NOT_OURS;
        case FAILED:
            return COMMIT_FAILED;
        }
    }
    return back->end < 0 ? COMMIT_FAILED : commit_none(fd, size);
}
