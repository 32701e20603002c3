/*
 * names: the keys of the objects in the archive.
 *
 *     <prefix>json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz      data
 *     <prefix>csv/date=2026-11-20/10.0.0.7_2026-11-20.csv.gz        data
 *     <prefix>record/date=2026-11-20/<uuid>_<timestamp>.json.gz     record (listings)
 *     <prefix>manifest/date=2026-11-20/manifest.json                of data
 *     <prefix>manifest/date=2026-11-20/listings.json                of record
 *     <prefix>catalogue/date=2026-11-20/files.jsonl                 of data
 *     <prefix>catalogue/date=2026-11-20/listings.jsonl              of record
 */
#ifndef AWS_S3_NAMES_H
#define AWS_S3_NAMES_H

#include <stdbool.h>

enum { NAMES_MAX = 1024, NAMES_PREFIX_MAX = 512 };

/* The configured prefix (NULL: none), without slashes at its start and with one at its end. False
 * if it is too long or has a part "." or "..". */
bool names_prefix(const char *configured, char out[NAMES_PREFIX_MAX]);

/* True if `key`, which is relative to the prefix, is one of those above. */
bool names_is_key(const char *key);

/* The folders of a branch ("data" or "record"). The list ends with NULL. */
const char *const *names_folders(const char *branch);

/* "<prefix>json/date=2026-11-20/" */
void names_day(const char *prefix, const char *folder, const char *date, char out[NAMES_MAX]);

/* The key of a file of the day's directory. */
void names_file(const char *prefix, const char *branch, const char *date, const char *name,
                char out[NAMES_MAX]);

/* The key of the day's manifest. */
void names_manifest(const char *prefix, const char *branch, const char *date, char out[NAMES_MAX]);

void names_catalogue(const char *prefix, const char *branch, const char *date, char out[NAMES_MAX]);

#endif
