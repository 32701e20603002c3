/*
 * append: writes the records of a request behind the commit of a locked, healed pair: all or none.
 *
 * First the CSV rows, then the JSON lines, whose last (`left` 0) is the commit; with `sync` each
 * file is on disk before the next step. Whatever fails, both files go back to their old size, as
 * far as the disk still obeys.
 */
#ifndef HANDLER_STORE_APPEND_H
#define HANDLER_STORE_APPEND_H

#include "handler/record/batch.h"
#include "handler/store/commit.h"
#include "handler/store/pair.h"
#include "handler/store/resend.h"

struct append {
    const struct dirs *days;
    struct digest *digest;
    struct buf *lines; /* worked in; holds at most a few lines */
    bool sync;
    int64_t max_file_bytes, min_free_bytes;
};

/*
 * Appends what has no twin. On V_OK `last` is the last line written. V_DAY_FULL when a file would
 * grow beyond max_file_bytes, V_NO_SPACE when the disk has less than min_free_bytes left.
 */
enum verdict append(const struct append *a, struct pair *p, const struct batch *b,
                    const struct resend *r, struct commit *last, struct fault *f);

#endif
