/*
 * changes: what changed at one address between two times, for each machine that reports from it.
 *
 *     changes_init(&c);
 *     if (changes_find(&c, &scan) == CHANGES_OK)
 *         for (size_t i = 0; i < c.machine_count; i++)
 *             if (changes_compare(&c, i)) ... c.diff, c.before, c.after ...
 *     changes_release(&c);
 *
 * A machine is compared with itself: its newest record at or before `to` with its newest at or
 * before `from`, or, if it has none then, with its oldest after. A machine without a record between
 * the two times has not changed and is left out. A record without machine_id is of the machine
 * that reported last.
 */
#ifndef HANDLER_READ_CHANGES_H
#define HANDLER_READ_CHANGES_H

#include "handler/read/diff.h"
#include "handler/read/place.h"

enum { CHANGES_MACHINES_MAX = 64, CHANGES_LINES_MAX = 1024, CHANGES_ID_MAX = 128 };

/* Where a record is. */
struct changes_line {
    int64_t day_ms, received_ms;
    off_t end;
};

struct changes_machine {
    char id[CHANGES_ID_MAX]; /* machine_id; "": not known */
    bool found;              /* `before` is at or before `from` */
    struct changes_line before, after;
};

struct changes_scan {
    int data; /* <records_dir>/data; -1: there is none */
    struct ip ip;
    int64_t from_ms, to_ms;      /* from < to */
    int64_t absent_days;         /* how many days before that of `from` are looked at */
    bool alone;                  /* one machine reports from the address: do not look for others */
    bool (*over)(void *context); /* true: end the scan; NULL: never */
    void *context;
};

enum changes_result {
    CHANGES_OK,
    CHANGES_NONE, /* no record at or before `to` */
    CHANGES_OVER  /* `over` ended the scan; the machines found so far are valid */
};

struct changes {
    struct place place;
    struct facts facts;
    size_t machine_count;
    struct changes_machine machines[CHANGES_MACHINES_MAX];
    struct snapshot before, after; /* of the machine compared last */
    struct diff diff;
};

void changes_init(struct changes *c);
void changes_release(struct changes *c);

/* Finds the records to compare. Reads no record as a whole. */
enum changes_result changes_find(struct changes *c, const struct changes_scan *scan);

/* Compares machine number `index`. False: a record cannot be read any more, or memory is out. */
bool changes_compare(struct changes *c, size_t index);

#endif
