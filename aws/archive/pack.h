/*
 * pack: a file packed with gzip into a temporary file without a name, in one pass that hashes both
 * sides. The store must know length and hash before the first byte, so nothing is sent while it is
 * packed; and memory stays the same whatever the file's size. The same bytes give the same gzip: it
 * carries no name and no time.
 */
#ifndef AWS_ARCHIVE_PACK_H
#define AWS_ARCHIVE_PACK_H

#include "handler/shared/digest.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pack; /* for one thread; used again and again */

struct packed {
    int fd; /* borrowed, of the struct pack: valid until the next pack_file() */
    uint64_t gzip_size;
    unsigned char sha256[DIGEST_LEN]; /* of the file's first `size` bytes */
    unsigned char gzip_sha256[DIGEST_LEN];
};

/* The temporary file is in TMPDIR, else /var/tmp. NULL with errno. */
struct pack *pack_new(void);
void pack_free(struct pack *p);

/*
 * Packs the first `size` bytes of `fd`. False with errno: ENODATA when the file is shorter,
 * ECANCELED when *stop was set.
 */
bool pack_file(struct pack *p, int fd, uint64_t size, const volatile sig_atomic_t *stop,
               struct packed *out);

#endif
