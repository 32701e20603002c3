/*
 * mask: a process's command line as one line of text, with the secrets in it replaced by "***".
 *
 * Pure: bytes in, bytes out. What a secret is, is data: secret.def. Here is where values begin and
 * end: `--password=x`, `--password x`, `-px` of mysql, `TOKEN=x`, `"token": "x"`, headers, SQL,
 * `user:x@host` in a URL, keys and tokens.
 *
 * The program that runs decides what a short option means: argv[0], or what follows sudo, env,
 * nohup, docker exec and the like. An argument with white space is looked at twice: as the one
 * argument that it is, and as a command line of its own, in which quotes and backslashes are read
 * as a shell does. It may be one (`sh -c "mysql -px"`), or a process has overwritten its arguments
 * with one text. If it is unclear how far a value goes, more is masked rather than less.
 *
 * The work is linear in the length, times the depth of quoted commands in commands (at most 5).
 */
#ifndef AGENT_MASK_MASK_H
#define AGENT_MASK_MASK_H

#include "agent/mask/secret.h"

#include "handler/shared/buf.h"

struct mask {
    struct secret_index index;
    struct buf hide;   /* one byte for each of the text: 1 if it is secret */
    struct buf bytes;  /* words without their quotes */
    struct buf places; /* uint32_t: the place of each of these bytes in the text */
};

void mask_init(struct mask *m);
void mask_release(struct mask *m);

/*
 * Adds the arguments of `raw` (each ended by NUL, as in /proc/PID/cmdline) to `out`, joined by one
 * space. With `cut`, `raw` is only the beginning of a longer one: a URL's user and password whose
 * end was cut off are masked, too. False if memory ran out; `out` must not be shown then.
 */
bool mask_arguments(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out);

/* The same, but the arguments remain ended by NUL. */
bool mask_list(struct mask *m, const char *raw, size_t len, bool cut, struct buf *out);

#endif
