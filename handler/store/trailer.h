/*
 * trailer: the server's own member, the last of each JSON line, written and read.
 *
 *     ,"rollcall":{"received_at":"2026-11-20T12:34:56.789Z","client_ip":"10.0.0.7","id":"...",
 *     "process_count":2,"user_count":2,"seq":17,"left":0,"line_start":9120,"csv_end":4711,
 *     "chain":"..."}}
 *
 * It is on one line, without blanks; `id` is there only if the record has one. It is at most
 * TRAILER_MAX bytes long, so the last TRAILER_MAX bytes of a line are enough to read it.
 *
 * chain is the lower-case hex SHA-256 over the previous line's chain as text (TRAILER_CHAIN_FIRST
 * for the first line) and this line's bytes up to, not including, its last `,"chain"`.
 */
#ifndef HANDLER_STORE_TRAILER_H
#define HANDLER_STORE_TRAILER_H

#include "handler/record/record.h"
#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/digest.h"
#include "handler/shared/ip.h"

#include <stdint.h>

enum { TRAILER_MAX = 512 };

#define TRAILER_CHAIN_FIRST "0000000000000000000000000000000000000000000000000000000000000000"

struct trailer {
    char received_at[CLOCK_TIME_LEN + 1];
    char client_ip[IP_TEXT_LEN];
    char id[RECORD_ID_MAX + 1]; /* "" for none */
    uint64_t process_count, user_count;
    uint64_t seq;        /* from 1 */
    uint64_t left;       /* lines of the same request that follow; 0 is the commit */
    uint64_t line_start; /* offset of the line in its file */
    uint64_t csv_end;    /* size of the CSV file after this record's rows */
    char chain[DIGEST_HEX_LEN + 1];
};

/*
 * trailer_open() appends the member up to, not including, `,"chain"`. The caller then computes the
 * chain over the line, and trailer_close() appends it, the closing brackets and the newline.
 */
void trailer_open(const struct trailer *l, struct buf *out);
void trailer_close(const struct trailer *l, struct buf *out);

/*
 * Reads the member from the last bytes of a line, its newline included. `bytes` may start anywhere
 * before it. On success *tail and *chain are the offsets in `bytes` of `,"rollcall"` and
 * `,"chain"`.
 */
bool trailer_parse(const char *bytes, size_t len, struct trailer *out, size_t *tail, size_t *chain);

/* Computes the chain from the previous one and the line's bytes. False if libcrypto fails. */
bool trailer_chain(struct digest *d, const char *previous, const char *bytes, size_t len,
                   char out[DIGEST_HEX_LEN + 1]);

#endif
