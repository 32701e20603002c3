/*
 * heal: makes a locked pair of files end in a commit, before anything is appended.
 *
 * Truncated and logged, because it was never acknowledged: what commit.h says of the JSON file, and
 * the CSV rows beyond the commit's csv_end. One dead writer leaves rows of one received_at. Rows of
 * several mean that the JSON file lost acknowledged lines: V_STORE_FAILED, unless both files are
 * older than the boot, as a power loss leaves them with `sync` false.
 *
 * Rebuilt from the JSON file, however large it is: CSV rows that are missing or damaged.
 * heal_pair() steps back line by line and compares the rows made from each line with the CSV file,
 * until it finds an intact line; in a file older than the boot, until HEAL_LINES in a row that
 * cover HEAL_SPAN_MS are intact. The CSV file's size proves nothing then: after a power loss its
 * pages survive at random.
 *
 * A file whose last complete line is not ours is not touched: V_STORE_FAILED. The log names file
 * and offset. On a fault nothing has been truncated.
 */
#ifndef HANDLER_STORE_HEAL_H
#define HANDLER_STORE_HEAL_H

#include "handler/store/commit.h"
#include "handler/store/pair.h"
#include "handler/store/store.h"

enum { HEAL_LINES = 16, HEAL_SPAN_MS = 10 * 60 * 1000 };

struct heal {
    struct pair *pair;       /* all pointers are borrowed */
    struct digest *digest;   /* to check the chain of the last request, where a loss is possible */
    int64_t boot;            /* a file last written before this may have lost its end */
    bool remote;             /* on NFS: another machine may have lost what it wrote */
    bool whole;              /* compare all lines */
    struct jsonl_back *back; /* after V_OK at the last committed line */
    struct commit *last;     /* after V_OK that line; `end` 0: there is none */
    struct fault *fault;
    off_t rebuilt;   /* bytes of the CSV file that were written again */
    off_t truncated; /* bytes of both files that were removed */
};

/* Fills in digest, boot and remote. */
void heal_of_store(struct heal *h, const struct store *s);

/* The digest for commit_find() on this pair; NULL if no loss is possible. */
struct digest *heal_digest(const struct heal *h);

/* Heals the pair, whose CSV file is open. On V_OK the pair's sizes are those of the commit. */
enum verdict heal_pair(struct heal *h);

#endif
