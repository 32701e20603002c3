/*
 * batch: the records of one request, checked, with their CSV rows built, ready to be stored all or
 * none.
 */
#ifndef HANDLER_RECORD_BATCH_H
#define HANDLER_RECORD_BATCH_H

#include "handler/record/rows.h"
#include "handler/shared/ip.h"

struct entry {
    struct text text;     /* the record as it will be in the line */
    struct text *members; /* see record.h; NULL: in the order of `text` */
    size_t member_count;
    const char *id;           /* NULL: none */
    size_t rows_at, rows_len; /* in batch.rows */
    struct rows_count count;
};

struct batch {
    const struct ip *ip;
    struct rows *builder;  /* makes the rows */
    struct arena *arena;   /* of the request */
    const char *body;      /* offsets of faults count from here */
    struct entry *entries; /* in the arena */
    size_t count;
    struct buf *rows; /* CSV rows of all entries, after a header */
    size_t header_len;
    int64_t retry_ms; /* since the first try, from Rollcall-Retry; -1: none */
};

/*
 * Parses `text` of `len` bytes (text[len] is NUL): one record or, with `ndjson`, one per line. The
 * text is edited in place and must outlive the batch. The caller sets out->ip, builder, arena, rows
 * and retry_ms. A fault names line, offset and field.
 */
enum verdict batch_parse(struct batch *out, char *text, size_t len, bool ndjson, struct fault *f);

#endif
