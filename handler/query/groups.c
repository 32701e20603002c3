#include "handler/query/groups.h"

#include "handler/shared/json/write.h"
#include "handler/shared/vec.h"

#include <stdlib.h>
#include <string.h>

struct group {
    uint64_t hash;
    char *members;
    size_t len;
    uint64_t hosts, count;
    const struct host *last; /* the host counted last */
    const struct host *examples[GROUPS_EXAMPLES];
};

bool groups_init(struct groups *g)
{
    *g = (struct groups){.table = calloc(GROUPS_TABLE, sizeof *g->table)};
    return g->table != NULL;
}

void groups_release(struct groups *g)
{
    for (size_t i = 0; i < g->count; i++)
        free(g->list[i].members);
    free(g->list);
    free(g->table);
    *g = (struct groups){.list = NULL};
}

static uint64_t groups_hash(struct text t)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < t.len; i++)
        hash = (hash ^ (unsigned char)t.ptr[i]) * UINT64_C(0x100000001b3);
    return hash ^ hash >> 32;
}

/* A new group at a place of the table. NULL: memory is out. */
static struct group *groups_new(struct groups *g, size_t place, uint64_t hash, struct text members)
{
    struct group *list = vec_grow(g->list, g->count, &g->room, sizeof *list);
    char *copy = list ? malloc(members.len + 1) : NULL;
    g->list = list ? list : g->list;
    if (!copy)
        return NULL;
    memcpy(copy, members.ptr, members.len);
    g->table[place] = (uint32_t)g->count + 1;
    list[g->count] = (struct group){.hash = hash, .members = copy, .len = members.len};
    return &list[g->count++];
}

bool groups_add(struct groups *g, struct text members, const struct host *host)
{
    uint64_t hash = groups_hash(members);
    size_t at = hash & (GROUPS_TABLE - 1);
    struct group *group = NULL;
    for (; !group && g->table[at]; at = (at + 1) & (GROUPS_TABLE - 1)) {
        struct group *one = &g->list[g->table[at] - 1];
        if (one->hash == hash && one->len == members.len &&
            memcmp(one->members, members.ptr, members.len) == 0)
            group = one;
    }
    if (!group && g->count == GROUPS_MAX) {
        g->left_out++;
        return true;
    }
    if (!group)
        group = groups_new(g, at, hash, members);
    if (!group)
        return false;
    group->count++;
    if (group->last == host)
        return true;
    group->last = host;
    if (group->hosts < GROUPS_EXAMPLES)
        group->examples[group->hosts] = host;
    group->hosts++;
    return true;
}

static int groups_by_hosts(const void *a, const void *b)
{
    const struct group *x = a, *y = b;
    int order = (x->hosts < y->hosts) - (x->hosts > y->hosts);
    size_t len = x->len < y->len ? x->len : y->len;
    if (order == 0)
        order = memcmp(x->members, y->members, len);
    return order ? order : (x->len > y->len) - (x->len < y->len);
}

void groups_put_host(const struct host *host, struct buf *out)
{
    jsonw_name(out, "ip");
    jsonw_str_or_null(out, host->ip.text);
    buf_putc(out, ',');
    jsonw_name(out, "hostname");
    jsonw_str_or_null(out, hosts_name(host));
}

void groups_put(struct groups *g, size_t limit, const char *count_name, struct buf *out)
{
    if (g->count > 0)
        qsort(g->list, g->count, sizeof *g->list, groups_by_hosts);
    for (size_t i = 0; i < g->count && i < limit; i++) {
        const struct group *one = &g->list[i];
        buf_puts(out, i > 0 ? ",\n{" : "\n{");
        buf_add(out, one->members, one->len);
        buf_puts_u64(out, ",\"hosts\":", one->hosts);
        buf_putc(out, ',');
        jsonw_name(out, count_name);
        buf_u64(out, one->count);
        buf_puts(out, ",\"examples\":[");
        for (size_t k = 0; k < one->hosts && k < GROUPS_EXAMPLES; k++) {
            buf_puts(out, k > 0 ? ",{" : "{");
            groups_put_host(one->examples[k], out);
            buf_putc(out, '}');
        }
        buf_puts(out, "]}");
    }
}
