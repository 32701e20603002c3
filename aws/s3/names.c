#include "aws/s3/names.h"

#include "aws/s3/percent.h"

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
