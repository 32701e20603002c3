/*
 * percent: percent-encoding as AWS Signature Version 4 requires it.
 *
 * The path and query that are sent must be, byte for byte, those that are signed. So they are
 * written in canonical form here, and not changed afterwards: every byte except A-Z a-z 0-9 - . _ ~
 * is %XX in upper-case hex, the names of a query are sorted, and each is followed by '='.
 */
#ifndef AWS_S3_PERCENT_H
#define AWS_S3_PERCENT_H

#include "handler/shared/buf.h"

#include <stdbool.h>
#include <stddef.h>

struct percent_pair {
    const char *name, *value; /* not encoded; skipped if `name` is NULL */
};

/* Appends `text`, encoded. */
void percent_value(struct buf *b, const char *text);

/* The same for a path: slashes are not encoded. */
void percent_path(struct buf *b, const char *text);

/* Appends "?a=1&b=2", sorted by name, or nothing if there are no pairs. At most PERCENT_PAIRS_MAX.
 */
enum { PERCENT_PAIRS_MAX = 8 };
void percent_query(struct buf *b, const struct percent_pair *pairs, size_t count);

/*
 * True if a path can be requested as it is: not empty, no leading slash, no part "." or "..".
 * libcurl removes such parts, and since 8.10 it refuses to sign if it is told to keep them.
 */
bool percent_is_key(const char *path);

/*
 * Decodes what S3 sends for encoding-type=url: %XX is a byte, '+' is a space. False if the text is
 * not valid or contains %00. `out` is reset first and NUL-terminated.
 */
bool percent_decode(struct buf *out, const char *text, size_t len);

/* The same for the path of a URL, where '+' is a plus. */
bool percent_decode_path(struct buf *out, const char *text, size_t len);

#endif
