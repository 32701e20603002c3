#include "handler/watch/alarms.h"

#include "handler/shared/vec.h"
#include "handler/watch/newcomers.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALARM_TEXT_MAX = 256 << 20 };

int alarms_compare(const struct alarm *a, const struct alarm *b)
{
    if (a->kind != b->kind)
        return a->kind < b->kind ? -1 : 1;
    int rule = strcmp(a->rule, b->rule);
    return rule ? rule : strcmp(a->subject, b->subject);
}

static int alarms_sort(const void *a, const void *b)
{
    return alarms_compare(a, b);
}

static int alarms_sort_hosts(const void *a, const void *b)
{
    return strcmp(((const struct alarm_host *)a)->subject, ((const struct alarm_host *)b)->subject);
}

/* Machines that share an address are told apart by their machine_id. NULL: memory is out. */
static const char *alarms_subject(struct arena *arena, const struct host *host)
{
    const char *name = *host->ip.text ? host->ip.text : hosts_name(host), *machine = "";
    if ((host->flags >> FLAG_SHARED & 1) && host->report && host->report->fact[FACT_MACHINE_ID].ptr)
        machine = host->report->fact[FACT_MACHINE_ID].ptr;
    size_t size = strlen(name) + strlen(machine) + 2;
    char *subject = arena_alloc(arena, size);
    if (subject)
        snprintf(subject, size, *machine ? "%s/%s" : "%s%s", name, machine);
    return subject;
}

static bool alarms_add(struct alarms *a, const struct alarm *new)
{
    struct alarm *list = vec_grow(a->list, a->count, &a->room, sizeof *list);
    if (!list)
        return false;
    a->list = list;
    a->list[a->count++] = *new;
    return true;
}

bool alarms_muted(const struct alarms *a, const struct host *host)
{
    return host->says.quiet_until > a->now_ms;
}

static bool alarms_add_host(struct alarms *a, const struct alarm_host *h, enum alarm_kind kind,
                            int64_t since)
{
    const struct alarm new = {.kind = kind,
                              .rule = "",
                              .subject = h->subject,
                              .severity = kind == ALARM_NEW ? "info" : "warning",
                              .since = since,
                              .host = h->host,
                              .quiet = alarms_muted(a, h->host)};
    return alarms_add(a, &new);
}

/* Its state and flags as alarms. */
static bool alarms_judge(struct alarms *a, const struct alarm_host *h)
{
    const struct host *host = h->host;
    bool ok = true;
    if (states_hidden(host->state))
        return true;
    a->fleet++;
    if (states_silent(host->state))
        ok = alarms_add_host(a, h, ALARM_SILENT,
                             host->state == STATE_ABSENT ? host->report->received_ms : -1);
    if (ok && (host->flags >> FLAG_CLONE & 1))
        ok = alarms_add_host(a, h, ALARM_CLONE, -1);
    return ok;
}

static bool alarms_judge_all(struct alarms *a, const struct hosts *hosts)
{
    a->hosts = arena_array(&a->arena, hosts->count + 1, sizeof *a->hosts);
    for (size_t i = 0; a->hosts && i < hosts->count; i++) {
        const struct host *host = &hosts->list[i];
        const struct alarm_host h = {alarms_subject(&a->arena, host), host};
        if (!h.subject || !alarms_judge(a, &h))
            return false;
        a->hosts[a->host_count++] = h;
        a->any_record |= host->report != NULL;
        if (host->report && host->report->received_ms > a->newest_ms)
            a->newest_ms = host->report->received_ms;
    }
    return a->hosts != NULL;
}

/* No host is present although some are expected: the fault is rather the collector's. */
static bool alarms_judge_collector(struct alarms *a, const struct hosts *hosts)
{
    bool expected = false;
    for (size_t i = 0; i < hosts->count; i++) {
        if (hosts->list[i].state == STATE_PRESENT)
            return true;
        expected |= hosts->list[i].state == STATE_LATE || hosts->list[i].state == STATE_ABSENT;
    }
    const struct alarm deaf = {.kind = ALARM_DEAF,
                               .rule = "",
                               .subject = "",
                               .severity = "critical",
                               .since = a->newest_ms};
    return !expected || alarms_add(a, &deaf);
}

/* alarms.hosts is still in the order of the list. */
static bool alarms_judge_new(void *context, size_t place, int64_t first_ms)
{
    struct alarms *a = context;
    const struct alarm_host *h = &a->hosts[place];
    return states_hidden(h->host->state) || alarms_add_host(a, h, ALARM_NEW, first_ms);
}

/* Of a host of which it is not known, nothing is told, but what was broken is not mended. */
static bool alarms_judge_rule(void *context, size_t place, const struct policy_rule *rule,
                              bool fails)
{
    struct alarms *a = context;
    const struct alarm_host *h = &a->hosts[place];
    const struct alarm new = {.kind = ALARM_RULE,
                              .rule = rule->name,
                              .subject = h->subject,
                              .severity = policy_severity_name(rule->severity),
                              .since = -1,
                              .host = h->host,
                              .quiet = !fails || alarms_muted(a, h->host)};
    return alarms_add(a, &new);
}

static int alarms_sort_times(const void *a, const void *b)
{
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

/* True if one of the sorted times is from `from` to `to`. */
static bool alarms_any_time(const int64_t *times, size_t count, int64_t from, int64_t to)
{
    size_t low = 0, high = count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (times[middle] < from)
            low = middle + 1;
        else
            high = middle;
    }
    return low < count && times[low] <= to;
}

/*
 * Hosts that stop together report for the last time up to an interval apart. The first of them are
 * told when the others can be told with them: while a host is late whose last record is no more
 * than an interval after the first one's, they wait, for an interval at most.
 */
static bool alarms_wait_for_wave(struct alarms *a, const struct hosts *hosts)
{
    size_t late = 0;
    int64_t *times = arena_array(&a->arena, hosts->count + 1, sizeof *times);
    if (!times)
        return false;
    for (size_t i = 0; i < hosts->count; i++)
        if (hosts->list[i].state == STATE_LATE)
            times[late++] = hosts->list[i].report->received_ms;
    qsort(times, late, sizeof *times, alarms_sort_times);
    for (size_t i = 0; i < a->count; i++) {
        struct alarm *one = &a->list[i];
        if (one->kind != ALARM_SILENT || one->since < 0)
            continue;
        int64_t every = one->host->every_ms;
        if (a->now_ms - one->since <= (STATE_ABSENT_INTERVALS + 1) * every)
            one->quiet |= alarms_any_time(times, late, one->since, one->since + every);
    }
    return true;
}

bool alarms_collect(struct alarms *a, const struct hosts *hosts, const struct hosts_scan *scan,
                    struct rules *rules)
{
    *a = (struct alarms){.now_ms = scan->now_ms};
    arena_init(&a->arena, ALARM_TEXT_MAX);
    bool ok = alarms_judge_all(a, hosts) && alarms_judge_collector(a, hosts) &&
              newcomers_visit(scan, hosts, alarms_judge_new, a) &&
              rules_visit(rules, hosts, alarms_judge_rule, a) && alarms_wait_for_wave(a, hosts);
    if (!ok) {
        alarms_release(a);
        return false;
    }
    if (a->count)
        qsort(a->list, a->count, sizeof *a->list, alarms_sort);
    qsort(a->hosts, a->host_count, sizeof *a->hosts, alarms_sort_hosts);
    return true;
}

void alarms_release(struct alarms *a)
{
    free(a->list);
    arena_release(&a->arena);
    *a = (struct alarms){.list = NULL};
}

const struct alarm *alarms_find(const struct alarms *a, enum alarm_kind kind, const char *rule,
                                const char *subject)
{
    const struct alarm key = {.kind = kind, .rule = rule, .subject = subject};
    return a->count ? bsearch(&key, a->list, a->count, sizeof key, alarms_sort) : NULL;
}

const struct host *alarms_host(const struct alarms *a, const char *subject)
{
    const struct alarm_host key = {subject, NULL};
    const struct alarm_host *found =
        bsearch(&key, a->hosts, a->host_count, sizeof key, alarms_sort_hosts);
    return found ? found->host : NULL;
}
