#include "handler/watch/groups.h"

#include "handler/shared/vec.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BYTES_V4 = 3, BYTES_V6 = 8 }; /* of the network */

void groups_network(const struct ip *ip, char out[GROUP_NETWORK_MAX])
{
    unsigned char bytes[16] = {0};
    char text[INET6_ADDRSTRLEN] = "";
    memcpy(bytes, ip->bytes, ip->v6 ? BYTES_V6 : BYTES_V4);
    inet_ntop(ip->v6 ? AF_INET6 : AF_INET, bytes, text, sizeof text);
    snprintf(out, GROUP_NETWORK_MAX, "%s/%d", text, 8 * (ip->v6 ? BYTES_V6 : BYTES_V4));
}

static bool groups_add(struct groups *g, const struct group *new)
{
    struct group *list = vec_grow(g->list, g->count, &g->room, sizeof *list);
    if (!list)
        return false;
    g->list = list;
    g->list[g->count++] = *new;
    return true;
}

/* A silent host under the name of its network or of one of its labels. */
struct group_key {
    enum event_scope scope;
    const char *name;
    size_t alarm;
};

static int groups_compare_keys(const void *a, const void *b)
{
    const struct group_key *x = a, *y = b;
    if (x->scope != y->scope)
        return x->scope < y->scope ? -1 : 1;
    int name = strcmp(x->name, y->name);
    return name ? name : x->alarm < y->alarm ? -1 : x->alarm > y->alarm;
}

/* Keys that belong together. */
struct group_run {
    const struct group_key *keys;
    size_t count;
};

/* The largest first; networks before labels. */
static int groups_compare_runs(const void *a, const void *b)
{
    const struct group_run *x = a, *y = b;
    if (x->count != y->count)
        return x->count > y->count ? -1 : 1;
    return groups_compare_keys(x->keys, y->keys);
}

static bool groups_keys(struct arena *arena, const struct alarm **alarms, size_t count,
                        struct group_key **keys, size_t *key_count)
{
    size_t most = 0;
    for (size_t i = 0; i < count; i++)
        most += 1 + alarms[i]->host->says.label_count;
    *key_count = 0;
    *keys = arena_array(arena, most + 1, sizeof **keys);
    for (size_t i = 0; *keys && i < count; i++) {
        const struct host *host = alarms[i]->host;
        if (*host->ip.text) {
            char *name = arena_alloc(arena, GROUP_NETWORK_MAX);
            if (!name)
                return false;
            groups_network(&host->ip, name);
            (*keys)[(*key_count)++] = (struct group_key){SCOPE_NETWORK, name, i};
        }
        for (size_t k = 0; k < host->says.label_count; k++)
            (*keys)[(*key_count)++] = (struct group_key){SCOPE_LABEL, host->says.labels[k], i};
    }
    return *keys != NULL;
}

/* Cuts the sorted keys into runs; returns how many. */
static size_t groups_runs(const struct group_key *keys, size_t count, struct group_run *runs)
{
    size_t made = 0;
    for (size_t i = 0; i < count; i++) {
        struct group_run *last = made ? &runs[made - 1] : NULL;
        if (last && last->keys->scope == keys[i].scope &&
            strcmp(last->keys->name, keys[i].name) == 0)
            last->count++;
        else
            runs[made++] = (struct group_run){&keys[i], 1};
    }
    return made;
}

/* The hosts of the run that no group has yet are one, if there are at least two. */
static bool groups_take(struct groups *g, struct arena *arena, const struct group_run *run,
                        const struct alarm **alarms, bool *taken)
{
    struct group new = {run->keys->scope, run->keys->name, NULL, 0};
    size_t free_count = 0;
    for (size_t i = 0; i < run->count; i++)
        free_count += !taken[run->keys[i].alarm];
    if (free_count < 2)
        return true;
    new.alarms = arena_array(arena, free_count, sizeof *new.alarms);
    if (!new.alarms)
        return false;
    for (size_t i = 0; i < run->count; i++) {
        size_t at = run->keys[i].alarm;
        if (!taken[at])
            new.alarms[new.count++] = alarms[at];
        taken[at] = true;
    }
    return groups_add(g, &new);
}

static bool groups_single(struct groups *g, const struct alarm **alarm)
{
    const struct group one = {SCOPE_HOST, "", alarm, 1};
    return groups_add(g, &one);
}

static bool groups_silent(struct groups *g, struct arena *arena, const struct alarm **alarms,
                          size_t count)
{
    struct group_key *keys;
    size_t key_count;
    if (!groups_keys(arena, alarms, count, &keys, &key_count))
        return false;
    struct group_run *runs = arena_array(arena, key_count + 1, sizeof *runs);
    bool *taken = arena_array(arena, count + 1, sizeof *taken), ok = runs && taken;
    if (!ok)
        return false;
    qsort(keys, key_count, sizeof *keys, groups_compare_keys);
    size_t run_count = groups_runs(keys, key_count, runs);
    qsort(runs, run_count, sizeof *runs, groups_compare_runs);
    for (size_t i = 0; ok && i < run_count; i++)
        ok = groups_take(g, arena, &runs[i], alarms, taken);
    for (size_t i = 0; ok && i < count; i++)
        ok = taken[i] || groups_single(g, &alarms[i]);
    return ok;
}

/* How many of the alarms from the first on are of its kind and rule. */
static size_t groups_same(const struct alarm **alarms, size_t count)
{
    size_t n = 1;
    while (n < count && alarms[n]->kind == alarms[0]->kind &&
           strcmp(alarms[n]->rule, alarms[0]->rule) == 0)
        n++;
    return n;
}

bool groups_make(struct groups *g, struct arena *arena, const struct alarm **alarms, size_t count,
                 uint64_t storm)
{
    bool ok = true;
    *g = (struct groups){.list = NULL};
    for (size_t i = 0, n; ok && i < count; i += n) {
        enum alarm_kind kind = alarms[i]->kind;
        n = groups_same(alarms + i, count - i);
        struct group whole = {kind == ALARM_SILENT ? SCOPE_FLEET : SCOPE_HOST, "", alarms + i, n};
        bool is_storm = kind == ALARM_SILENT && n >= EVENT_STORM_MIN && n * 100 > storm;
        if (is_storm || kind == ALARM_RULE) {
            ok = groups_add(g, &whole);
        } else if (kind == ALARM_SILENT) {
            ok = groups_silent(g, arena, alarms + i, n);
        } else {
            n = 1;
            ok = groups_single(g, alarms + i);
        }
    }
    return ok;
}
