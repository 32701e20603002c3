#include "aws/archive/day.h"

#include "handler/shared/dir.h"
#include "handler/shared/vec.h"
#include "handler/store/commit.h"
#include "handler/store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

static bool is_suffix(const char *name, const char *suffix)
{
    size_t len = strlen(name), tail = strlen(suffix);
    return len >= tail && strcmp(name + len - tail, suffix) == 0;
}

static struct shippable *add(struct day *d, const char *name, size_t len)
{
    struct shippable *files = vec_grow(d->files, d->count, &d->room, sizeof *files);
    if (!files)
        return NULL;
    d->files = files;
    struct shippable *f = &d->files[d->count++];
    *f = (struct shippable){.problem = NULL};
    snprintf(f->now.name, sizeof f->now.name, "%.*s", (int)len, name);
    return f;
}

int day_file_open(const struct day *d, const char *name)
{
    struct stat st;
    if (d->fd < 0) {
        errno = ENOENT;
        return -1;
    }
    int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd >= 0 && (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode))) {
        close(fd);
        errno = EINVAL;
        return -1;
    }
    return fd;
}

static off_t size_of(const struct day *d, const char *name)
{
    struct stat st;
    return fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(st.st_mode) ? st.st_size
                                                                                      : -1;
}

static bool add_csv(struct day *d, const char *json, const struct commit *c)
{
    struct shippable *f = add(d, json, strlen(json) - 4);
    if (!f)
        return false;
    strncat(f->now.name, "csv", 4);
    f->now.size = c->line.csv_end;
    f->now.seq = c->line.seq;
    memcpy(f->now.chain, c->line.chain, sizeof f->now.chain);
    if (size_of(d, f->now.name) < (off_t)c->line.csv_end)
        f->problem = "it is shorter than the JSON file says: run rollcall-verify --rebuild-csv";
    return true;
}

/* Adds a JSON file, and its CSV file up to the rows of the last commit. */
static bool add_pair(struct day *d, const char *name, struct digest *digest)
{
    struct commit c;
    struct jsonl_back hop;
    enum commit_result result = COMMIT_FAILED;
    int fd = day_file_open(d, name);
    off_t size = fd < 0 ? -1 : lseek(fd, 0, SEEK_END);
    if (size >= 0)
        result = commit_find(fd, size, digest, &hop, &c);
    if (fd >= 0)
        close(fd);
    if (result == COMMIT_NONE) /* no record in it was acknowledged */
        return true;
    struct shippable *f = add(d, name, strlen(name));
    if (!f)
        return false;
    if (result != COMMIT_FOUND) {
        f->problem = result == COMMIT_FAILED
                         ? "it cannot be read"
                         : "its last line was not written by rollcall: run rollcall-verify";
        return true;
    }
    f->now.size = (uint64_t)c.end;
    f->now.seq = c.line.seq;
    memcpy(f->now.chain, c.line.chain, sizeof f->now.chain);
    return add_csv(d, name, &c);
}

static bool add_listing(struct day *d, const char *name)
{
    off_t size = size_of(d, name);
    struct shippable *f =
        size >= 0 && strlen(name) < MANIFEST_NAME_MAX ? add(d, name, strlen(name)) : NULL;
    if (f)
        f->now.size = (uint64_t)size;
    d->foreign += size < 0;
    return f || size < 0;
}

struct visit {
    struct day *day;
    struct digest *digest;
};

static bool add_entry(int dir, const char *name, void *context)
{
    const struct visit *v = context;
    struct day *d = v->day;
    struct layout_name parsed;
    (void)dir;
    if (strcmp(d->branch, "record") == 0 && layout_is_listing(name))
        return add_listing(d, name);
    if (strcmp(d->branch, "data") == 0 && layout_parse(name, ".json", &parsed) &&
        strcmp(parsed.date, d->date) == 0)
        return add_pair(d, name, v->digest);
    if (strcmp(d->branch, "data") == 0 && layout_parse(name, ".csv", &parsed))
        return true; /* added with its JSON file */
    d->foreign += name[0] != '.';
    return true;
}

static int by_name(const void *a, const void *b)
{
    const struct shippable *x = a, *y = b;
    return strcmp(x->now.name, y->now.name);
}

static bool read_all(struct day *d)
{
    struct visit v = {d, digest_new()};
    errno = ENOMEM;
    bool ok = v.digest && dir_visit(dir_open(d->fd, "."), add_entry, &v);
    int saved = errno;
    digest_free(v.digest);
    errno = saved;
    if (d->count > 0)
        qsort(d->files, d->count, sizeof *d->files, by_name);
    return ok;
}

bool day_open(struct day *d, const char *records_dir, const char *branch, const char *date)
{
    char path[PATH_MAX];
    *d = (struct day){.branch = branch, .fd = -1};
    snprintf(d->date, sizeof d->date, "%s", date);
    if (snprintf(path, sizeof path, "%s/%s/%s", records_dir, branch, date) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    d->fd = open(path, DIR_FLAGS);
    if (d->fd < 0)
        return errno == ENOENT;
    return read_all(d);
}

void day_close(struct day *d)
{
    if (d->fd >= 0)
        close(d->fd);
    free(d->files);
    *d = (struct day){.fd = -1};
}

static int name_of(const void *name, const void *file)
{
    return strcmp(name, ((const struct shippable *)file)->now.name);
}

struct shippable *day_find(const struct day *d, const char *name)
{
    return d->count ? bsearch(name, d->files, d->count, sizeof *d->files, name_of) : NULL;
}

/* Steps back from the end to the line with the number old->seq, and compares its chain. */
static bool has_line(int fd, off_t end, const struct manifest_entry *old)
{
    struct jsonl_back b;
    enum jsonl_result got = jsonl_last(&b, fd, end);
    while (got == JSONL_LINE && b.line.seq > old->seq)
        got = jsonl_prev(&b);
    return got == JSONL_LINE && b.line.seq == old->seq && strcmp(b.line.chain, old->chain) == 0;
}

bool day_continues(const struct day *d, const struct manifest_entry *old)
{
    char json[MANIFEST_NAME_MAX + 4];
    bool csv = is_suffix(old->name, ".csv");
    size_t stem = strlen(old->name) - (csv ? 3 : 4);
    snprintf(json, sizeof json, "%.*sjson", (int)stem, old->name);
    const struct shippable *now = day_find(d, json);
    int fd = now ? day_file_open(d, json) : -1;
    bool ok = fd >= 0 && has_line(fd, (off_t)now->now.size, old);
    if (fd >= 0)
        close(fd);
    return ok;
}

/* ---- lists of days */

bool day_list_add(struct day_list *list, const char *date)
{
    void *dates = vec_grow(list->dates, list->count, &list->room, sizeof *list->dates);
    if (!dates)
        return false;
    list->dates = dates;
    snprintf(list->dates[list->count++], CLOCK_DATE_LEN + 1, "%s", date);
    return true;
}

static int by_date(const void *a, const void *b)
{
    return strcmp(a, b);
}

void day_list_sort(struct day_list *list)
{
    size_t kept = 0;
    if (list->count == 0)
        return;
    qsort(list->dates, list->count, sizeof *list->dates, by_date);
    for (size_t i = 1; i < list->count; i++)
        if (strcmp(list->dates[i], list->dates[kept]) != 0)
            memcpy(list->dates[++kept], list->dates[i], sizeof *list->dates);
    list->count = kept + 1;
}

static bool add_date(int dir, const char *name, void *list)
{
    (void)dir;
    return !layout_is_day(name) || day_list_add(list, name);
}

bool day_list_local(struct day_list *list, const char *records_dir, const char *branch)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s", records_dir, branch) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == ENOENT;
    bool ok = dir_visit(fd, add_date, list);
    day_list_sort(list);
    return ok;
}
