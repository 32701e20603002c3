#include "agent/psutil/psnet.h"

#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/dir.h"
#include "handler/shared/vec.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TABLE_MAX = 64 << 20, LINK_MAX_LEN = 64, INODE_FIELD = 9, ADDRESS_MAX = 64 };

/* A descriptor of a process that is a socket. */
struct descriptor {
    uint64_t inode;
    int64_t fd;
};

struct descriptors {
    struct descriptor *list;
    size_t count, room;
};

/* A line of the kernel's tables. */
struct connection {
    uint64_t inode;
    size_t place; /* in the tables */
    int family, type;
    char local[ADDRESS_MAX], remote[ADDRESS_MAX]; /* JSON */
    const char *status;
};

struct psnet_space {
    uint64_t inode; /* of the namespace; 0: unknown, and not shared */
    struct connection *list;
    size_t count, room;
};

/* ---- the descriptors of one process */

/* /proc/PID/fd/N -> socket:[INODE]. False if that may not be read, or memory is out. */
static bool psnet_read_descriptor(int dir, const char *name, void *to)
{
    static const char prefix[] = "socket:[";
    struct descriptors *d = to;
    char link[LINK_MAX_LEN];
    int64_t fd = proc_entry_number(name);
    if (fd < 0)
        return true;
    ssize_t n = readlinkat(dir, name, link, sizeof link - 1);
    if (n < 0)
        return errno != EACCES;
    link[n] = '\0';
    if (strncmp(link, prefix, sizeof prefix - 1) != 0)
        return true;
    struct descriptor *list = vec_grow(d->list, d->count, &d->room, sizeof *list);
    if (!list)
        return false;
    d->list = list;
    d->list[d->count++] = (struct descriptor){strtoull(link + sizeof prefix - 1, NULL, 10), fd};
    return true;
}

/* ---- the tables of one namespace */

/* The kernel prints addresses as words of the machine's own byte order. */
bool psnet_address(const char *text, bool v6, struct buf *out)
{
    size_t words = v6 ? 4 : 1;
    uint32_t address[4];
    char ip[INET6_ADDRSTRLEN], *end;
    if (strspn(text, "0123456789ABCDEFabcdef") != words * 8 || text[words * 8] != ':')
        return false;
    for (size_t i = 0; i < words; i++) {
        char word[9] = "";
        memcpy(word, text + i * 8, 8);
        address[i] = (uint32_t)strtoul(word, NULL, 16);
    }
    unsigned long port = strtoul(text + words * 8 + 1, &end, 16);
    if (port > UINT16_MAX || !inet_ntop(v6 ? AF_INET6 : AF_INET, address, ip, sizeof ip))
        return false;
    if (port)
        buf_printf(out, "[\"%s\",%lu]", ip, port);
    else
        buf_puts(out, "[]");
    return true;
}

static const char *psnet_status(const char *hex)
{
    static const char *const words[] = {"ESTABLISHED", "SYN_SENT",  "SYN_RECV", "FIN_WAIT1",
                                        "FIN_WAIT2",   "TIME_WAIT", "CLOSE",    "CLOSE_WAIT",
                                        "LAST_ACK",    "LISTEN",    "CLOSING"};
    unsigned long n = strtoul(hex, NULL, 16);
    return n >= 1 && n <= sizeof words / sizeof *words ? words[n - 1] : "NONE";
}

struct socket_table {
    const char *name;
    int family, type;
};

/* Splits the line at its blanks; the first ten fields are needed. */
static size_t psnet_split(char *line, char *fields[INODE_FIELD + 1])
{
    size_t count = 0;
    for (char *at = line; count <= INODE_FIELD;) {
        at += strspn(at, " ");
        if (!*at)
            break;
        fields[count++] = at;
        at += strcspn(at, " ");
        if (*at)
            *at++ = '\0';
    }
    return count;
}

static bool psnet_copy_address(const char *text, bool v6, char out[ADDRESS_MAX])
{
    struct buf b;
    buf_init(&b, ADDRESS_MAX);
    bool ok = psnet_address(text, v6, &b) && buf_str(&b);
    snprintf(out, ADDRESS_MAX, "%s", ok ? b.data : "");
    buf_release(&b);
    return ok;
}

/* A line that is not understood is left out. False if memory is out. */
static bool psnet_add_line(struct psnet_space *s, const struct socket_table *t, char *line)
{
    char *fields[INODE_FIELD + 1];
    bool v6 = t->family == AF_INET6;
    struct connection c = {.family = t->family, .type = t->type, .place = s->count};
    if (psnet_split(line, fields) <= INODE_FIELD)
        return true;
    c.inode = strtoull(fields[INODE_FIELD], NULL, 10);
    if (c.inode == 0 || !psnet_copy_address(fields[1], v6, c.local) ||
        !psnet_copy_address(fields[2], v6, c.remote))
        return true; /* inode 0: nobody's, in TIME_WAIT */
    c.status = t->type == SOCK_STREAM ? psnet_status(fields[3]) : "NONE";
    struct connection *list = vec_grow(s->list, s->count, &s->room, sizeof *list);
    if (!list)
        return false;
    s->list = list;
    s->list[s->count++] = c;
    return true;
}

static bool psnet_read_table(struct psnet_space *s, int dir, const struct socket_table *t)
{
    struct buf text;
    bool ok = true;
    buf_init(&text, TABLE_MAX);
    char *all = proc_read(dir, t->name, &text) ? buf_str(&text) : NULL;
    char *line = all ? strchr(all, '\n') : NULL; /* the first line names the columns */
    while (line && ok) {
        char *next = strchr(++line, '\n');
        if (next)
            *next = '\0';
        ok = psnet_add_line(s, t, line);
        line = next;
    }
    buf_release(&text);
    return ok;
}

static int psnet_by_inode(const void *a, const void *b)
{
    const struct connection *x = a, *y = b;
    return (x->inode > y->inode) - (x->inode < y->inode);
}

static bool psnet_read_space(struct psnet_space *s, int dir)
{
    static const struct socket_table tables[] = {{"net/tcp", AF_INET, SOCK_STREAM},
                                                 {"net/tcp6", AF_INET6, SOCK_STREAM},
                                                 {"net/udp", AF_INET, SOCK_DGRAM},
                                                 {"net/udp6", AF_INET6, SOCK_DGRAM}};
    bool ok = true;
    for (size_t i = 0; ok && i < sizeof tables / sizeof *tables; i++)
        ok = psnet_read_table(s, dir, &tables[i]);
    if (s->count)
        qsort(s->list, s->count, sizeof *s->list, psnet_by_inode);
    return ok;
}

/* The tables of the process's namespace; NULL if memory is out. */
static const struct psnet_space *psnet_space(struct psnet *n, int dir)
{
    struct stat st;
    uint64_t inode = fstatat(dir, "ns/net", &st, 0) == 0 ? st.st_ino : 0;
    for (size_t i = 0; inode && i < n->count; i++)
        if (n->list[i].inode == inode)
            return &n->list[i];
    struct psnet_space *list = vec_grow(n->list, n->count, &n->room, sizeof *list), new = {0};
    if (!list)
        return NULL;
    n->list = list;
    new.inode = inode;
    if (!psnet_read_space(&new, dir)) {
        free(new.list);
        return NULL;
    }
    n->list[n->count] = new;
    return &n->list[n->count++];
}

/* ---- both together */

/* What is to be written: a socket of the process, in the order of the tables. */
struct match {
    const struct connection *connection;
    int64_t fd;
};

static int psnet_by_place(const void *a, const void *b)
{
    const struct match *x = a, *y = b;
    if (x->connection->place != y->connection->place)
        return x->connection->place < y->connection->place ? -1 : 1;
    return (x->fd > y->fd) - (x->fd < y->fd);
}

static size_t psnet_match(const struct psnet_space *s, const struct descriptors *d,
                          struct match *matches)
{
    size_t count = 0;
    for (size_t i = 0; s->count && i < d->count; i++) {
        struct connection key = {.inode = d->list[i].inode};
        const struct connection *found =
            bsearch(&key, s->list, s->count, sizeof *s->list, psnet_by_inode);
        if (found)
            matches[count++] = (struct match){found, d->list[i].fd};
    }
    return count;
}

static bool psnet_put(const struct psnet_space *s, const struct descriptors *d, struct buf *out)
{
    struct match *matches = calloc(d->count + 1, sizeof *matches);
    if (!matches)
        return false;
    size_t count = psnet_match(s, d, matches);
    qsort(matches, count, sizeof *matches, psnet_by_place);
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        const struct connection *c = matches[i].connection;
        buf_printf(out, "%s[%lld,%d,%d,%s,%s,\"%s\"]", i ? "," : "", (long long)matches[i].fd,
                   c->family, c->type, c->local, c->remote, c->status);
    }
    buf_putc(out, ']');
    free(matches);
    return true;
}

void psnet_connections(struct psnet *n, int dir, struct buf *out)
{
    struct descriptors d = {0};
    bool ok = dir_visit(dir_open(dir, "fd"), psnet_read_descriptor, &d);
    if (ok && d.count == 0) {
        buf_puts(out, "[]");
    } else {
        const struct psnet_space *space = ok ? psnet_space(n, dir) : NULL;
        if (!space || !psnet_put(space, &d, out))
            buf_puts(out, "null");
    }
    free(d.list);
}

void psnet_release(struct psnet *n)
{
    for (size_t i = 0; i < n->count; i++)
        free(n->list[i].list);
    free(n->list);
    *n = (struct psnet){0};
}
