/*
 * glob: does a pattern match a whole text? Case is folded in ASCII.
 *
 *     *      any bytes            ?      one character (UTF-8)
 *     [abc]  one of these         [a-z]  one of a range    [!abc] none of these    [^abc] the same
 *
 * A `[` without its `]` is a plain character, as in fnmatch(3). The time is bounded by the product
 * of both lengths: only the last star is ever tried again.
 */
#ifndef HANDLER_READ_GLOB_H
#define HANDLER_READ_GLOB_H

#include <stdbool.h>
#include <stddef.h>

bool glob_match(const char *pattern, const char *text, size_t len);

/* True when `text` holds one of * ? [. */
bool glob_is_pattern(const char *text);

/* The number of characters of the pattern that match only themselves. */
size_t glob_literals(const char *pattern);

/* True when `text` holds `part`, folded in ASCII. An empty part is in every text. */
bool glob_contains(const char *text, size_t len, const char *part);

#endif
