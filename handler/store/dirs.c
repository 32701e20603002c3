#include "handler/store/dirs.h"

#include "handler/store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

void dirs_init(struct dirs *d, const char *records_dir)
{
    *d = (struct dirs){.records_dir = records_dir, .branch = LAYOUT_DATA, .fd = -1};
}

void dirs_release(struct dirs *d)
{
    if (d->fd >= 0)
        close(d->fd);
    d->fd = -1;
}

/* Syncs the directory that `path` is in; `path` is changed. Who may not read it cannot sync it. */
static bool dirs_sync_parent(char *path)
{
    char *slash = strrchr(path, '/');
    if (slash == path)
        slash++;
    const char *parent = slash ? path : ".";
    if (slash)
        *slash = '\0';
    int fd = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return errno == EACCES;
    bool ok = fsync(fd) == 0;
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

bool dirs_make_path(const char *path)
{
    char part[PATH_MAX];
    size_t len = strlen(path);
    if (len == 0 || len >= sizeof part) {
        errno = ENAMETOOLONG;
        return false;
    }
    for (size_t i = 1; i <= len; i++) {
        if ((path[i] != '/' && path[i] != '\0') || path[i - 1] == '/')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (mkdir(part, 0750) == 0 ? !dirs_sync_parent(part) : errno != EEXIST)
            return false;
    }
    struct stat st;
    if (stat(path, &st) != 0)
        return false;
    if (!S_ISDIR(st.st_mode)) {
        errno = ENOTDIR;
        return false;
    }
    return true;
}

/* "<records_dir>/<branch>/<date>"; false with errno when it is too long. */
static bool dirs_path(const struct dirs *d, const char *date, char out[PATH_MAX])
{
    int len = snprintf(out, PATH_MAX, "%s/%s/%s", d->records_dir, d->branch, date);
    if (len > 0 && len < PATH_MAX)
        return true;
    errno = ENAMETOOLONG;
    return false;
}

static bool dirs_is_there(const struct dirs *d)
{
    struct stat st;
    return lstat(d->path, &st) == 0 && st.st_ino == d->ino && st.st_dev == d->dev;
}

static int dirs_take(struct dirs *d, int fd, const char *date)
{
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) != 0 || fstatfs(fd, &fs) != 0) {
        close(fd);
        return -1;
    }
    d->dev = st.st_dev;
    d->ino = st.st_ino;
    d->remote = fs.f_type == NFS_SUPER_MAGIC;
    memcpy(d->date, date, sizeof d->date);
    return d->fd = fd;
}

int dirs_open(struct dirs *d, const char *date)
{
    if (d->fd >= 0 && strcmp(d->date, date) == 0 && dirs_is_there(d))
        return d->fd;
    dirs_release(d);
    if (!dirs_path(d, date, d->path))
        return -1;
    int fd = open(d->path, DIR_FLAGS);
    if (fd < 0 && errno == ENOENT) {
        if (!dirs_make_path(d->path))
            return -1;
        fd = open(d->path, DIR_FLAGS);
    }
    return fd < 0 ? -1 : dirs_take(d, fd, date);
}

int dirs_open_past(const struct dirs *d, const char *date)
{
    char path[PATH_MAX];
    return dirs_path(d, date, path) ? open(path, DIR_FLAGS) : -1;
}

bool dirs_sync_at(int fd)
{
    static const char *const above[] = {"..", "../.."};
    if (fsync(fd) != 0)
        return false;
    for (size_t i = 0; i < sizeof above / sizeof *above; i++) {
        int up = openat(fd, above[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        bool ok = up >= 0 && fsync(up) == 0;
        int saved = errno;
        if (up >= 0)
            close(up);
        errno = saved;
        if (!ok)
            return false;
    }
    return true;
}

bool dirs_sync(const struct dirs *d)
{
    return dirs_sync_at(d->fd);
}
