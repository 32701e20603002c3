/*
 * store: what a 200 means.
 *
 *     <records_dir>/data/<YYYY-MM-DD>/<ip>_<YYYY-MM-DD>.json   one record on each line
 *     <records_dir>/data/<YYYY-MM-DD>/<ip>_<YYYY-MM-DD>.csv    one process on each line
 *
 * store_append() appends the records of one request to both files of the client's address and the
 * server's UTC day, under one flock(2) on the JSON file. Any number of processes, on any number of
 * machines that share the directory, may do so at once. No file stays open after a request.
 *
 * Promises:
 *   1. An acknowledged record is in both files, value for value.
 *   2. A record with an id is stored exactly once within the window of resend.h.
 *   3. All records of a request are stored, or none. The JSON line with `left` 0 is the commit.
 *      Bytes after the last commit were never acknowledged. The next writer truncates them. Readers
 *      stop at the last commit and need no lock.
 *   4. With `sync` true, 1 to 3 hold after a power loss. Both files are written, then both are
 *      synced, then the request is answered; the name of a new file is synced before its first
 *      line. A line may reach the disk before its rows only if it was never acknowledged; heal.h
 *      rebuilds the rows.
 *   5. With `sync` "json", 2 and 3 hold after a power loss, and 1 for the JSON file. Rows that the
 *      CSV file lost are rebuilt by the next writer of that address, or by rollcall-verify --heal.
 *   6. The CSV file can be rebuilt from the JSON file alone (rebuild.h).
 *   7. `chain` proves content and order (trailer.h).
 *   8. A file whose last complete line is not ours is never written to.
 */
#ifndef HANDLER_STORE_STORE_H
#define HANDLER_STORE_STORE_H

#include "handler/config.h"
#include "handler/record/batch.h"
#include "handler/shared/digest.h"
#include "handler/store/dirs.h"

/* Free space that was measured a moment ago: `bytes` may be used until `until`. */
struct store_room {
    int64_t until; /* clock_monotonic() */
    uint64_t bytes;
};

struct store {
    const struct config *config; /* borrowed */
    clock_fn clock;
    struct dirs dirs;
    struct digest *digest; /* borrowed */
    struct buf lines;      /* of the request */
    struct buf rows;       /* of the request, for a file with other columns than a new one */
    struct store_room room;
    clock_fn boot; /* when this machine started: an older file may have lost its end */
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

/* Frees buffers larger than `keep`. Call after each request. */
void store_trim(struct store *s, size_t keep);

/* Stores the batch. On V_OK the receipt says what was written. Never V_NOT_FOUND. */
enum verdict store_append(struct store *s, const struct batch *b, struct arena *arena,
                          struct receipt *out, struct fault *f);

/* V_OK if a record could be stored now, else V_UNAVAILABLE. Tries it with a file without a name. */
enum verdict store_probe(struct store *s, struct fault *f);

#endif
