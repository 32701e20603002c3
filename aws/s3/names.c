#include "aws/s3/names.h"

#include "aws/s3/percent.h"
#include "handler/store/layout.h"

#include <stdio.h>
#include <string.h>

bool names_prefix(const char *configured, char out[NAMES_PREFIX_MAX])
{
    const char *start = configured ? configured + strspn(configured, "/") : "";
    size_t len = strlen(start);
    while (len > 0 && start[len - 1] == '/')
        len--;
    int n = snprintf(out, NAMES_PREFIX_MAX, "%.*s%s", (int)(len < NAMES_MAX ? len : NAMES_MAX),
                     start, len > 0 ? "/" : "");
    return n < NAMES_PREFIX_MAX && (!*out || percent_is_key(out));
}

const char *const *names_folders(const char *branch)
{
    static const char *const data[] = {"json", "csv", NULL};
    static const char *const record[] = {"record", NULL};
    return strcmp(branch, "record") == 0 ? record : data;
}

void names_day(const char *prefix, const char *folder, const char *date, char out[NAMES_MAX])
{
    snprintf(out, NAMES_MAX, "%s%s/date=%s/", prefix, folder, date);
}

void names_file(const char *prefix, const char *branch, const char *date, const char *name,
                char out[NAMES_MAX])
{
    const char *dot = strrchr(name, '.');
    const char *folder = strcmp(branch, "record") == 0     ? "record"
                         : dot && strcmp(dot, ".csv") == 0 ? "csv"
                                                           : "json";
    snprintf(out, NAMES_MAX, "%s%s/date=%s/%s.gz", prefix, folder, date, name);
}

void names_manifest(const char *prefix, const char *branch, const char *date, char out[NAMES_MAX])
{
    snprintf(out, NAMES_MAX, "%smanifest/date=%s/%s.json", prefix, date,
             strcmp(branch, "record") == 0 ? "listings" : "manifest");
}

void names_catalogue(const char *prefix, const char *branch, const char *date, char out[NAMES_MAX])
{
    snprintf(out, NAMES_MAX, "%scatalogue/date=%s/%s.jsonl", prefix, date,
             strcmp(branch, "record") == 0 ? "listings" : "files");
}

/* "10.0.0.7_2026-11-20.json.gz" in the folder of its kind. */
static bool is_packed(enum layout_kind kind, const char *branch, const char *date, const char *name)
{
    char plain[LAYOUT_LISTING_MAX];
    size_t len = strlen(name);
    if (len < 3 || len - 3 >= sizeof plain || strcmp(name + len - 3, ".gz") != 0)
        return false;
    snprintf(plain, sizeof plain, "%.*s", (int)(len - 3), name);
    return layout_kind(branch, date, plain) == kind;
}

static bool is_one_of(const char *name, const char *a, const char *b)
{
    return strcmp(name, a) == 0 || strcmp(name, b) == 0;
}

bool names_is_key(const char *key)
{
    char date[CLOCK_DATE_LEN + 1];
    const char *slash = strchr(key, '/');
    size_t folder = slash ? (size_t)(slash - key) : 0;
    if (!slash || strncmp(slash, "/date=", 6) != 0 || strlen(slash) < 6 + CLOCK_DATE_LEN + 2)
        return false;
    snprintf(date, sizeof date, "%.*s", CLOCK_DATE_LEN, slash + 6);
    const char *name = slash + 6 + CLOCK_DATE_LEN;
    if (!layout_is_day(date) || *name++ != '/' || strchr(name, '/'))
        return false;
    if (folder == 4 && memcmp(key, "json", 4) == 0)
        return is_packed(LAYOUT_IS_JSON, LAYOUT_DATA, date, name);
    if (folder == 3 && memcmp(key, "csv", 3) == 0)
        return is_packed(LAYOUT_IS_CSV, LAYOUT_DATA, date, name);
    if (folder == 6 && memcmp(key, "record", 6) == 0)
        return is_packed(LAYOUT_IS_LISTING, LAYOUT_RECORD, date, name);
    if (folder == 8 && memcmp(key, "manifest", 8) == 0)
        return is_one_of(name, "manifest.json", "listings.json");
    return folder == 9 && memcmp(key, "catalogue", 9) == 0 &&
           is_one_of(name, "files.jsonl", "listings.jsonl");
}
