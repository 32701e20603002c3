#include "aws/s3/names.h"

#include "aws/s3/percent.h"

#include <stdio.h>
#include <string.h>

bool keys_prefix(const char *configured, char out[KEYS_PREFIX_MAX])
{
    const char *start = configured ? configured + strspn(configured, "/") : "";
    size_t len = strlen(start);
    while (len > 0 && start[len - 1] == '/')
        len--;
    int n = snprintf(out, KEYS_PREFIX_MAX, "%.*s%s", (int)(len < KEYS_MAX ? len : KEYS_MAX), start,
                     len > 0 ? "/" : "");
    return n < KEYS_PREFIX_MAX && (!*out || canon_is_key(out));
}

const char *const *keys_folders(const char *branch)
{
    static const char *const data[] = {"json", "csv", NULL};
    static const char *const record[] = {"record", NULL};
    return strcmp(branch, "record") == 0 ? record : data;
}

void keys_day(const char *prefix, const char *folder, const char *date, char out[KEYS_MAX])
{
    snprintf(out, KEYS_MAX, "%s%s/date=%s/", prefix, folder, date);
}

void keys_file(const char *prefix, const char *branch, const char *date, const char *name,
               char out[KEYS_MAX])
{
    const char *dot = strrchr(name, '.');
    const char *folder = strcmp(branch, "record") == 0     ? "record"
                         : dot && strcmp(dot, ".csv") == 0 ? "csv"
                                                           : "json";
    snprintf(out, KEYS_MAX, "%s%s/date=%s/%s.gz", prefix, folder, date, name);
}

void keys_manifest(const char *prefix, const char *branch, const char *date, char out[KEYS_MAX])
{
    snprintf(out, KEYS_MAX, "%smanifest/date=%s/%s.json", prefix, date,
             strcmp(branch, "record") == 0 ? "listings" : "manifest");
}
