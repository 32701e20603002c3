/*
 * pack: compresses a file with gzip into an unnamed temporary file, and hashes both in the same
 * pass.
 *
 * The store wants length and hash before the first byte, so the whole file is compressed before it
 * is sent. Memory does not depend on the size of the file. Equal bytes give equal gzip data: it
 * contains neither name nor time.
 */
#ifndef AWS_ARCHIVE_PACK_H
#define AWS_ARCHIVE_PACK_H

#include "handler/shared/digest.h"

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct pack; /* of one thread, for any number of files */

struct packed {
    int fd; /* borrowed from the struct pack, valid until the next pack_file() */
    uint64_t gzip_size;
    unsigned char sha256[DIGEST_LEN]; /* of the file's first `size` bytes */
    unsigned char gzip_sha256[DIGEST_LEN];
};

/* Opens the temporary file in TMPDIR, else in /var/tmp. NULL with errno. */
struct pack *pack_new(void);
void pack_free(struct pack *p);

/*
 * Packs the first `size` bytes of `fd`. False with errno: ENODATA if the file is shorter, ECANCELED
 * if *stop was set.
 */
bool pack_file(struct pack *p, int fd, uint64_t size, const volatile sig_atomic_t *stop,
               struct packed *out);

#endif
