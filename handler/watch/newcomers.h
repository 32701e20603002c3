/*
 * newcomers: hosts whose first record is less than a day old, and that no file of the days before
 * has.
 */
#ifndef HANDLER_WATCH_NEWCOMERS_H
#define HANDLER_WATCH_NEWCOMERS_H

#include "handler/read/hosts.h"

/* hosts.list[place], and the time of its first record. False ends the visit. */
typedef bool newcomers_fn(void *context, size_t place, int64_t first_ms);

/* One file name is looked up for a host that is not new. False with errno. */
bool newcomers_visit(const struct hosts_scan *scan, const struct hosts *hosts, newcomers_fn *visit,
                     void *context);

#endif
