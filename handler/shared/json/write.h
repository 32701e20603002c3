/*
 * jsonw: writes JSON string literals (RFC 8259 section 7) into a buf. The caller writes numbers and
 * punctuation with buf_*().
 */
#ifndef HANDLER_SHARED_JSON_WRITE_H
#define HANDLER_SHARED_JSON_WRITE_H

#include <stddef.h>

struct buf;

/*
 * A quoted string of `len` bytes. Quotes, backslashes and control characters are escaped; each
 * byte that is not part of valid UTF-8 becomes U+FFFD.
 */
void jsonw_string(struct buf *b, const char *s, size_t len);

/* The same for a NUL-terminated string. */
void jsonw_str(struct buf *b, const char *s);

/* The same, but null for NULL and for an empty string. */
void jsonw_str_or_null(struct buf *b, const char *s);

/* `"name":` */
void jsonw_name(struct buf *b, const char *name);

/*
 * The length (1 to 4) of the UTF-8 sequence (RFC 3629) at `s`, of which `len` bytes may be read; 0
 * if there is no valid one.
 */
size_t utf8_length(const char *s, size_t len);

#endif
