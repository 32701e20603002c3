/*
 * resend: which records of a request are stored already?
 *
 * A record with an id is a duplicate if its id is in one of the last RESEND_LINES lines of today's
 * file, or earlier in the same request. With Rollcall-Retry it is also one if its id is in any line
 * that is at most that many seconds old, plus RESEND_SLACK_MS: in the files of all days that this
 * covers, newest first, at most RESEND_DAYS past days and at most keep_days (unless 0). Within
 * RESEND_SLACK_MS of midnight tomorrow's file is searched too, for machines whose clocks differ.
 *
 * A lock on a newer day is always taken before one on an older day, so that no two writers wait for
 * each other. The search ends with V_UNAVAILABLE after lock_timeout_ms, or RESEND_LEAST_MS if that
 * is more.
 */
#ifndef HANDLER_STORE_RESEND_H
#define HANDLER_STORE_RESEND_H

#include "handler/shared/clock.h"
#include "handler/shared/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { RESEND_LINES = 16, RESEND_SLACK_MS = 2000, RESEND_DAYS = 31, RESEND_LEAST_MS = 100 };

enum twin_place {
    TWIN_NONE,
    TWIN_REQUEST, /* earlier in the same request */
    TWIN_FOUND,   /* in a file; not confirmed yet */
    TWIN_STORED   /* in a file, and on disk as far as `sync` asks for it */
};

/* Where a record's earlier copy is. */
struct twin {
    enum twin_place place;
    size_t first;                /* TWIN_REQUEST: the record that has the id first */
    off_t start, end;            /* the line in its JSON file */
    uint64_t csv_start, csv_end; /* its rows in its CSV file */
    uint64_t seq;
    char chain[DIGEST_HEX_LEN + 1];
    char date[CLOCK_DATE_LEN + 1]; /* of its files */
};

/* Which record of the request has an id first. A sorted list, since ids come from clients: no
 * choice of them makes the search slow. */
struct resend_id {
    const char *id; /* borrowed */
    size_t index;
};

struct resend {
    struct twin *twins; /* one for each record, in the arena; NULL if no record has an id */
    size_t duplicates;
    struct resend_id *ids; /* sorted, in the arena */
    size_t id_count;
    int64_t since;    /* a copy is at least this young; INT64_MAX without Rollcall-Retry */
    int64_t deadline; /* clock_monotonic(): of the search */
};

#endif
