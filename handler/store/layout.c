#include "handler/store/layout.h"

#include <stdio.h>
#include <string.h>

void layout_file(const struct ip *ip, const char *date, const char *suffix,
                 char out[LAYOUT_FILE_MAX])
{
    char *at = stpcpy(out, ip->file);
    *at++ = '_';
    at = mempcpy(at, date, CLOCK_DATE_LEN);
    memcpy(at, suffix, strlen(suffix) + 1);
}

bool layout_parse(const char *name, const char *suffix, struct layout_name *out)
{
    size_t len = strlen(name), tail = CLOCK_DATE_LEN + strlen(suffix);
    if (len < tail + 2 || strcmp(name + len - strlen(suffix), suffix) != 0)
        return false;
    const char *date = name + len - tail;
    if (date[-1] != '_' || !ip_from_file(name, len - tail - 1, &out->ip))
        return false;
    memcpy(out->date, date, CLOCK_DATE_LEN);
    out->date[CLOCK_DATE_LEN] = '\0';
    return layout_is_day(out->date);
}

/* The length of `path` without `suffix`; 0 if it does not end in it. */
static size_t layout_stem(const char *path, const char *suffix)
{
    size_t len = strlen(path), tail = strlen(suffix);
    return len > tail && strcmp(path + len - tail, suffix) == 0 ? len - tail : 0;
}

bool layout_other(const char *path, char *out, size_t size)
{
    size_t json = layout_stem(path, LAYOUT_JSON), csv = layout_stem(path, LAYOUT_CSV);
    if (json + csv == 0)
        return false;
    int len =
        snprintf(out, size, "%.*s%s", (int)(json + csv), path, json ? LAYOUT_CSV : LAYOUT_JSON);
    return len > 0 && (size_t)len < size;
}

void layout_listing(const char *date, const char *uuid, const char *timestamp,
                    char out[LAYOUT_LISTING_MAX])
{
    snprintf(out, LAYOUT_LISTING_MAX, LAYOUT_RECORD "/%s/%s_%s" LAYOUT_JSON, date, uuid, timestamp);
}

bool layout_is_day(const char *name)
{
    char midnight[CLOCK_TIME_LEN + 1], again[CLOCK_DATE_LEN + 1];
    if (strlen(name) != CLOCK_DATE_LEN)
        return false;
    snprintf(midnight, sizeof midnight, "%sT00:00:00.000Z", name);
    int64_t ms = clock_parse(midnight);
    if (ms < 0)
        return false;
    clock_date(ms, again);
    return strcmp(again, name) == 0;
}

bool layout_is_listing(const char *name)
{
    static const char uuid[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-";
    size_t len = strspn(name, uuid);
    if (len == 0 || name[len] != '_')
        return false;
    const char *time = name + len + 1;
    size_t whole = strspn(time, "0123456789");
    const char *rest = time + whole;
    if (*rest == '.' && rest[1] >= '0' && rest[1] <= '9')
        rest += 1 + strspn(rest + 1, "0123456789");
    return whole > 0 && strcmp(rest, LAYOUT_JSON) == 0;
}

bool layout_is_temporary(const char *name)
{
    static const char *const starts[] = {".new-", ".probe-", ".csv-"};
    for (size_t i = 0; i < sizeof starts / sizeof *starts; i++)
        if (strncmp(name, starts[i], strlen(starts[i])) == 0)
            return true;
    return false;
}

enum layout_kind layout_kind(const char *branch, const char *date, const char *name)
{
    struct layout_name parsed;
    if (layout_is_temporary(name))
        return LAYOUT_IS_TEMPORARY;
    if (strcmp(branch, LAYOUT_RECORD) == 0)
        return layout_is_listing(name) ? LAYOUT_IS_LISTING : LAYOUT_IS_FOREIGN;
    if (layout_parse(name, LAYOUT_JSON, &parsed) && strcmp(parsed.date, date) == 0)
        return LAYOUT_IS_JSON;
    if (layout_parse(name, LAYOUT_CSV, &parsed) && strcmp(parsed.date, date) == 0)
        return LAYOUT_IS_CSV;
    return LAYOUT_IS_FOREIGN;
}
