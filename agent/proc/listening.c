#include "agent/proc/listening.h"

#include "agent/proc/nettable.h"
#include "agent/proc/processes.h"
#include "agent/proc/procfs.h"
#include "agent/proc/sockdiag.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/dir.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINK_MAX_LEN = 64 };

/* The agent's own tables, or those of another tree's first process: its own link "net" leads here.
 */
static int listening_open_net(int root, bool own_root)
{
    int net = own_root ? -1 : tree_directory(root, "proc/1/net");
    return net >= 0 ? net : tree_directory(root, "proc/net");
}

/* One protocol. What netlink had added before it failed is dropped. */
static bool listening_read(int netlink, int net, const struct listener *kind, int64_t until,
                           struct listeners *to)
{
    size_t before = to->count;
    if (netlink >= 0 && sockdiag_read(netlink, kind->udp, kind->v6, until, to))
        return true;
    if (netlink >= 0 && (errno == ETIMEDOUT || errno == E2BIG))
        return false;
    to->count = before;
    return net >= 0 && nettable_read(net, kind->udp, kind->v6, until, to);
}

void listening_scan(int root, bool own_root, int64_t until, struct listening *l)
{
    static const struct listener kinds[] = {
        {.v6 = false}, {.v6 = true}, {.udp = true}, {.udp = true, .v6 = true}};
    *l = (struct listening){.known = true};
    int net = listening_open_net(root, own_root), netlink = own_root ? sockdiag_open() : -1;
    for (size_t i = 0; l->known && i < sizeof kinds / sizeof *kinds; i++)
        l->known = listening_read(netlink, net, &kinds[i], until, &l->sockets);
    if (!l->known && net >= 0)
        log_event(LOG_WARN, "listening_not_read", "reason=%s",
                  errno == E2BIG ? "too many sockets" : strerror(errno));
    if (netlink >= 0)
        close(netlink);
    if (net >= 0)
        close(net);
}

struct listening_owner {
    struct listeners *sockets;
    size_t owner;
};

/* /proc/PID/fd/N -> socket:[INODE] */
static bool listening_visit(int dir, const char *name, void *to)
{
    static const char prefix[] = "socket:[";
    const struct listening_owner *o = to;
    char link[LINK_MAX_LEN];
    ssize_t n = readlinkat(dir, name, link, sizeof link - 1);
    if (n < 0)
        return errno != EACCES;
    link[n] = '\0';
    if (strncmp(link, prefix, sizeof prefix - 1) != 0)
        return true;
    uint64_t inode = strtoull(link + sizeof prefix - 1, NULL, 10);
    struct listener *found = listeners_find(o->sockets, inode);
    if (found && found->owner == 0)
        found->owner = o->owner;
    return true;
}

void listening_find_owners(int root, const struct processes *p, int64_t until, struct listening *l)
{
    int proc = tree_directory(root, "proc");
    listeners_order_by_inode(&l->sockets);
    for (size_t i = 0; proc >= 0 && i < p->count && clock_monotonic() < until; i++) {
        char path[PROC_PID_PATH];
        struct listening_owner o = {&l->sockets, i + 1};
        proc_pid_path(p->list[i].stat.pid, "fd", path);
        dir_visit(dir_open(proc, path), listening_visit, &o);
    }
    if (proc >= 0)
        close(proc);
}

void listening_sort(struct listening *l)
{
    listeners_sort(&l->sockets);
}

void listening_write(const struct listening *l, const struct processes *p,
                     const struct processes_format *format, struct buf *out)
{
    if (!l->known)
        return;
    buf_puts(out, "\"listening\":[");
    for (size_t i = 0; i < l->sockets.count; i++) {
        const struct listener *s = &l->sockets.list[i];
        buf_puts(out, i ? ",{" : "{");
        listeners_write(s, out);
        if (s->owner) {
            buf_puts(out, ",\"pid\":");
            buf_i64(out, p->list[s->owner - 1].stat.pid);
            processes_write_cmd(p, s->owner - 1, format, out);
        }
        buf_putc(out, '}');
    }
    buf_puts(out, "],");
}

void listening_release(struct listening *l)
{
    listeners_release(&l->sockets);
    l->known = false;
}
