/*
 * objmeta: a file's manifest entry, as metadata of its object. If a run is killed before it writes
 * the manifest, the next run reads the entry from there and need not ship the file again.
 *
 *     size=9120 sha256=... gzip-sha256=... seq=17 chain=...
 */
#ifndef AWS_ARCHIVE_OBJMETA_H
#define AWS_ARCHIVE_OBJMETA_H

#include "handler/store/manifest.h"

#include <stdbool.h>

enum { OBJMETA_MAX = 320 };

void objmeta_write(const struct manifest_entry *e, char out[OBJMETA_MAX]);

/* Sets all but name and gzip_size. False if the text is not such an entry. */
bool objmeta_read(const char *note, struct manifest_entry *out);

#endif
