/*
 * osrelease: values from files of shell-like assignments, as os-release(5) and logind's session
 * files are: NAME=value, NAME="a \"quoted\" value", NAME='value'.
 */
#ifndef AGENT_HOST_OSRELEASE_H
#define AGENT_HOST_OSRELEASE_H

#include "handler/shared/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * The value of `name` in `text`, without its quotes and backslashes, NUL-terminated and cut to
 * `size` - 1 bytes. As in a shell the last assignment counts. False, with "" in `out`, if there is
 * none, or it is empty.
 */
bool osrelease_get(struct text text, const char *name, char *out, size_t size);

/* The same with the value as written, after "NAME=". False if there is no such line. */
bool osrelease_raw(struct text text, const char *name, struct text *value);

#endif
