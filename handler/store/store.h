/*
 * store: what a 200 means.
 *
 *     <records_dir>/data/<YYYY-MM-DD>/<ip>_<YYYY-MM-DD>.json   one record a line
 *     <records_dir>/data/<YYYY-MM-DD>/<ip>_<YYYY-MM-DD>.csv    one process a row
 *
 * store_append() appends the records of one request to both files of the caller's address and the
 * server's UTC day, under one flock(2) on the JSON file. Any number of processes, on any number of
 * machines that share the directory, may do so at once.
 *
 * Invariants:
 *   1. An acknowledged record is in both files, value for value.
 *   2. A record with an id is stored exactly once, within the window of resend.h.
 *   3. All records of a request are stored, or none. The JSON line with `left` 0 is the commit;
 *      what lies behind the last commit was never acknowledged, is cut off by the next writer and
 *      passed over by readers, who never need the lock.
 *   4. With `sync`, 1 to 3 hold after a power loss: rows are on disk before their line is written,
 *      the line before the answer is given, a new file's name before its first line.
 *   5. The CSV file can be made from the JSON file alone (rebuild.h).
 *   6. `chain` proves content and order (line.h).
 *   7. A file whose last whole line is not ours is never written to.
 */
#ifndef HANDLER_STORE_STORE_H
#define HANDLER_STORE_STORE_H

#include "handler/config.h"
#include "handler/record/batch.h"
#include "handler/shared/digest.h"
#include "handler/store/dirs.h"
#include "handler/store/kept.h"

struct store {
    const struct config *config; /* borrowed */
    clock_fn clock;
    struct dirs days;
    struct kept kept;
    struct digest *digest; /* borrowed */
    struct buf lines;
    clock_fn boot; /* when this machine started: what is older may have lost its end */
};

struct receipt {
    char date[CLOCK_DATE_LEN + 1];
    size_t records, duplicates;
    uint64_t seq;
    char chain[DIGEST_HEX_LEN + 1];
    bool durable;
};

void store_init(struct store *s, const struct config *config, clock_fn clock,
                struct digest *digest);
void store_release(struct store *s);

/*
 * From here on the files of the last addresses stay open between requests. Whoever calls this calls
 * store_rest() when no request came for a while: a file that is open keeps its space after it was
 * removed.
 */
void store_keep_files(struct store *s);
void store_rest(struct store *s);

/* Gives memory of an unusually large record back. */
void store_trim(struct store *s, size_t keep);

/* Stores the batch. On V_OK the receipt tells what was written. */
enum verdict store_append(struct store *s, const struct batch *b, struct arena *arena,
                          struct receipt *out, struct fault *f);

/* Could a record be stored now? Tries it with a file that has no name. */
enum verdict store_probe(struct store *s, struct fault *f);

#endif
