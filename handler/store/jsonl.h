/*
 * jsonl: a JSON file line by line, in both directions.
 *
 * Forward, with all bytes of each line:
 *
 *     jsonl_begin(&r, fd, 0, end);
 *     while ((got = jsonl_next(&r)) == JSONL_LINE)
 *         ... r.bytes, r.len, r.start ...
 *     jsonl_release(&r);
 *
 * Backward, with only the trailer of each line:
 *
 *     for (got = jsonl_last(&b, fd, end); got == JSONL_LINE; got = jsonl_prev(&b))
 *         ... b.line, b.end ...
 *
 * A trailer says where its line starts. So backward, a file of large lines costs one small read for
 * each line, and a file of small lines one read for many.
 */
#ifndef HANDLER_STORE_JSONL_H
#define HANDLER_STORE_JSONL_H

#include "handler/store/trailer.h"

#include <sys/types.h>

/* No line of ours is longer: max_body_bytes is 1 GiB at most. */
enum { JSONL_LINE_MAX = (1 << 30) + (1 << 20) };

enum {
    JSONL_WINDOW = 16 * 1024, /* read at once for small lines */
    JSONL_FIRST = 4 * 1024    /* read first */
};

enum jsonl_result {
    JSONL_LINE,
    JSONL_END,      /* no further line in this direction */
    JSONL_TORN,     /* forward: bytes without a newline at the end */
    JSONL_NOT_OURS, /* backward: a line without our trailer */
    JSONL_FAILED    /* with errno */
};

struct jsonl {
    int fd;
    off_t at, end;     /* what is still to be read from the file */
    struct buf window; /* read ahead */
    size_t used;       /* bytes of the window that the caller has seen */
    char *bytes;       /* the line with its newline; may be written to */
    size_t len;
    off_t start; /* of the line in the file */
};

/* Reads the lines in [from, end) of `fd`. Owns memory until jsonl_release(). */
void jsonl_begin(struct jsonl *r, int fd, off_t from, off_t end);
void jsonl_release(struct jsonl *r);
enum jsonl_result jsonl_next(struct jsonl *r);

struct jsonl_back {
    int fd;
    off_t end;           /* where the line ends, after its newline */
    struct trailer line; /* of the line that ends there */
    off_t base;          /* of the window in the file */
    size_t len;          /* bytes in the window */
    size_t reach;        /* how much to read next */
    char window[JSONL_WINDOW];
};

/* Reads the line that ends at `end`. JSONL_END if `end` is 0. */
enum jsonl_result jsonl_last(struct jsonl_back *b, int fd, off_t end);

/* Reads the line that ends at `end`, which is before the current one. */
enum jsonl_result jsonl_at(struct jsonl_back *b, off_t end);

/* Reads the line before b->line. JSONL_END at the start of the file. */
enum jsonl_result jsonl_prev(struct jsonl_back *b);

/* The record that a stored line holds, and why there is none. */
struct jsonl_record {
    struct record record;
    struct fault fault; /* a reason without paths */
    size_t offset;      /* in the line, of what is wrong */
};

/*
 * Makes the record of a stored line again: the line without the server's member, which starts at
 * `tail`. Writes to `bytes`; `notes` become those of the record. False with the fault and the
 * offset.
 */
bool jsonl_record(char *bytes, size_t tail, struct json_notes *notes, struct arena *arena,
                  struct jsonl_record *out);

#endif
