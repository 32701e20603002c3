/*
 * percent: percent-encoding as AWS Signature Version 4 requires it, done once.
 *
 * The path and the query that are signed must be, byte for byte, the ones that are sent. So they
 * are written canonically here and nowhere changed: every byte but A-Z a-z 0-9 - . _ ~ is %XX in
 * upper-case hex, the names of a query are sorted, and each has its '='.
 */
#ifndef AWS_S3_PERCENT_H
#define AWS_S3_PERCENT_H

#include "handler/shared/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct percent_pair {
    const char *name, *value; /* not encoded; a pair without a name is skipped */
};

/* Adds `text`, encoded. */
void percent_value(struct buf *b, const char *text);

/* The same for a path: slashes stay. */
void percent_path(struct buf *b, const char *text);

/* Adds "?a=1&b=2", sorted by name; nothing when there are no pairs (at most PERCENT_PAIRS_MAX). */
enum { PERCENT_PAIRS_MAX = 8 };
void percent_query(struct buf *b, const struct percent_pair *pairs, size_t count);

/*
 * Whether a path can be requested as it is: not empty, no leading slash, and no part "." or "..".
 * libcurl resolves those, and since 8.10 it refuses to sign if it is told to keep them.
 */
bool percent_is_key(const char *path);

/*
 * The reverse, of what S3 answers to encoding-type=url: %XX is a byte, '+' a space. False when it
 * is not such a text or contains %00. `out` is reset first and NUL-terminated.
 */
bool percent_decode(struct buf *out, const char *text, size_t len);

/* The same for the path of a URL, where '+' is itself. */
bool percent_decode_path(struct buf *out, const char *text, size_t len);

#endif
