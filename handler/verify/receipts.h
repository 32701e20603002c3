/*
 * receipts: what the handler once acknowledged, to be compared with the files.
 *
 * A receipt is client_ip, date, seq and chain. It is read from any text that has them in one line,
 * as JSON ("seq":17) or as logfmt (seq=17): saved responses, or the log of an agent.
 */
#ifndef HANDLER_VERIFY_RECEIPTS_H
#define HANDLER_VERIFY_RECEIPTS_H

#include "handler/store/trailer.h"

struct receipt_line {
    char client_ip[IP_TEXT_LEN];
    char date[CLOCK_DATE_LEN + 1];
    uint64_t seq;
    char chain[DIGEST_HEX_LEN + 1];
    bool seen; /* its line was found, with this chain or another */
};

struct receipts {
    struct receipt_line *list; /* sorted by date, address, seq */
    size_t count;
};

/* Reads `path` and skips lines without a receipt. False with errno. */
bool receipts_read(struct receipts *r, const char *path);
void receipts_release(struct receipts *r);

/*
 * The first receipt of that file with this `seq` or a later one; NULL if there is none. Those that
 * follow it in the list belong to the same file as long as date and client_ip are the same.
 */
struct receipt_line *receipts_find(struct receipts *r, const char *date, const char *client_ip,
                                   uint64_t seq);

#endif
