#include "handler/read/records.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

bool records_open(const char *records_dir, int *data)
{
    int dir = open(records_dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    *data = dir < 0 ? -1 : openat(dir, "data", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int error = errno;
    if (dir >= 0)
        close(dir);
    errno = error;
    return *data >= 0 || (dir >= 0 && error == ENOENT);
}

bool records_as_of(const char *date, int64_t *now_ms)
{
    char midnight[CLOCK_TIME_LEN + 1];
    int64_t now = clock_now();
    if (strlen(date) != CLOCK_DATE_LEN)
        return false;
    snprintf(midnight, sizeof midnight, "%sT00:00:00.000Z", date);
    int64_t day = clock_parse(midnight);
    if (day < 0 || day > now)
        return false;
    *now_ms = day + CLOCK_DAY_MS < now ? day + CLOCK_DAY_MS - 1 : now;
    return true;
}

int records_cannot_read(const struct records *r, const char *what)
{
    fprintf(stderr, "%s: cannot read %s: %s\n", r->program, what, strerror(errno));
    return EX_IOERR;
}

int records_scan(struct records *r)
{
    hostsfile_init(&r->hosts_file, r->hosts_path);
    if (!records_open(r->directory, &r->data))
        return records_cannot_read(r, r->directory);
    if (!hostsfile_refresh(&r->hosts_file, NULL, NULL))
        return records_cannot_read(r, r->hosts_path);
    const struct hosts_scan scan = {.data = r->data,
                                    .now_ms = r->now_ms,
                                    .every_ms = r->every_ms,
                                    .absent_days = r->absent_days,
                                    .hosts_file = &r->hosts_file};
    return hosts_scan(&r->hosts, &scan) ? 0 : records_cannot_read(r, r->directory);
}

void records_end(struct records *r)
{
    if (r->hosts.unreadable > 0)
        fprintf(stderr, "%s: %zu files could not be read to the end; run rollcall-verify\n",
                r->program, r->hosts.unreadable);
    hosts_release(&r->hosts);
    hostsfile_release(&r->hosts_file);
    if (r->data >= 0)
        close(r->data);
}
