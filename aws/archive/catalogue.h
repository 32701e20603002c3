/*
 * catalogue: where each file of a day is, one JSON object per line, for engines that query the
 * archive:
 *
 *     {"url":"s3://example-records/fleet/json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz",
 *      "kind":"json","client_ip":"10.0.0.7","size":9120,"gzip_size":1017,"sha256":"...",
 *      "seq":17,"chain":"..."}
 *
 * It holds what the manifest of the day holds, and is written just before it. `kind` is the folder:
 * "json", "csv", or "record" (a listing, which has no client_ip, seq and chain).
 */
#ifndef AWS_ARCHIVE_CATALOGUE_H
#define AWS_ARCHIVE_CATALOGUE_H

#include "aws/archive/pool.h"
#include "handler/store/manifest.h"

/* Adds the text to `out`. `prefix` is that of names_prefix(). The same manifest is the same bytes.
 */
void catalogue_write(const struct manifest *m, const char *bucket, const char *prefix,
                     struct buf *out);

/* Puts the catalogue of the day into the archive. */
enum s3_result catalogue_put(struct pool *r, const struct manifest *m, struct s3_fault *fault);

/* Writes the catalogue of a day again, from the manifest in the archive. */
void catalogue_day(struct pool *r, const char *branch, const char *date);

#endif
