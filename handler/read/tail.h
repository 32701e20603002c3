/*
 * tail: the newest committed line of a JSON file, read from the end of the file, without a lock.
 *
 *     tail_init(&t);
 *     if (tail_open(&t, fd, size) == TAIL_OK) {
 *         ... t.line, t.received_ms ...
 *         while (tail_member(&t, SIZE_MAX, &member) == TAIL_OK) ...        last member first
 *         ... tail_back(&t) moves to the committed line before ...
 *     }
 *     tail_release(&t);
 *
 * A writer may be at work, and may have died. Bytes after the last newline, NUL bytes and lines of
 * a batch whose last line is missing are skipped: the newest line is the last one with `left` 0.
 *
 * The members of a line are read backwards, so a record of any size costs one read of a few KiB
 * (rollcall-files(5): large members come first). A quote opens a string unless an odd number of
 * backslashes precedes it. A run of backslashes that reaches the edge of the window is undecided:
 * more is read, up to the whole line. Text inside a string can therefore never pass for a member.
 */
#ifndef HANDLER_READ_TAIL_H
#define HANDLER_READ_TAIL_H

#include "handler/shared/buf.h"
#include "handler/shared/json/gate.h"
#include "handler/store/trailer.h"

#include <sys/types.h>

enum tail_result {
    TAIL_OK,
    TAIL_END,        /* no (further) committed line, or no (further) member */
    TAIL_LARGE,      /* the next member is larger than asked for */
    TAIL_UNREADABLE, /* a line that is not ours, or a file that changed or failed under the reader
                      */
};

enum { TAIL_WINDOW = 2048 };

struct tail {
    int fd;              /* borrowed */
    struct buf window;   /* bytes of the file from `base` on */
    off_t base;          /* offset of the window in the file */
    off_t end;           /* offset after the newline of the current line */
    off_t members_end;   /* offset where the members end: at `,"rollcall"` */
    off_t member_end;    /* offset where the members not yet read end */
    struct trailer line; /* the server's member of the current line */
    int64_t received_ms; /* its received_at */
    int foreign;         /* lines that are not ours, skipped after it */
    size_t reach;        /* bytes to read first of the next line back */
};

void tail_init(struct tail *t);
void tail_release(struct tail *t);

/* Finds the newest committed line in the first `size` bytes of `fd`. TAIL_END: there is none. */
enum tail_result tail_open(struct tail *t, int fd, off_t size);

/* Moves to the committed line before the current one. */
enum tail_result tail_back(struct tail *t);

/*
 * The member before the one read last, `rollcall` left out. The spans are valid until the next
 * call. TAIL_END after the first member of the line. TAIL_LARGE: the member may be larger than
 * `limit` bytes and was not read; call again with a larger limit to read it.
 */
enum tail_result tail_member(struct tail *t, size_t limit, struct json_member *member);

/* The whole current line without its newline, as stored. The span is valid until the next call. */
enum tail_result tail_line(struct tail *t, struct text *line);

/* The same as the contents of `line`, for a caller that keeps or changes it: nothing is copied. */
enum tail_result tail_take_line(struct tail *t, struct buf *line);

#endif
