/*
 * rows: a record as rows of its CSV file, one process a row:
 *
 *     received_at,client_ip,hostname,processor,os_name,os_ver,users,
 *     pid,ppid,user,cpu,mem,rss,state,start,cmd
 *
 * The rows are made before the store takes its lock, when the time that will stand in them is not
 * known yet: rows_build() writes any 24 characters, rows_stamp() puts the right ones in.
 *
 * A struct rows holds the buffers that this takes; it is made once a worker. Its notes are for the
 * gate, so that rows are made from what the gate saw of `processes`: a record's rows must be built
 * before the gate takes the next one.
 */
#ifndef HANDLER_RECORD_ROWS_H
#define HANDLER_RECORD_ROWS_H

#include "handler/record/process.h"
#include "handler/record/record.h"
#include "handler/shared/clock.h"

enum { ROWS_COLUMNS = 16 };

extern const char *const rows_columns[ROWS_COLUMNS];

struct rows {
    struct buf users, prefix;
    struct buf decoded; /* `processes` as text */
    struct json_notes notes;
};

struct rows_count {
    size_t processes, users;
};

void rows_init(struct rows *r);
void rows_release(struct rows *r);

/* Gives memory of an unusually large record back. */
void rows_trim(struct rows *r, size_t keep);

/* Appends the header line to `out`. */
void rows_header(struct buf *out);

/*
 * Appends the rows of a checked record, whose text was gated with notes, to `out`; a record without
 * processes has one. V_NOT_A_RECORD when an element of `processes` or `users` is none, or the rows
 * do not fit out->max.
 */
enum verdict rows_build(struct rows *r, const struct record *record, const char *client_ip,
                        const char received_at[CLOCK_TIME_LEN], struct buf *out,
                        struct rows_count *count, struct fault *f);

/* Puts `received_at` into each of the rows in `len` bytes at `rows`. */
void rows_stamp(char *rows, size_t len, const char received_at[CLOCK_TIME_LEN]);

#endif
