/*
 * unpack: decompresses an object while it arrives, and checks it against its manifest entry. If
 * asked to, it also compares the result with a local file, or writes it to a file. It stops at the
 * size that the entry names, whatever the gzip data contains.
 */
#ifndef AWS_ARCHIVE_UNPACK_H
#define AWS_ARCHIVE_UNPACK_H

#include "handler/store/manifest.h"

#include <stdbool.h>
#include <stdint.h>

struct unpack; /* of one thread, for any number of objects */

struct unpack_job {
    const struct manifest_entry *entry;
    int compare; /* -1, or the file whose first entry->size bytes must be equal */
    int write;   /* -1, or the file to write, from offset 0 */
};

/* NULL if there is no memory. */
struct unpack *unpack_new(void);
void unpack_free(struct unpack *u);

/* Starts an object. `job` is borrowed until unpack_end(). */
void unpack_begin(struct unpack *u, const struct unpack_job *job);

/* The functions of a struct s3_sink. unpack_restart() discards what has arrived. False ends the
 * call. */
bool unpack_restart(void *u);
bool unpack_take(void *u, const char *bytes, size_t len);

/* Ends an object. NULL if it is correct, else what is wrong, valid until the next call. */
const char *unpack_end(struct unpack *u);

#endif
