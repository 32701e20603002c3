/*
 * rows: a record as rows of its CSV file, one for each process, with the columns of columns.def.
 *
 * The rows are built before the store takes its lock, when the time that they must contain is not
 * known yet: rows_build() writes any 24 characters, rows_stamp() replaces them.
 *
 * A struct rows holds the buffers for this; a worker has one. The gate writes its notes into it,
 * and rows_build() reads them: build the rows of a record before the gate takes the next one.
 */
#ifndef HANDLER_RECORD_ROWS_H
#define HANDLER_RECORD_ROWS_H

#include "handler/record/process.h"
#include "handler/record/record.h"
#include "handler/shared/clock.h"

struct rows_count {
    size_t processes, users;
};

struct rows {
    struct rows_count count; /* of the record that was built last */
    struct buf users, prefix;
    struct buf decoded; /* `processes` as text */
    struct json_notes notes;
};

/* What the server adds to each row. */
struct rows_origin {
    const char *client_ip;
    const char *received_at; /* CLOCK_TIME_LEN characters */
};

void rows_init(struct rows *r);
void rows_release(struct rows *r);

/* Frees the memory of an unusually large record. */
void rows_trim(struct rows *r, size_t keep);

/*
 * Appends the rows of a checked record, whose text was gated with notes, to `out`; a record without
 * processes has one row. Sets r->count. V_NOT_A_RECORD if an element of `processes` is not a
 * process, an element of `users` is not a user, or the rows do not fit out->max.
 */
enum verdict rows_build(struct rows *r, const struct record *record, const struct rows_origin *from,
                        struct buf *out, struct fault *f);

/* Writes `received_at` into each of the rows in `len` bytes at `rows`. */
void rows_stamp(char *rows, size_t len, const char received_at[CLOCK_TIME_LEN]);

#endif
