/*
 * row: a host as a row of GET /api/v1/hosts: its fields, their order, JSON and CSV.
 */
#ifndef HANDLER_QUERY_ROW_H
#define HANDLER_QUERY_ROW_H

#include "handler/query/query.h"

struct row_choice {
    uint64_t fields; /* bits of the fields to write */
    unsigned sort;   /* the field to sort by */
    bool descending;
    bool by_address; /* sorted by ip, ascending: cursors are exact */
    bool days;       /* a field that needs the lines of the day is among them */
    bool reads;      /* a field that needs more than the newest line's small members */
};

/* Reads `fields` and `sort` (each may be NULL). 400 names the parameter. */
enum verdict row_choose(struct row_choice *c, const char *fields, const char *sort,
                        struct fault *f);

void row_sort(const struct row_choice *c, const struct host **rows, size_t count);

/* Bytes of hostname and machine_id that tell a place in the list. */
enum { ROW_PLACE_MAX = 255 };

/* Below, at or above 0 as the host comes before, at or after the place given, in order of address.
 */
int row_after(const struct host *host, const struct ip *ip, const char *name, const char *machine);

void row_put(const struct row_choice *c, const struct host *host, struct query *q, struct buf *out);
void row_put_csv_header(const struct row_choice *c, struct buf *out);
void row_put_csv(const struct row_choice *c, const struct host *host, struct query *q,
                 struct buf *out);

#endif
