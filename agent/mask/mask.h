/*
 * mask: a process's command line as one line of text, with the secrets in it replaced by "***".
 *
 * Pure: bytes in, bytes out. What is a secret is written down in secret.h; here is where values
 * begin and end: `--password=x`, `--password x`, `-px` of mysql, `TOKEN=x`, `"token": "x"`,
 * `Authorization: Bearer x`, `user:x@host` in a URL, `curl -u user:x`, AWS keys.
 *
 * An argument that holds white space is looked at as a command line of its own: it may be one
 * (`sh -c "mysql -px"`), or a process has overwritten its arguments with one string. Where it is
 * unclear how far a value goes, more is masked rather than less.
 */
#ifndef AGENT_MASK_MASK_H
#define AGENT_MASK_MASK_H

#include "handler/shared/buf.h"

struct mask {
    struct buf hide; /* one byte for each of the text: 1 where it is secret */
};

void mask_init(struct mask *m);
void mask_release(struct mask *m);

/*
 * Adds the arguments of `raw` (each ended by NUL, as in /proc/PID/cmdline) to `out`, joined by
 * one space. With `cut`, `raw` is only the beginning of a longer one: a URL's user and password
 * that may go on behind the cut are masked too. False when memory ran out; `out` is then not fit
 * to be shown.
 */
bool mask_arguments(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out);

/* The same, with the arguments ended as they were. */
bool mask_list(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out);

#endif
