/*
 * canon: percent-encoding as AWS Signature Version 4 wants it, done once.
 *
 * The path and the query that are signed must be, byte for byte, the ones that are sent. So they
 * are written canonically here and nowhere touched again: everything but A-Z a-z 0-9 - . _ ~ is
 * %XX in upper-case hex, a query's names are sorted, and each has its '='.
 */
#ifndef AWS_S3_PERCENT_H
#define AWS_S3_PERCENT_H

#include "handler/shared/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct canon_pair {
    const char *name, *value; /* not encoded; a pair without a name is passed over */
};

/* Adds `text`, encoded. */
void canon_value(struct buf *b, const char *text);

/* The same for a path: slashes stay. */
void canon_path(struct buf *b, const char *text);

/* Adds "?a=1&b=2", sorted by name; nothing when there are no pairs (at most CANON_PAIRS_MAX). */
enum { CANON_PAIRS_MAX = 8 };
void canon_query(struct buf *b, const struct canon_pair *pairs, size_t count);

/*
 * Whether a path can be asked for as it is: not empty, no slash in front, and no part "." or "..".
 * Those libcurl resolves, and it refuses to sign (since 8.10) when it is told to keep them.
 */
bool canon_is_key(const char *path);

/*
 * The reverse, of what S3 answers to encoding-type=url: %XX is a byte, '+' a space. False when it
 * is no such text or holds %00. `out` is reset first and NUL-terminated.
 */
bool canon_decode(struct buf *out, const char *text, size_t len);

/* The same for the path of a URL, where '+' is itself. */
bool canon_decode_path(struct buf *out, const char *text, size_t len);

#endif
