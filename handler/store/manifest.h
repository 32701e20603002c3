/*
 * manifest: what the archive holds of one day, file by file.
 *
 *     {"rollcall_manifest":1,"branch":"data","date":"2026-11-20","whole":true,"files":[
 *     {"name":"10.0.0.7_2026-11-20.json","size":9120,"sha256":"...","gzip_size":1017,
 *      "gzip_sha256":"...","seq":17,"chain":"..."},
 *     {"name":"10.0.0.7_2026-11-20.csv", ...}
 *     ]}
 *
 * (one file a line, sorted by name, no blanks). `size` and `sha256` are of the file as it was read,
 * up to its last committed line; `seq` and `chain` are that line's. A listing has neither. `whole`
 * says that the day was over and nothing of it is missing.
 *
 * The manifest lies in the archive, and, once a whole day was shipped, as a mark in
 * <records_dir>/archived/: rollcall-cleanup removes a day only when every file of it is as the mark
 * says.
 */
#ifndef HANDLER_STORE_MANIFEST_H
#define HANDLER_STORE_MANIFEST_H

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/digest.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MANIFEST_NAME_MAX = 128, MANIFEST_BYTES_MAX = 256 << 20 };

struct manifest_entry {
    char name[MANIFEST_NAME_MAX]; /* in the day's directory */
    uint64_t size, gzip_size;
    char sha256[DIGEST_HEX_LEN + 1], gzip_sha256[DIGEST_HEX_LEN + 1];
    uint64_t seq;
    char chain[DIGEST_HEX_LEN + 1]; /* "" for a listing */
};

struct manifest {
    const char *branch; /* "data" or "record"; static */
    char date[CLOCK_DATE_LEN + 1];
    bool whole;
    struct manifest_entry *entries; /* sorted by name once manifest_sort() was called */
    size_t count, room;
};

void manifest_init(struct manifest *m, const char *branch, const char *date);
void manifest_release(struct manifest *m);

/* A copy of `e`, at the end. False when memory is out. */
bool manifest_add(struct manifest *m, const struct manifest_entry *e);
void manifest_sort(struct manifest *m);
const struct manifest_entry *manifest_find(const struct manifest *m, const char *name);

/* Adds the text to `out`. The same manifest is the same bytes. */
void manifest_write(const struct manifest *m, struct buf *out);

/*
 * Reads the text, which is spoilt, into an initialised, empty manifest, and sorts it. It must be
 * whole, of this branch and date, and every name one that the handler gives: so no name leads out
 * of the day's directory. False, and `what` (static) says what is wrong, when not.
 */
bool manifest_read(struct manifest *m, struct buf *text, const char **what);

/* The mark's path below records_dir: "archived/2026-11-20.json",
 * "archived/2026-11-20.listings.json" */
enum { MANIFEST_MARK_MAX = 48 };
void manifest_mark(const char *branch, const char *date, char out[MANIFEST_MARK_MAX]);

#endif
