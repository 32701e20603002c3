#include "agent/psutil/psfull.h"

#include "agent/proc/procfs.h"
#include "agent/psutil/psnum.h"

#include "handler/shared/buf.h"
#include "handler/shared/json/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { SMALL_FILE = 16 << 10, SMAPS_MAX = 64 << 20, FD_PATH = 32 };

void psfull_io(int dir, struct buf *out)
{
    static const char *const names[] = {"syscr",       "syscw", "read_bytes",
                                        "write_bytes", "rchar", "wchar"};
    enum { COUNT = sizeof names / sizeof *names };
    uint64_t n[COUNT];
    struct buf text;
    size_t i = 0;
    buf_init(&text, SMALL_FILE);
    if (tree_read(dir, "io", &text))
        while (i < COUNT && psnum_field(text.data, text.len, names[i], &n[i], 1))
            i++;
    if (i == COUNT)
        psnum_array(n, COUNT, out);
    else
        buf_puts(out, "null");
    buf_release(&text);
}

/* The open /proc/PID/fd; NULL when it cannot be read. */
static DIR *open_fds(int dir)
{
    int fd = openat(dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *fds = fd < 0 ? NULL : fdopendir(fd);
    if (!fds && fd >= 0)
        close(fd);
    return fds;
}

void psfull_num_fds(int dir, struct buf *out)
{
    DIR *fds = open_fds(dir);
    uint64_t count = 0;
    if (!fds) {
        buf_puts(out, "null");
        return;
    }
    for (const struct dirent *e; (e = readdir(fds));)
        count += psnum_name(e->d_name) >= 0;
    closedir(fds);
    buf_u64(out, count);
}

/* As psutil words open(2)'s flags. */
static const char *mode_word(unsigned long flags)
{
    bool append = flags & O_APPEND;
    switch (flags & O_ACCMODE) {
    case O_RDONLY:
        return "r";
    case O_WRONLY:
        return append ? "a" : "w";
    default:
        return append ? "a+" : "r+";
    }
}

static bool is_regular(int root, const char *path)
{
    struct stat st;
    return path[0] == '/' && path[1] && fstatat(root, path + 1, &st, 0) == 0 && S_ISREG(st.st_mode);
}

static bool read_fdinfo(int dir, int64_t fd, uint64_t *position, unsigned long *flags)
{
    char path[FD_PATH];
    struct buf text;
    struct tree_field f;
    snprintf(path, sizeof path, "fdinfo/%lld", (long long)fd);
    buf_init(&text, SMALL_FILE);
    bool ok = tree_read(dir, path, &text) && psnum_field(text.data, text.len, "pos", position, 1) &&
              tree_field(text.data, text.len, "flags", ':', &f);
    if (ok)
        *flags = strtoul(f.value, NULL, 8); /* ends at the newline */
    buf_release(&text);
    return ok;
}

/* False, with errno, when it is no regular file. */
static bool put_file(int dir, int root, int64_t fd, bool first, struct buf *out)
{
    char name[FD_PATH], path[PATH_MAX];
    uint64_t position;
    unsigned long flags;
    snprintf(name, sizeof name, "fd/%lld", (long long)fd);
    ssize_t n = readlinkat(dir, name, path, sizeof path - 1);
    if (n <= 0)
        return false;
    path[n] = '\0';
    errno = 0;
    if (!is_regular(root, path) || !read_fdinfo(dir, fd, &position, &flags))
        return false;
    buf_puts(out, first ? "[" : ",[");
    jsonw_str(out, path);
    buf_printf(out, ",%lld,%llu,\"%s\",%lu]", (long long)fd, (unsigned long long)position,
               mode_word(flags), flags);
    return true;
}

/* Whoever may list the descriptors may still not be allowed to look behind them: null, too. */
void psfull_files(int dir, int root, struct buf *out)
{
    DIR *fds = open_fds(dir);
    size_t start = out->len;
    bool first = true, denied = !fds;
    buf_putc(out, '[');
    for (const struct dirent *e; fds && !denied && (e = readdir(fds));) {
        int64_t fd = psnum_name(e->d_name);
        if (fd < 0)
            continue;
        if (put_file(dir, root, fd, first, out))
            first = false;
        else
            denied = errno == EACCES;
    }
    if (fds)
        closedir(fds);
    if (denied && !out->failed)
        out->len = start;
    buf_puts(out, denied ? "null" : "]");
}

/* ---- smaps */

/* The length of a line with its newline, of which `len` bytes are there. */
static size_t line_length(const char *line, size_t len)
{
    const char *newline = memchr(line, '\n', len);
    return newline ? (size_t)(newline - line) + 1 : len;
}

/* The bytes that a line "Name:   12 kB" states; false when it has another name. */
static bool line_bytes(const char *line, size_t len, const char *name, bool prefix, uint64_t *bytes)
{
    size_t name_len = strlen(name);
    const char *colon = memchr(line, ':', len);
    if (!colon || strncmp(line, name, name_len) != 0 ||
        (!prefix && (size_t)(colon - line) != name_len) ||
        psnum_parse(colon + 1, len - (size_t)(colon + 1 - line), bytes, 1) != 1)
        return false;
    *bytes *= 1024;
    return true;
}

/* Adds up uss, pss and swap over all lines: of smaps_rollup, or of smaps on older kernels. */
static void add_up(const struct buf *text, uint64_t sum[3])
{
    for (size_t at = 0, n; at < text->len; at += n) {
        const char *line = text->data + at;
        uint64_t bytes;
        n = line_length(line, text->len - at);
        if (line_bytes(line, n, "Private_", true, &bytes))
            sum[0] += bytes;
        else if (line_bytes(line, n, "Pss", false, &bytes))
            sum[1] += bytes;
        else if (line_bytes(line, n, "Swap", false, &bytes))
            sum[2] += bytes;
    }
}

void psfull_memory(int dir, const uint64_t statm[7], struct buf *out)
{
    uint64_t all[10] = {0};
    struct buf text;
    buf_init(&text, SMAPS_MAX);
    memcpy(all, statm, 7 * sizeof *statm);
    bool ok = tree_read(dir, "smaps_rollup", &text);
    if (!ok && faccessat(dir, "smaps_rollup", F_OK, 0) != 0)
        ok = tree_read(dir, "smaps", &text);
    if (ok) {
        add_up(&text, all + 7);
        psnum_array(all, sizeof all / sizeof *all, out);
    } else {
        buf_puts(out, "null");
    }
    buf_release(&text);
}

enum { MAP_FIELDS = 10 };

/* All mappings of one path, as psutil groups them. */
struct group {
    const char *path; /* borrowed from the text, "" for none */
    size_t len;
    uint64_t bytes[MAP_FIELDS];
};

struct groups {
    struct group *list;
    size_t count, room;
};

static struct group *find_group(struct groups *g, const char *path, size_t len)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->list[i].len == len && memcmp(g->list[i].path, path, len) == 0)
            return &g->list[i];
    if (g->count == g->room) {
        size_t room = g->room ? g->room * 2 : 64;
        struct group *list = reallocarray(g->list, room, sizeof *list);
        if (!list)
            return NULL;
        g->list = list;
        g->room = room;
    }
    g->list[g->count] = (struct group){.path = path, .len = len};
    return &g->list[g->count++];
}

/* "addr perms offset dev inode   path": where the path starts and ends; false for another line. */
static bool is_mapping(const char *line, size_t len, const char **path, size_t *path_len)
{
    size_t at = 0;
    for (int field = 0; field < 5; field++) {
        size_t start = at;
        while (at < len && line[at] != ' ' && line[at] != '\n')
            at++;
        if (at == start || line[at - 1] == ':')
            return false;
        while (at < len && line[at] == ' ')
            at++;
    }
    while (len > at && (line[len - 1] == '\n' || line[len - 1] == ' '))
        len--;
    *path = line + at;
    *path_len = len - at;
    return true;
}

/* A file that is gone is listed under its old name. */
static size_t without_mark(int root, const char *path, size_t len)
{
    static const char deleted[] = " (deleted)";
    size_t mark = sizeof deleted - 1;
    char copy[PATH_MAX];
    struct stat st;
    if (len <= mark || len >= sizeof copy || memcmp(path + len - mark, deleted, mark) != 0)
        return len;
    snprintf(copy, sizeof copy, "%.*s", (int)len, path);
    bool there = copy[0] == '/' && copy[1] && fstatat(root, copy + 1, &st, 0) == 0;
    return there ? len : len - mark;
}

static bool group_maps(int root, const struct buf *text, struct groups *g)
{
    static const char *const names[MAP_FIELDS] = {
        "Rss",           "Size",          "Pss",        "Shared_Clean", "Shared_Dirty",
        "Private_Clean", "Private_Dirty", "Referenced", "Anonymous",    "Swap"};
    struct group *current = NULL;
    for (size_t at = 0, n; at < text->len; at += n) {
        const char *line = text->data + at, *path;
        size_t path_len;
        uint64_t bytes;
        n = line_length(line, text->len - at);
        if (is_mapping(line, n, &path, &path_len)) {
            current = find_group(g, path, without_mark(root, path, path_len));
            if (!current)
                return false;
            continue;
        }
        for (size_t i = 0; current && i < MAP_FIELDS; i++)
            if (line_bytes(line, n, names[i], false, &bytes))
                current->bytes[i] += bytes;
    }
    return true;
}

static void put_groups(const struct groups *g, struct buf *out)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < g->count; i++) {
        const struct group *one = &g->list[i];
        buf_puts(out, i ? ",[" : "[");
        if (one->len)
            jsonw_string(out, one->path, one->len);
        else
            buf_puts(out, "\"[anon]\"");
        for (size_t f = 0; f < MAP_FIELDS; f++) {
            buf_putc(out, ',');
            buf_u64(out, one->bytes[f]);
        }
        buf_putc(out, ']');
    }
    buf_putc(out, ']');
}

void psfull_maps(int dir, int root, struct buf *out)
{
    struct buf text;
    struct groups g = {0};
    buf_init(&text, SMAPS_MAX);
    if (tree_read(dir, "smaps", &text) && group_maps(root, &text, &g))
        put_groups(&g, out);
    else
        buf_puts(out, "null");
    free(g.list);
    buf_release(&text);
}
