/*
 * fleet: hosts and alarms made by hand, for the tests of what is made of them.
 */
#ifndef ROLLCALL_UNIT_FLEET_H
#define ROLLCALL_UNIT_FLEET_H

#include "tests/unit/unit.h"

#include "handler/watch/groups.h"

enum { UNIT_FLEET_MAX = 400 };

struct unit_fleet_report {
    _Alignas(struct report) char bytes[sizeof(struct report)];
};

struct unit_fleet {
    struct host hosts[UNIT_FLEET_MAX];
    struct unit_fleet_report reports[UNIT_FLEET_MAX];
    struct alarm_host by_subject[UNIT_FLEET_MAX];
    struct alarm list[2 * UNIT_FLEET_MAX];
    struct alarms alarms;
};

static inline void fleet_begin(struct unit_fleet *f)
{
    memset(f, 0, sizeof *f);
    f->alarms.now_ms = clock_parse("2026-11-20T12:00:00.000Z");
    f->alarms.list = f->list;
    f->alarms.hosts = f->by_subject;
}

static inline int fleet_by_subject(const void *a, const void *b)
{
    return strcmp(((const struct alarm_host *)a)->subject, ((const struct alarm_host *)b)->subject);
}

/* The newest record of the host that was made as number `at`. */
static inline struct report *fleet_report(struct unit_fleet *f, size_t at)
{
    return (struct report *)(void *)f->reports[at].bytes;
}

/* A host at the address that is present. Valid until the fleet is begun again. */
static inline struct host *fleet_host(struct unit_fleet *f, const char *address)
{
    size_t at = f->alarms.host_count++;
    struct host *host = &f->hosts[at];
    assert_true(at < UNIT_FLEET_MAX && ip_parse(address, &host->ip));
    fleet_report(f, at)->received_ms = f->alarms.now_ms;
    host->report = fleet_report(f, at);
    host->every_ms = 300000;
    f->by_subject[at] = (struct alarm_host){host->ip.text, host};
    f->alarms.fleet = f->alarms.host_count;
    return host;
}

static inline void fleet_alarm(struct unit_fleet *f, enum alarm_kind kind, const char *rule,
                               const struct host *host, int64_t since)
{
    f->list[f->alarms.count++] = (struct alarm){.kind = kind,
                                                .rule = rule,
                                                .subject = host->ip.text,
                                                .severity = "warning",
                                                .since = since,
                                                .host = host,
                                                .quiet = alarms_muted(&f->alarms, host)};
}

static inline int fleet_by_alarm(const void *a, const void *b)
{
    return alarms_compare(a, b);
}

/* Sorts what was added. */
static inline const struct alarms *fleet_end(struct unit_fleet *f)
{
    qsort(f->by_subject, f->alarms.host_count, sizeof *f->by_subject, fleet_by_subject);
    qsort(f->list, f->alarms.count, sizeof *f->list, fleet_by_alarm);
    return &f->alarms;
}

#endif
