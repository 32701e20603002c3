/*
 * commit: where does a JSON file end, for its readers? At its last committed line: whole, ours,
 * and the last of its request (`left` 0).
 *
 * What may lie behind it was never acknowledged: bytes after the last newline, lines of NUL bytes
 * (a power loss grows a file before its data comes), lines of a batch whose last is missing.
 * Anything else there is not ours.
 */
#ifndef HANDLER_STORE_COMMIT_H
#define HANDLER_STORE_COMMIT_H

#include "handler/store/hop.h"

#include <sys/types.h>

enum commit_result { COMMIT_FOUND, COMMIT_NONE, COMMIT_NOT_OURS, COMMIT_FAILED };

struct commit {
    struct trailer line; /* valid for COMMIT_FOUND */
    off_t end;           /* behind that line; 0 for COMMIT_NONE */
    off_t foreign;       /* COMMIT_NOT_OURS: where the line starts that is not ours */
};

/*
 * Looks at the first `size` bytes of `fd`. With a digest the chain of the last request's lines is
 * checked too: lines of ours that hold NUL bytes are passed over as never acknowledged; one that
 * does not match otherwise is not ours. COMMIT_FAILED with errno. For COMMIT_FOUND `h` is left on
 * the committed line, so that a caller can hop on from there.
 */
enum commit_result commit_find(int fd, off_t size, struct digest *digest, struct hop *h,
                               struct commit *out);

/* 1 when a NUL byte stands in [from, to), 0 when none does, -1 with errno. */
int commit_has_nul(int fd, off_t from, off_t to);

#endif
