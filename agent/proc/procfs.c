#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

int tree_root(const char *path)
{
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

int tree_open(int dir, const char *path)
{
    return openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
}

int tree_open_blocking(int dir, const char *path)
{
    return openat(dir, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

void tree_pid_path(int64_t pid, const char *name, char out[TREE_PID_PATH])
{
    size_t n = buf_digits(pid < 0 ? 0 : (uint64_t)pid, out), len = strlen(name);
    out[n++] = '/';
    if (len > TREE_PID_PATH - 1 - n)
        len = TREE_PID_PATH - 1 - n;
    memcpy(out + n, name, len);
    out[n + len] = '\0';
}

void tree_close_later(struct tree_closing *c, int fd)
{
    c->fds[c->count++] = (unsigned)fd;
    if (c->count == TREE_CLOSING_MAX)
        tree_close_all(c);
}

void tree_close_all(struct tree_closing *c)
{
    int saved = errno;
    for (unsigned i = 0, n; i < c->count; i += n) {
        n = 1;
        while (i + n < c->count && c->fds[i + n] == c->fds[i] + n)
            n++;
        /* Kernels before 5.9 do not know it. */
        if (n == 1 || close_range(c->fds[i], c->fds[i] + n - 1, 0) != 0)
            for (unsigned j = i; j < i + n; j++)
                close((int)c->fds[j]);
    }
    c->count = 0;
    errno = saved;
}

/* Files of /proc say their size only by ending, so read until that, or until `b` is full. */
static bool read_all(int fd, struct buf *b)
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

bool tree_read(int dir, const char *path, struct buf *b)
{
    int fd = tree_open(dir, path);
    if (fd < 0)
        return false;
    bool ok = read_all(fd, b);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == '\0';
}

/* Takes white space off both ends of the `len` bytes at `*s`. */
static size_t trim(const char **s, size_t len)
{
    while (len && is_blank((*s)[len - 1]))
        len--;
    for (; len && is_blank(**s); len--)
        (*s)++;
    return len;
}

bool tree_line(int dir, const char *path, char *out, size_t size)
{
    out[0] = '\0';
    int fd = tree_open(dir, path);
    if (fd < 0)
        return false;
    ssize_t n = read(fd, out, size - 1);
    close(fd);
    if (n <= 0)
        return false;
    const char *newline = memchr(out, '\n', (size_t)n);
    const char *line = out;
    size_t len = trim(&line, newline ? (size_t)(newline - out) : (size_t)n);
    memmove(out, line, len);
    out[len] = '\0';
    return len > 0;
}

bool tree_field(const char *text, size_t len, const char *name, char separator,
                struct tree_field *out)
{
    size_t name_len = strlen(name);
    for (const char *line = text, *end = text + len; line < end;) {
        const char *newline = memchr(line, '\n', (size_t)(end - line));
        const char *stop = newline ? newline : end;
        const char *mark = memchr(line, separator, (size_t)(stop - line));
        if (mark) {
            const char *key = line;
            size_t key_len = trim(&key, (size_t)(mark - line));
            if (key_len == name_len && memcmp(key, name, name_len) == 0) {
                out->value = mark + 1;
                out->len = trim(&out->value, (size_t)(stop - mark - 1));
                return true;
            }
        }
        line = stop + 1;
    }
    return false;
}
