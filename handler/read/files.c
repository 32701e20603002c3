#include "handler/read/files.h"

#include "handler/shared/dir.h"
#include "handler/store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

int files_compare(const struct ip *a, const struct ip *b)
{
    if (a->v6 != b->v6)
        return a->v6 ? 1 : -1;
    return memcmp(a->bytes, b->bytes, sizeof a->bytes);
}

static int files_by_address(const void *a, const void *b)
{
    return files_compare(&((const struct day_file *)a)->ip, &((const struct day_file *)b)->ip);
}

void files_release(struct day_files *f)
{
    free(f->list);
    free(f->table);
    *f = (struct day_files){.count = 0};
}

static size_t *files_slot(struct day_files *f, const struct ip *ip)
{
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = ip->text; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    size_t at = (size_t)(hash ^ hash >> 32) & (f->table_size - 1);
    while (f->table[at] && strcmp(f->list[f->table[at] - 1].ip.text, ip->text) != 0)
        at = (at + 1) & (f->table_size - 1);
    return &f->table[at];
}

/* Doubles list and table. */
static bool files_grow(struct day_files *f)
{
    size_t room = f->room ? 2 * f->room : 256;
    struct day_file *list = reallocarray(f->list, room, sizeof *list);
    if (!list)
        return false;
    f->list = list;
    f->room = room;
    free(f->table);
    f->table_size = 2 * room;
    f->table = calloc(f->table_size, sizeof *f->table);
    for (size_t i = 0; f->table && i < f->count; i++)
        *files_slot(f, &f->list[i].ip) = i + 1;
    return f->table != NULL;
}

struct files_visit {
    struct day_files *files;
    const char *date;
    int64_t day_ms;
};

static bool files_add(int dir, const char *name, void *to)
{
    (void)dir;
    struct files_visit *v = to;
    struct day_files *f = v->files;
    struct layout_name file;
    size_t len = strlen(name);
    /* Half of the names are CSV files: they are not parsed. */
    if (len == 0 || name[len - 1] != 'n' || !layout_parse(name, ".json", &file) ||
        strcmp(file.date, v->date) != 0)
        return true;
    if (f->count == f->room && !files_grow(f))
        return false;
    size_t *slot = files_slot(f, &file.ip);
    if (!*slot) {
        f->list[f->count++] = (struct day_file){.ip = file.ip, .day_ms = v->day_ms};
        *slot = f->count;
    }
    return true;
}

bool files_list(struct day_files *f, int data, int64_t now_ms, int64_t days)
{
    char date[CLOCK_DATE_LEN + 1];
    *f = (struct day_files){.count = 0};
    for (int64_t back = 0; data >= 0 && back <= days; back++) {
        struct files_visit v = {f, date, clock_day_start(now_ms) - back * CLOCK_DAY_MS};
        clock_date(v.day_ms, date);
        int fd = dir_open(data, date);
        if (fd < 0 ? errno != ENOENT && errno != ENOTDIR && errno != ELOOP
                   : !dir_visit(fd, files_add, &v))
            return false;
    }
    if (f->count > 0)
        qsort(f->list, f->count, sizeof *f->list, files_by_address);
    return true;
}

void files_name(const struct ip *ip, int64_t day_ms, char out[FILES_NAME_MAX])
{
    char date[CLOCK_DATE_LEN + 1];
    clock_date(day_ms, date);
    snprintf(out, FILES_NAME_MAX, "%s/%s_%s.json", date, ip->file, date);
}

int files_open(int data, const struct ip *ip, int64_t day_ms, struct stat *st)
{
    char name[FILES_NAME_MAX];
    struct stat own = {.st_mode = 0};
    st = st ? st : &own;
    files_name(ip, day_ms, name);
    int fd = openat(data, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, st) == 0 && S_ISREG(st->st_mode))
        return fd;
    if (fd >= 0) {
        close(fd);
        errno = EINVAL;
    }
    return -1;
}

struct file_mark files_mark(const struct stat *st)
{
    return (struct file_mark){st->st_dev, st->st_ino, st->st_size, st->st_ctim};
}

bool files_mark_same(const struct file_mark *a, const struct file_mark *b)
{
    return a->device == b->device && a->inode == b->inode && a->size == b->size &&
           a->ctime.tv_sec == b->ctime.tv_sec && a->ctime.tv_nsec == b->ctime.tv_nsec;
}

struct file_mark files_mark_of(int data, const struct ip *ip, int64_t day_ms)
{
    char name[FILES_NAME_MAX];
    struct stat st;
    files_name(ip, day_ms, name);
    if (fstatat(data, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return (struct file_mark){.size = 0};
    return files_mark(&st);
}
