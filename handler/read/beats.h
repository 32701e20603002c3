/*
 * beats: when a host reported, from all its lines of a day.
 */
#ifndef HANDLER_READ_BEATS_H
#define HANDLER_READ_BEATS_H

#include "handler/read/hosts.h"

enum { BEATS_HOURS = 24 };

struct beats_ask {
    int data; /* <records_dir>/data; -1: there is none */
    const struct host *host;
    int64_t now_ms;
    int64_t absent_days; /* how many days before today are looked at */
};

struct beats {
    int64_t first_seen;          /* its oldest record in those days; -1: none */
    uint64_t missed;             /* intervals without a record, from its first of the day on */
    uint32_t hours[BEATS_HOURS]; /* records in each hour of the day, UTC */
};

/* Reads them. At a shared address only records of the host's machine count. */
void beats_read(struct beats *out, const struct beats_ask *ask);

#endif
