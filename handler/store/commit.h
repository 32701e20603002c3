/*
 * commit: where a JSON file ends for its readers: at its last committed line, which is whole, ours,
 * and the last of its request (`left` 0).
 *
 * What may follow was never acknowledged: bytes after the last newline, NUL bytes of any number (a
 * power loss extends a file before its data is written), lines of a batch whose last line is
 * missing. Anything else is not ours.
 */
#ifndef HANDLER_STORE_COMMIT_H
#define HANDLER_STORE_COMMIT_H

#include "handler/store/jsonl.h"

#include <sys/types.h>

enum commit_result { COMMIT_FOUND, COMMIT_NONE, COMMIT_NOT_OURS, COMMIT_FAILED };

struct commit {
    struct trailer line; /* valid for COMMIT_FOUND */
    off_t end;           /* of that line; 0 for COMMIT_NONE */
    off_t foreign;       /* COMMIT_NOT_OURS: start of the line that is not ours */
};

/*
 * Searches the first `size` bytes of `fd`. With a digest it also checks the chain of the last
 * request's lines: lines of ours with NUL bytes in them are skipped as never acknowledged; a line
 * that does not match for another reason is not ours. COMMIT_FAILED with errno. For COMMIT_FOUND
 * `back` is at the committed line, so that jsonl_prev() continues from there.
 */
enum commit_result commit_find(int fd, off_t size, struct digest *digest, struct jsonl_back *back,
                               struct commit *out);

#endif
