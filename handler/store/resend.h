/*
 * resend: which records of a request are stored already?
 *
 * A record with an id is a duplicate when its id stands among the last RESEND_LINES lines of the
 * day's file, in a line as young as the request's first try (Rollcall-Retry; yesterday's file
 * included), or earlier in its own request.
 */
#ifndef HANDLER_STORE_RESEND_H
#define HANDLER_STORE_RESEND_H

#include "handler/record/batch.h"
#include "handler/store/commit.h"
#include "handler/store/pair.h"

enum { RESEND_LINES = 16, RESEND_SLACK_MS = 2000 };

enum twin_place { TWIN_NONE, TWIN_TODAY, TWIN_YESTERDAY, TWIN_REQUEST };

/* Where a record's earlier copy is. */
struct twin {
    enum twin_place place;
    size_t first;                /* TWIN_REQUEST: the entry that has the id first */
    off_t start, end;            /* the line in its JSON file */
    uint64_t csv_start, csv_end; /* its rows in its CSV file */
    uint64_t seq;
    char chain[DIGEST_HEX_LEN + 1];
};

struct resend {
    struct twin *twins; /* one an entry, in the arena; NULL when no record has an id */
    size_t duplicates;
    struct pair yesterday; /* open (and locked) when a twin is there */
};

struct ids;

/* Looks at the request alone: ids that stand twice in it. Call before the lock is taken. */
enum verdict resend_begin(struct resend *r, const struct batch *b, struct ids *ids,
                          struct arena *arena, struct fault *f);

/* Looks back through a JSON file from the committed line that `h` is on. */
enum verdict resend_look(struct resend *r, const struct ids *ids, struct hop *h,
                         const struct pair *p, int64_t since_ms, size_t least_lines,
                         struct fault *f);

/*
 * Puts the lines and rows of all twins in `place` on disk: written again over themselves first,
 * since after a failed sync Linux reports success the next time.
 */
enum verdict resend_confirm(const struct resend *r, const struct batch *b, const struct pair *p,
                            enum twin_place place, struct fault *f);

#endif
