#include "agent/proc/listeners.h"

#include "handler/shared/buf.h"
#include "handler/shared/vec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

bool listeners_add(struct listeners *l, const struct listener *new)
{
    if (l->count == LISTENERS_MAX) {
        errno = E2BIG;
        return false;
    }
    struct listener *list = vec_grow(l->list, l->count, &l->room, sizeof *list);
    if (!list)
        return false;
    l->list = list;
    l->list[l->count++] = *new;
    return true;
}

static int listeners_by_inode(const void *a, const void *b)
{
    const struct listener *x = a, *y = b;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

void listeners_order_by_inode(struct listeners *l)
{
    if (l->count)
        qsort(l->list, l->count, sizeof *l->list, listeners_by_inode);
}

struct listener *listeners_find(const struct listeners *l, uint64_t inode)
{
    struct listener key = {.inode = inode};
    return l->count ? bsearch(&key, l->list, l->count, sizeof key, listeners_by_inode) : NULL;
}

static int listeners_compare(const void *a, const void *b)
{
    const struct listener *x = a, *y = b;
    int addr = memcmp(x->addr, y->addr, sizeof x->addr);
    if (x->udp != y->udp)
        return x->udp - y->udp;
    if (x->v6 != y->v6)
        return x->v6 - y->v6;
    if (x->port != y->port)
        return x->port - y->port;
    if (addr != 0)
        return addr;
    if (x->uid != y->uid)
        return x->uid < y->uid ? -1 : 1;
    return (x->owner > y->owner) - (x->owner < y->owner);
}

void listeners_sort(struct listeners *l)
{
    size_t kept = 0;
    if (l->count)
        qsort(l->list, l->count, sizeof *l->list, listeners_compare);
    for (size_t i = 0; i < l->count; i++)
        if (kept == 0 || listeners_compare(&l->list[kept - 1], &l->list[i]) != 0)
            l->list[kept++] = l->list[i];
    l->count = kept;
}

void listeners_write(const struct listener *l, struct buf *out)
{
    char ip[INET6_ADDRSTRLEN] = "";
    inet_ntop(l->v6 ? AF_INET6 : AF_INET, l->addr, ip, sizeof ip);
    buf_puts(out, l->udp ? "\"proto\":\"udp" : "\"proto\":\"tcp");
    buf_puts(out, l->v6 ? "6\",\"addr\":\"" : "\",\"addr\":\"");
    buf_puts(out, ip);
    buf_puts_u64(out, "\",\"port\":", l->port);
    buf_puts_u64(out, ",\"uid\":", l->uid);
}

void listeners_release(struct listeners *l)
{
    free(l->list);
    *l = (struct listeners){0};
}
