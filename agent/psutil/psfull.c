#include "agent/psutil/psfull.h"

#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/dir.h"
#include "handler/shared/json/write.h"
#include "handler/shared/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { SMALL_FILE = 16 << 10, SMAPS_MAX = 64 << 20, FD_PATH = 32 };

void psfull_array(const uint64_t *n, size_t count, struct buf *out)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < count; i++) {
        if (i)
            buf_putc(out, ',');
        buf_u64(out, n[i]);
    }
    buf_putc(out, ']');
}

size_t psfull_without_mark(int root, const char *path, size_t len)
{
    static const char deleted[] = " (deleted)";
    size_t mark = sizeof deleted - 1;
    struct stat st;
    if (len <= mark || memcmp(path + len - mark, deleted, mark) != 0)
        return len;
    return path[0] == '/' && tree_stat(root, path, &st) ? len : len - mark;
}

void psfull_io(int dir, struct buf *out)
{
    static const char *const names[] = {"syscr",       "syscw", "read_bytes",
                                        "write_bytes", "rchar", "wchar"};
    enum { COUNT = sizeof names / sizeof *names };
    uint64_t n[COUNT];
    struct buf text;
    size_t i = 0;
    buf_init(&text, SMALL_FILE);
    if (proc_read(dir, "io", &text))
        while (i < COUNT &&
               proc_number_field((struct text){text.data, text.len}, names[i], &n[i], 1))
            i++;
    if (i == COUNT)
        psfull_array(n, COUNT, out);
    else
        buf_puts(out, "null");
    buf_release(&text);
}

static bool psfull_count_fd(int dir, const char *name, void *to)
{
    uint64_t *count = to;
    (void)dir;
    *count += proc_entry_number(name) >= 0;
    return true;
}

void psfull_num_fds(int dir, struct buf *out)
{
    uint64_t count = 0;
    if (dir_visit(dir_open(dir, "fd"), psfull_count_fd, &count))
        buf_u64(out, count);
    else
        buf_puts(out, "null");
}

/* The flags of open(2) in psutil's words. */
static const char *psfull_mode(unsigned long flags)
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

static bool psfull_read_fdinfo(int dir, int64_t fd, uint64_t *position, unsigned long *flags)
{
    char path[FD_PATH];
    struct buf text;
    struct text value;
    snprintf(path, sizeof path, "fdinfo/%lld", (long long)fd);
    buf_init(&text, SMALL_FILE);
    bool ok = proc_read(dir, path, &text) && buf_str(&text);
    struct text all = {text.data, text.len};
    ok = ok && proc_number_field(all, "pos", position, 1) && proc_field(all, "flags", ':', &value);
    if (ok)
        *flags = strtoul(value.ptr, NULL, 8); /* ends at the newline or the NUL */
    buf_release(&text);
    return ok;
}

struct files {
    int process; /* /proc/PID */
    int root;
    bool first;
    struct buf *out;
};

/* False if the file may not be looked at. One that is not regular is left out. */
static bool psfull_put_file(int dir, const char *name, void *to)
{
    struct files *f = to;
    struct stat st;
    char path[PATH_MAX];
    int64_t fd = proc_entry_number(name);
    uint64_t position;
    unsigned long flags;
    if (fd < 0)
        return true;
    ssize_t n = readlinkat(dir, name, path, sizeof path - 1);
    if (n <= 0)
        return n == 0 || errno != EACCES;
    path[n] = '\0';
    if (path[0] != '/')
        return true;
    if (!tree_stat(f->root, path, &st))
        return errno != EACCES;
    if (!S_ISREG(st.st_mode))
        return true;
    if (!psfull_read_fdinfo(f->process, fd, &position, &flags))
        return errno != EACCES;
    buf_puts(f->out, f->first ? "[" : ",[");
    f->first = false;
    jsonw_str(f->out, path);
    buf_printf(f->out, ",%lld,%llu,\"%s\",%lu]", (long long)fd, (unsigned long long)position,
               psfull_mode(flags), flags);
    return true;
}

/* A process whose descriptors may be listed, but not followed, has null as well. */
void psfull_files(int dir, int root, struct buf *out)
{
    struct files f = {dir, root, true, out};
    size_t start = out->len;
    buf_putc(out, '[');
    bool ok = dir_visit(dir_open(dir, "fd"), psfull_put_file, &f);
    if (!ok && !out->failed)
        out->len = start;
    buf_puts(out, ok ? "]" : "null");
}

/* ---- smaps */

/* The length of the line with its newline; `len` bytes are left. */
static size_t psfull_line_length(const char *line, size_t len)
{
    const char *newline = memchr(line, '\n', len);
    return newline ? (size_t)(newline - line) + 1 : len;
}

/* The bytes of a line "Name:   12 kB"; false if it has another name. */
static bool psfull_line_bytes(const char *line, size_t len, const char *name, bool prefix,
                              uint64_t *bytes)
{
    size_t name_len = strlen(name);
    const char *colon = memchr(line, ':', len);
    if (!colon || strncmp(line, name, name_len) != 0 ||
        (!prefix && (size_t)(colon - line) != name_len) ||
        proc_numbers((struct text){colon + 1, len - (size_t)(colon + 1 - line)}, bytes, 1) != 1)
        return false;
    *bytes *= 1024;
    return true;
}

/* Sums uss, pss and swap of all lines: of smaps_rollup, or of smaps on older kernels. */
static void psfull_add_up(const struct buf *text, uint64_t sum[3])
{
    for (size_t at = 0, n; at < text->len; at += n) {
        const char *line = text->data + at;
        uint64_t bytes;
        n = psfull_line_length(line, text->len - at);
        if (psfull_line_bytes(line, n, "Private_", true, &bytes))
            sum[0] += bytes;
        else if (psfull_line_bytes(line, n, "Pss", false, &bytes))
            sum[1] += bytes;
        else if (psfull_line_bytes(line, n, "Swap", false, &bytes))
            sum[2] += bytes;
    }
}

void psfull_memory(int dir, const uint64_t statm[7], struct buf *out)
{
    uint64_t all[10] = {0};
    struct buf text;
    buf_init(&text, SMAPS_MAX);
    memcpy(all, statm, 7 * sizeof *statm);
    bool ok = proc_read(dir, "smaps_rollup", &text);
    if (!ok && faccessat(dir, "smaps_rollup", F_OK, 0) != 0)
        ok = proc_read(dir, "smaps", &text);
    if (ok) {
        psfull_add_up(&text, all + 7);
        psfull_array(all, sizeof all / sizeof *all, out);
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

static struct group *psfull_find_group(struct groups *g, const char *path, size_t len)
{
    for (size_t i = 0; i < g->count; i++)
        if (g->list[i].len == len && memcmp(g->list[i].path, path, len) == 0)
            return &g->list[i];
    struct group *list = vec_grow(g->list, g->count, &g->room, sizeof *list);
    if (!list)
        return NULL;
    g->list = list;
    g->list[g->count] = (struct group){.path = path, .len = len};
    return &g->list[g->count++];
}

/* The path of a line "addr perms offset dev inode   path"; false for another line. */
static bool psfull_is_mapping(const char *line, size_t len, const char **path, size_t *path_len)
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

static size_t psfull_path_length(int root, const char *path, size_t len)
{
    char copy[PATH_MAX];
    if (len >= sizeof copy)
        return len;
    snprintf(copy, sizeof copy, "%.*s", (int)len, path);
    return psfull_without_mark(root, copy, len);
}

static bool psfull_group_maps(int root, const struct buf *text, struct groups *g)
{
    static const char *const names[MAP_FIELDS] = {
        "Rss",           "Size",          "Pss",        "Shared_Clean", "Shared_Dirty",
        "Private_Clean", "Private_Dirty", "Referenced", "Anonymous",    "Swap"};
    struct group *current = NULL;
    for (size_t at = 0, n; at < text->len; at += n) {
        const char *line = text->data + at, *path;
        size_t path_len;
        uint64_t bytes;
        n = psfull_line_length(line, text->len - at);
        if (psfull_is_mapping(line, n, &path, &path_len)) {
            current = psfull_find_group(g, path, psfull_path_length(root, path, path_len));
            if (!current)
                return false;
            continue;
        }
        for (size_t i = 0; current && i < MAP_FIELDS; i++)
            if (psfull_line_bytes(line, n, names[i], false, &bytes))
                current->bytes[i] += bytes;
    }
    return true;
}

static void psfull_put_groups(const struct groups *g, struct buf *out)
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
    if (proc_read(dir, "smaps", &text) && psfull_group_maps(root, &text, &g))
        psfull_put_groups(&g, out);
    else
        buf_puts(out, "null");
    free(g.list);
    buf_release(&text);
}
