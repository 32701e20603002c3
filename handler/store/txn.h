/*
 * txn: the transaction of one request, held in one struct that every step takes. The steps, in
 * order, are the body of store_append():
 *
 *     txn_begin       which ids has the request, and which of them twice?        resend.c
 *     txn_open        lock the pair of today, and tomorrow's near midnight       store.c
 *     txn_heal        truncate what a dead writer left; rebuild lost CSV rows    heal.c
 *     txn_look_back   find records that are stored already                       resend.c
 *     txn_write       append the rows and the lines of the others                append.c
 *     txn_sync        put both files on disk                                     append.c
 *     txn_undo        after a fault: both files back to their old size           append.c
 *     txn_close       release the locks                                          store.c
 *
 * A step returns V_OK, or another verdict with the fault set; the transaction then ends.
 */
#ifndef HANDLER_STORE_TXN_H
#define HANDLER_STORE_TXN_H

#include "handler/record/batch.h"
#include "handler/store/commit.h"
#include "handler/store/pair.h"
#include "handler/store/resend.h"
#include "handler/store/store.h"

struct txn {
    struct store *store; /* borrowed, as `batch` and `fault` */
    const struct batch *batch;
    struct fault *fault;
    int64_t deadline; /* clock_monotonic(): of waits for a lock */
    int64_t now;      /* read under the lock; the day that it is in is today */
    struct pair today, tomorrow;
    struct jsonl_back back; /* after txn_heal() at the last committed line of today */
    struct commit last;     /* that line; after txn_write() the last line written */
    struct resend resend;
    const struct buf *rows;  /* txn_write(): the rows, with the columns of the file */
    bool writing;            /* the files may be longer than today's sizes say */
    off_t json_end, csv_end; /* after txn_write(): where the files end */
};

enum verdict txn_begin(struct txn *t, struct arena *arena);
enum verdict txn_open(struct txn *t);
enum verdict txn_heal(struct txn *t);
enum verdict txn_look_back(struct txn *t);
enum verdict txn_write(struct txn *t);
enum verdict txn_sync(struct txn *t);
void txn_undo(struct txn *t);
void txn_close(struct txn *t);

/* Tests. True if any record of the request has no copy in the store. */
bool txn_has_new(const struct txn *t);

#endif
