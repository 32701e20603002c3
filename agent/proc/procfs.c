#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifdef SYS_openat2
#include <linux/openat2.h>
#endif

enum {
    LINKS_MAX = 40,
    ENTRY_DIGITS = 11,
    OPEN_FILE = O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK
};

static const char blanks[] = " \t\r\n";

/* ---- below the root */

/* A path while it is resolved: `done` has no links in it, `rest` is still to be looked at. */
struct tree_path {
    char done[PATH_MAX], rest[PATH_MAX];
    int links;
};

/* Replaces the last part of `done`, which is a link to `target`, by that; false with errno. */
static bool tree_follow(struct tree_path *p, const char *target, size_t parent)
{
    char rest[PATH_MAX];
    int n = snprintf(rest, sizeof rest, "%s/%s", target, p->rest);
    if (++p->links > LINKS_MAX || n < 0 || n >= (int)sizeof rest) {
        errno = p->links > LINKS_MAX ? ELOOP : ENAMETOOLONG;
        return false;
    }
    p->done[target[0] == '/' ? 0 : parent] = '\0';
    memcpy(p->rest, rest, (size_t)n + 1);
    return true;
}

/* Moves the next part of `rest` to `done`; false with errno. */
static bool tree_step(struct tree_path *p, int root)
{
    char link[PATH_MAX], *part = p->rest + strspn(p->rest, "/");
    size_t len = strcspn(part, "/"), parent = strlen(p->done);
    char next[PATH_MAX];
    snprintf(next, sizeof next, "%s", part + len);
    part[len] = '\0';
    if (strcmp(part, "..") == 0) {
        char *slash = strrchr(p->done, '/');
        *(slash ? slash : p->done) = '\0';
    } else if (len && strcmp(part, ".") != 0) {
        int n =
            snprintf(p->done + parent, sizeof p->done - parent, "%s%s", parent ? "/" : "", part);
        if (n < 0 || n >= (int)(sizeof p->done - parent)) {
            errno = ENAMETOOLONG;
            return false;
        }
        ssize_t target = readlinkat(root, p->done, link, sizeof link - 1);
        memcpy(p->rest, next, strlen(next) + 1);
        if (target < 0)
            return true; /* no link; what is wrong with it, the next step or open(2) finds */
        link[target] = '\0';
        return tree_follow(p, link, parent);
    }
    memcpy(p->rest, next, strlen(next) + 1);
    return true;
}

int tree_walk(int root, const char *path, int flags)
{
    struct tree_path p = {.links = 0};
    if (snprintf(p.rest, sizeof p.rest, "%s", path) >= (int)sizeof p.rest) {
        errno = ENAMETOOLONG;
        return -1;
    }
    while (p.rest[0])
        if (!tree_step(&p, root))
            return -1;
    return openat(root, p.done[0] ? p.done : ".", flags | O_NOFOLLOW);
}

static int tree_open(int root, const char *path, int flags)
{
#ifdef SYS_openat2
    struct open_how how = {.flags = (unsigned)flags, .resolve = RESOLVE_IN_ROOT};
    long fd = syscall(SYS_openat2, root, path, &how, sizeof how);
    /* EPERM: a filter that does not know the call. EAGAIN: something was renamed meanwhile. */
    if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN))
        return (int)fd;
#endif
    return tree_walk(root, path, flags);
}

int tree_root(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int tree_directory(int root, const char *path)
{
    return tree_open(root, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

bool tree_stat(int root, const char *path, struct stat *st)
{
    int fd = tree_open(root, path, O_PATH | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fstat(fd, st) == 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

/* Files of /proc have no size: read until the end, or until `b` is full. */
static bool tree_read_all(int fd, struct buf *b)
{
    for (;;) {
        size_t room = b->max - b->len;
        if (room == 0)
            return true;
        if (!buf_reserve(b, room < 4096 ? room : 4096)) {
            errno = ENOMEM;
            return false;
        }
        ssize_t n = read(fd, b->data + b->len, b->cap - b->len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n == 0;
        b->len += (size_t)n;
    }
}

/* Reads and closes `fd`, which may be -1. */
static bool tree_read_file(int fd, struct buf *b)
{
    if (fd < 0)
        return false;
    bool ok = tree_read_all(fd, b);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

bool tree_read(int root, const char *path, struct buf *b)
{
    return tree_read_file(tree_open(root, path, OPEN_FILE), b);
}

bool tree_line(int root, const char *path, char *out, size_t size)
{
    out[0] = '\0';
    int fd = tree_open(root, path, OPEN_FILE);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, out, size - 1);
    close(fd);
    struct text rest = {out, n < 0 ? 0 : (size_t)n}, line = {out, 0};
    text_line(&rest, &line);
    line.len = strnlen(line.ptr, line.len); /* files of the device tree end with NUL */
    line = text_trim(line, blanks);
    memmove(out, line.ptr, line.len);
    out[line.len] = '\0';
    return line.len > 0;
}

/* ---- below /proc */

enum proc_outcome proc_failure(int error)
{
    return error == ENOENT || error == ESRCH ? PROC_ENDED : PROC_UNREADABLE;
}

int proc_open(int dir, const char *path)
{
    return openat(dir, path, OPEN_FILE);
}

int proc_open_blocking(int dir, const char *path)
{
    return openat(dir, path, OPEN_FILE & ~O_NONBLOCK);
}

bool proc_read(int dir, const char *path, struct buf *b)
{
    return tree_read_file(proc_open(dir, path), b);
}

void proc_pid_path(int64_t pid, const char *name, char out[PROC_PID_PATH])
{
    size_t n = buf_digits(pid < 0 ? 0 : (uint64_t)pid, out), len = strlen(name);
    out[n++] = '/';
    if (len > PROC_PID_PATH - 1 - n)
        len = PROC_PID_PATH - 1 - n;
    memcpy(out + n, name, len);
    out[n + len] = '\0';
}

void proc_close_later(struct proc_closing *c, int fd)
{
    c->fds[c->count++] = (unsigned)fd;
    if (c->count == PROC_CLOSING_MAX)
        proc_close_all(c);
}

void proc_close_all(struct proc_closing *c)
{
    int saved = errno;
    for (unsigned i = 0, n; i < c->count; i += n) {
        n = 1;
        while (i + n < c->count && c->fds[i + n] == c->fds[i] + n)
            n++;
        /* Linux before 5.9 has no close_range(2). */
        if (n == 1 || close_range(c->fds[i], c->fds[i] + n - 1, 0) != 0)
            for (unsigned j = i; j < i + n; j++)
                close((int)c->fds[j]);
    }
    c->count = 0;
    errno = saved;
}

bool proc_field(struct text text, const char *name, char separator, struct text *value)
{
    for (struct text line; text_line(&text, &line);) {
        const char *mark = line.len ? memchr(line.ptr, separator, line.len) : NULL;
        if (!mark)
            continue;
        size_t len = (size_t)(mark - line.ptr);
        if (text_is(text_trim((struct text){line.ptr, len}, blanks), name)) {
            *value = text_trim((struct text){mark + 1, line.len - len - 1}, blanks);
            return true;
        }
    }
    return false;
}

size_t proc_numbers(struct text text, uint64_t *out, size_t max)
{
    size_t count = 0;
    while (count < max) {
        while (text.len && (*text.ptr == ' ' || *text.ptr == '\t'))
            text = (struct text){text.ptr + 1, text.len - 1};
        size_t n = text_digits(text, &out[count]);
        if (n == 0)
            break;
        text = (struct text){text.ptr + n, text.len - n};
        count++;
    }
    return count;
}

bool proc_number_field(struct text text, const char *name, uint64_t *out, size_t count)
{
    struct text value;
    return proc_field(text, name, ':', &value) && proc_numbers(value, out, count) == count;
}

int64_t proc_entry_number(const char *name)
{
    size_t n = strspn(name, "0123456789");
    return n > 0 && n <= ENTRY_DIGITS && name[n] == '\0' ? strtoll(name, NULL, 10) : -1;
}
