/*
 * note: a file's manifest entry as the metadata of its object, so that a run that was killed before
 * its manifest was written need not ship the file again:
 *
 *     size=9120 sha256=... gzip-sha256=... seq=17 chain=...
 */
#ifndef AWS_ARCHIVE_OBJMETA_H
#define AWS_ARCHIVE_OBJMETA_H

#include "handler/store/manifest.h"

#include <stdbool.h>

enum { NOTE_MAX = 320 };

void note_write(const struct manifest_entry *e, char out[NOTE_MAX]);

/* Sets all but name and gzip_size. False when it is no such note. */
bool note_read(const char *note, struct manifest_entry *out);

#endif
