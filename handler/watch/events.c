#include "handler/watch/events.h"

#include "handler/shared/vec.h"
#include "handler/watch/groups.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EVENTS_TEXT_MAX = 256 << 20 };

void events_init(struct events *e)
{
    *e = (struct events){.fresh = true};
    arena_init(&e->arena, EVENTS_TEXT_MAX);
}

void events_release(struct events *e)
{
    free(e->open.list);
    free(e->begun.list);
    free(e->ended.list);
    arena_release(&e->arena);
}

struct event *events_add(struct event_list *l)
{
    struct event *list = vec_grow(l->list, l->count, &l->room, sizeof *list);
    if (!list)
        return NULL;
    l->list = list;
    l->list[l->count] = (struct event){.name = "", .rule = "", .severity = "warning"};
    return &l->list[l->count++];
}

const char *events_text(struct events *e, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = arena_alloc(&e->arena, size);
    return copy ? memcpy(copy, text, size) : NULL;
}

const char *events_kind_name(enum alarm_kind kind)
{
    static const char *const names[ALARM_KINDS] = {"deaf", "silent", "clone", "new", "rule"};
    return names[kind];
}

const char *events_name(const struct event *e)
{
    static const char *const begun[ALARM_KINDS] = {"collector.deaf", "host.silent", "host.clone",
                                                   "host.new", "rule.broken"};
    static const char *const ended[ALARM_KINDS] = {"collector.back", "host.back", "", "",
                                                   "rule.mended"};
    if (e->ended)
        return ended[e->kind];
    return e->scope == SCOPE_FLEET ? "fleet.silent" : begun[e->kind];
}

/* ---- ids */

/*
 * Times that the files do not tell do not distinguish one occurrence from the next; the number of
 * deliveries before it does.
 */
static bool events_put_id(struct event *event, const struct events *e, struct digest *d)
{
    unsigned char sum[DIGEST_LEN];
    char hex[DIGEST_HEX_LEN + 1], number[24];
    bool exact = event->kind == ALARM_SILENT || event->kind == ALARM_NEW;
    const char *head[] = {events_name(event), event->rule, event->ended ? event->of->id : ""};
    bool ok = digest_start(d);
    for (size_t i = 0; ok && i < sizeof head / sizeof *head; i++)
        ok = digest_add(d, head[i], strlen(head[i]) + 1);
    for (size_t i = 0; ok && i < event->count; i++) {
        const struct member *m = &event->members[i];
        snprintf(number, sizeof number, "%" PRId64, event->ended ? -1 : m->since);
        ok = digest_add(d, m->subject, strlen(m->subject) + 1) &&
             digest_add(d, number, strlen(number) + 1);
    }
    snprintf(number, sizeof number, "%" PRIu64, exact ? 0 : e->serial);
    ok = ok && digest_add(d, number, strlen(number)) && digest_finish(d, sum);
    digest_hex(sum, hex);
    snprintf(event->id, sizeof event->id, "%.*s", EVENT_ID_LEN, hex);
    return ok;
}

/* ---- what is over */

/* The alarm that keeps a member in its event. A later silence of the host is another one. */
static const struct alarm *events_alarm(const struct alarms *now, const struct event *e,
                                        const struct member *m)
{
    const struct alarm *a = alarms_find(now, e->kind, e->rule, m->subject);
    bool later = a && a->kind == ALARM_SILENT && m->since >= 0 && a->since > m->since;
    return later ? NULL : a;
}

/* Finds the hosts of the members, and which are over; returns how many. */
static size_t events_look(struct event *e, const struct alarms *now)
{
    size_t over = 0;
    for (size_t i = 0; i < e->count; i++) {
        struct member *m = &e->members[i];
        const struct alarm *a = events_alarm(now, e, m);
        m->host = alarms_host(now, m->subject);
        m->quiet = a && a->quiet;
        m->over = !a && !(m->host && alarms_muted(now, m->host)) &&
                  !(e->kind == ALARM_RULE && now->rules_unknown);
        over += m->over;
    }
    return over;
}

/* The time at which the first member was seen to be well again. */
static int64_t events_end_time(const struct event *ended, int64_t now_ms)
{
    int64_t first = now_ms;
    for (size_t i = 0; i < ended->count; i++) {
        const struct host *host = ended->members[i].host;
        if (host && host->report && host->state == STATE_PRESENT &&
            host->report->received_ms < first)
            first = host->report->received_ms;
    }
    return first;
}

static bool events_end(struct events *e, struct event *open, size_t over, const struct alarms *now,
                       struct digest *d)
{
    struct event *event = events_add(&e->ended);
    if (!event)
        return false;
    event->members = arena_array(&e->arena, over, sizeof *event->members);
    if (!event->members)
        return false;
    event->kind = open->kind;
    event->scope = open->scope;
    event->name = open->name;
    event->rule = open->rule;
    event->severity = "info";
    event->ended = true;
    event->of = open;
    for (size_t i = 0; i < open->count; i++)
        if (open->members[i].over)
            event->members[event->count++] = open->members[i];
    event->since = events_end_time(event, now->now_ms);
    return events_put_id(event, e, d);
}

/* ---- what is new */

static int events_by_subject(const void *a, const void *b)
{
    return strcmp(((const struct member *)a)->subject, ((const struct member *)b)->subject);
}

/* Marks the alarms that an open event has. */
static void events_mark_known(const struct events *e, const struct alarms *now, bool *known)
{
    for (size_t i = 0; i < e->open.count; i++) {
        const struct event *open = &e->open.list[i];
        for (size_t k = 0; k < open->count; k++) {
            const struct alarm *a = events_alarm(now, open, &open->members[k]);
            if (a)
                known[a - now->list] = true;
        }
    }
}

static bool events_begin(struct events *e, const struct group *group, const struct alarms *now,
                         struct digest *d)
{
    struct event *event = events_add(&e->begun);
    if (!event)
        return false;
    event->members = arena_array(&e->arena, group->count, sizeof *event->members);
    event->kind = group->alarms[0]->kind;
    event->scope = group->scope;
    event->name = group->name;
    event->rule = group->alarms[0]->rule;
    event->severity = group->scope == SCOPE_FLEET ? "critical" : group->alarms[0]->severity;
    event->since = -1;
    for (size_t i = 0; event->members && i < group->count; i++) {
        const struct alarm *a = group->alarms[i];
        event->members[event->count++] =
            (struct member){.subject = a->subject, .since = a->since, .host = a->host};
        if (a->since >= 0 && (event->since < 0 || a->since < event->since))
            event->since = a->since;
    }
    if (!event->members)
        return false;
    if (event->since < 0)
        event->since = now->now_ms;
    qsort(event->members, event->count, sizeof *event->members, events_by_subject);
    return events_put_id(event, e, d);
}

static bool events_find_new(struct events *e, const struct alarms *now, unsigned storm,
                            struct digest *d)
{
    struct groups groups;
    bool *known = arena_array(&e->arena, now->count + 1, sizeof *known);
    const struct alarm **fresh = arena_array(&e->arena, now->count + 1, sizeof *fresh);
    size_t count = 0;
    if (!known || !fresh)
        return false;
    events_mark_known(e, now, known);
    for (size_t i = 0; i < now->count; i++)
        if (!known[i] && !now->list[i].quiet)
            fresh[count++] = &now->list[i];
    bool ok = groups_make(&groups, &e->arena, fresh, count, now->fleet * storm);
    for (size_t i = 0; ok && i < groups.count; i++)
        ok = events_begin(e, &groups.list[i], now, d);
    free(groups.list);
    return ok;
}

bool events_compare(struct events *e, const struct alarms *now, unsigned storm, struct digest *d)
{
    bool ok = true;
    for (size_t i = 0; ok && i < e->open.count; i++) {
        size_t over = events_look(&e->open.list[i], now);
        ok = over == 0 || events_end(e, &e->open.list[i], over, now, d);
    }
    return ok && events_find_new(e, now, storm, d);
}
