#include "agent/psutil/psnet.h"

#include "agent/proc/procfs.h"
#include "agent/psutil/psnum.h"

#include "handler/shared/buf.h"
#include "handler/shared/json/write.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

enum { TABLE_MAX = 64 << 20, LINK_MAX_LEN = 64, INODE_FIELD = 9 };

struct socket {
    uint64_t inode;
    int64_t fd;
};

struct sockets {
    struct socket *list; /* by inode, then fd */
    size_t count, room;
};

static bool add_socket(struct sockets *s, uint64_t inode, int64_t fd)
{
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : 16;
        struct socket *list = reallocarray(s->list, room, sizeof *list);
        if (!list)
            return false;
        s->list = list;
        s->room = room;
    }
    s->list[s->count++] = (struct socket){inode, fd};
    return true;
}

static int by_inode(const void *a, const void *b)
{
    const struct socket *x = a, *y = b;
    if (x->inode != y->inode)
        return x->inode < y->inode ? -1 : 1;
    return (x->fd > y->fd) - (x->fd < y->fd);
}

/* /proc/PID/fd/N -> socket:[INODE]. False when one may not look. */
static bool read_socket(int fds, struct sockets *s, const char *name)
{
    static const char prefix[] = "socket:[";
    char link[LINK_MAX_LEN];
    ssize_t n = psnum_name(name) < 0 ? -1 : readlinkat(fds, name, link, sizeof link - 1);
    if (n < 0 && psnum_name(name) >= 0)
        return errno != EACCES;
    if (n <= (ssize_t)sizeof prefix - 1)
        return true;
    link[n] = '\0';
    if (strncmp(link, prefix, sizeof prefix - 1) != 0)
        return true;
    return add_socket(s, strtoull(link + sizeof prefix - 1, NULL, 10), psnum_name(name));
}

static bool read_sockets(int dir, struct sockets *s)
{
    int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *fds = fd < 0 ? NULL : fdopendir(fd);
    if (!fds) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    bool ok = true;
    for (const struct dirent *e; ok && (e = readdir(fds));)
        ok = read_socket(fd, s, e->d_name);
    closedir(fds);
    if (s->count)
        qsort(s->list, s->count, sizeof *s->list, by_inode);
    return ok;
}

static const struct socket *find(const struct sockets *s, uint64_t inode)
{
    for (size_t low = 0, high = s->count; low < high;) {
        size_t middle = low + (high - low) / 2;
        if (s->list[middle].inode == inode && (middle == 0 || s->list[middle - 1].inode != inode))
            return &s->list[middle];
        if (s->list[middle].inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

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

static const char *status_word(const char *hex)
{
    static const char *const words[] = {"ESTABLISHED", "SYN_SENT",  "SYN_RECV", "FIN_WAIT1",
                                        "FIN_WAIT2",   "TIME_WAIT", "CLOSE",    "CLOSE_WAIT",
                                        "LAST_ACK",    "LISTEN",    "CLOSING"};
    unsigned long n = strtoul(hex, NULL, 16);
    return n >= 1 && n <= sizeof words / sizeof *words ? words[n - 1] : "NONE";
}

struct table {
    const char *name;
    int family, type;
};

/* Takes the line apart at its blanks; the fields that are needed are the first ten. */
static size_t split(char *line, char *fields[INODE_FIELD + 1])
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

static void put_line(char *line, const struct table *t, const struct sockets *s, struct buf *out)
{
    char *fields[INODE_FIELD + 1];
    bool v6 = t->family == AF_INET6;
    if (split(line, fields) <= INODE_FIELD)
        return;
    const struct socket *mine = find(s, strtoull(fields[INODE_FIELD], NULL, 10));
    if (!mine)
        return;
    size_t before = out->len;
    if (out->data[before - 1] != '[')
        buf_putc(out, ',');
    buf_printf(out, "[%lld,%d,%d,", (long long)mine->fd, t->family, t->type);
    bool ok = psnet_address(fields[1], v6, out);
    buf_putc(out, ',');
    ok = ok && psnet_address(fields[2], v6, out);
    buf_printf(out, ",\"%s\"]", t->type == SOCK_STREAM ? status_word(fields[3]) : "NONE");
    if (!ok && !out->failed)
        out->len = before;
}

static void put_table(int dir, const struct table *t, const struct sockets *s, struct buf *out)
{
    struct buf text;
    buf_init(&text, TABLE_MAX);
    char *all = tree_read(dir, t->name, &text) ? buf_str(&text) : NULL;
    char *line = all ? strchr(all, '\n') : NULL; /* the first line names the columns */
    while (line && !out->failed) {
        char *next = strchr(++line, '\n');
        if (next)
            *next = '\0';
        put_line(line, t, s, out);
        line = next;
    }
    buf_release(&text);
}

void psnet_connections(int dir, struct buf *out)
{
    static const struct table tables[] = {{"net/tcp", AF_INET, SOCK_STREAM},
                                          {"net/tcp6", AF_INET6, SOCK_STREAM},
                                          {"net/udp", AF_INET, SOCK_DGRAM},
                                          {"net/udp6", AF_INET6, SOCK_DGRAM}};
    struct sockets s = {0};
    if (read_sockets(dir, &s)) {
        buf_putc(out, '[');
        for (size_t i = 0; s.count && i < sizeof tables / sizeof *tables; i++)
            put_table(dir, &tables[i], &s, out);
        buf_putc(out, ']');
    } else {
        buf_puts(out, "null");
    }
    free(s.list);
}
