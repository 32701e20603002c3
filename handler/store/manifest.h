/*
 * manifest: what the archive has of one day, file by file.
 *
 *     {"rollcall_manifest":1,"branch":"data","date":"2026-11-20","whole":true,"files":[
 *     {"name":"10.0.0.7_2026-11-20.json","size":9120,"sha256":"...","gzip_size":1017,
 *      "gzip_sha256":"...","seq":17,"chain":"..."},
 *     {"name":"10.0.0.7_2026-11-20.csv", ...}
 *     ]}
 *
 * There is one file per line, sorted by name, without blanks. `size` and `sha256` are those of the
 * file up to its last commit; `seq` and `chain` are those of the commit. A listing has neither.
 * `whole` is true if the day was over and nothing of it was missing.
 *
 * A manifest is in the archive and, once a whole day has been shipped, also in
 * <records_dir>/archived/, as a mark: rollcall-cleanup removes a day only if every file of it is as
 * the mark says.
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
    struct manifest_entry *entries; /* sorted by name after manifest_sort() */
    size_t count, room;
};

enum manifest_result {
    MANIFEST_OK,
    MANIFEST_NOT_THIS_DAY, /* the first line is not that of a manifest of this branch and day */
    MANIFEST_BAD_LINE,     /* a line is not as manifest_write() writes it */
    MANIFEST_TRUNCATED,    /* it does not end where it should */
    MANIFEST_TWICE,        /* it names a file twice */
    MANIFEST_NO_MEMORY,
    MANIFEST__MAX
};

void manifest_init(struct manifest *m, const char *branch, const char *date);
void manifest_release(struct manifest *m);

/* Adds a copy of `e` at the end. False if memory is out. */
bool manifest_add(struct manifest *m, const struct manifest_entry *e);
void manifest_sort(struct manifest *m);
const struct manifest_entry *manifest_find(const struct manifest *m, const char *name);

/* Adds the text to `out`. The same manifest is the same bytes. */
void manifest_write(const struct manifest *m, struct buf *out);

/*
 * Reads the text, whose bytes it changes, into an initialised, empty manifest, and sorts it. Every
 * name must be one that rollcall-handler gives, so that none leads out of the day's directory.
 */
enum manifest_result manifest_read(struct manifest *m, struct buf *text);

/* What a result means, as a sentence without a subject: "names a file twice". */
const char *manifest_explain(enum manifest_result result);

/* The mark's path below records_dir: "archived/2026-11-20.json",
 * "archived/2026-11-20.listings.json" */
enum { MANIFEST_MARK_MAX = 48 };
void manifest_mark(const char *branch, const char *date, char out[MANIFEST_MARK_MAX]);

#endif
