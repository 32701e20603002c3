/*
 * lines: reads the lines of a JSON file in order, and makes records of them again.
 *
 *     lines_begin(&r, fd, 0, end);
 *     while ((got = lines_next(&r)) == LINES_ONE) { ... r.bytes, r.len, r.start ... }
 *     lines_release(&r);
 */
#ifndef HANDLER_STORE_LINES_H
#define HANDLER_STORE_LINES_H

#include "handler/store/trailer.h"

#include <sys/types.h>

/* No line of ours is longer: max_body_bytes is 1 GiB at most. */
enum { LINES_MAX_BYTES = (1 << 30) + (1 << 20) };

enum lines_result { LINES_ONE, LINES_END, LINES_TORN, LINES_FAILED };

struct lines {
    int fd;
    off_t at, end;     /* what is still to be read from the file */
    struct buf window; /* read ahead */
    size_t used;       /* bytes of the window that are done with */
    char *bytes;       /* the line, its newline included; may be written to */
    size_t len;
    off_t start; /* of the line in the file */
};

void lines_begin(struct lines *r, int fd, off_t from, off_t end);
void lines_release(struct lines *r);

/* LINES_TORN: bytes without a newline at the end; LINES_FAILED with errno. */
enum lines_result lines_next(struct lines *r);

/*
 * The record that a stored line holds: the line without the server's member. `bytes` is worked
 * over, `notes` become those of the record. False with *offset (in the line) and a static reason.
 */
bool lines_record(char *bytes, size_t tail, struct json_notes *notes, struct arena *arena,
                  struct record *out, size_t *offset, struct fault *f);

#endif
