#include "handler/store/layout.h"

#include <stdio.h>
#include <string.h>

bool filename_is_day(const char *name)
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

bool filename_parse(const char *name, const char *suffix, struct filename *out)
{
    size_t len = strlen(name), tail = CLOCK_DATE_LEN + strlen(suffix);
    if (len < tail + 2 || strcmp(name + len - strlen(suffix), suffix) != 0)
        return false;
    const char *date = name + len - tail;
    if (date[-1] != '_' || !ip_from_file(name, len - tail - 1, &out->ip))
        return false;
    memcpy(out->date, date, CLOCK_DATE_LEN);
    out->date[CLOCK_DATE_LEN] = '\0';
    return filename_is_day(out->date);
}

bool filename_is_listing(const char *name)
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
    return whole > 0 && strcmp(rest, ".json") == 0;
}

bool filename_is_temporary(const char *name)
{
    return name[0] == '.' && (strncmp(name, ".new-", 5) == 0 || strncmp(name, ".probe-", 7) == 0 ||
                              strncmp(name, ".csv-", 5) == 0);
}
