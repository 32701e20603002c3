/*
 * range: parts of a download, and entity tags (RFC 9110 sections 13 and 14).
 */
#ifndef HANDLER_HTTP_RANGE_H
#define HANDLER_HTTP_RANGE_H

#include <stdbool.h>
#include <stdint.h>

struct range {
    int64_t first, last; /* what is to be sent, both included */
    bool part;           /* false: all of it */
};

/*
 * Reads a Range header with one range of bytes, for a body of `size` bytes. A text of another form,
 * "" as well, is ignored: then the range is all of it. False if no byte of the body is in the
 * range.
 */
bool range_parse(const char *text, int64_t size, struct range *out);

/* True if If-None-Match names the tag (weak comparison), which has its quotes. */
bool range_tag_matches(const char *if_none_match, const char *tag);

#endif
