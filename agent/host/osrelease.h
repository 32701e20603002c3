/*
 * osrelease: values of files of shell-like assignments, as os-release(5) and logind's session
 * files have them: NAME=value, NAME="a \"quoted\" value", NAME='value'.
 */
#ifndef AGENT_HOST_OSRELEASE_H
#define AGENT_HOST_OSRELEASE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * The value of `name` in `text`, without its quotes and backslashes, NUL-terminated and cut to
 * `size` - 1 bytes. As in a shell the last assignment wins. False (and "") when there is none.
 */
bool osrelease_get(const char *text, size_t len, const char *name, char *out, size_t size);

#endif
