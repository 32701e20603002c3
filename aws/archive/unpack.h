/*
 * unpack: takes a gzip object as it comes from the store, piece by piece, checks it against its
 * manifest entry, compares it with a local file, and writes it to another, as asked. Never more
 * bytes come out than the entry says, whatever the gzip holds.
 */
#ifndef AWS_ARCHIVE_UNPACK_H
#define AWS_ARCHIVE_UNPACK_H

#include "handler/store/manifest.h"

#include <stdbool.h>
#include <stdint.h>

struct unpack; /* for one thread; used again and again */

struct unpack_job {
    const struct manifest_entry *entry;
    int compare; /* -1, or the file whose first entry->size bytes it should be */
    int write;   /* -1, or where it goes, from offset 0 */
};

/* NULL when memory is out. */
struct unpack *unpack_new(void);
void unpack_free(struct unpack *u);

/* What is to come next; borrowed until unpack_end(). */
void unpack_begin(struct unpack *u, const struct unpack_job *job);

/* The two of a struct s3_sink. The first forgets what has come. False when it cannot go on. */
bool unpack_restart(void *u);
bool unpack_take(void *u, const char *bytes, size_t len);

/* After the last byte: NULL when all is as it should be, else what is not (valid until the next
 * call). */
const char *unpack_end(struct unpack *u);

#endif
