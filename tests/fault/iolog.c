/*
 * iolog: a preload that logs what a handler does to the files of the store, for powercut.py.
 *
 * IOLOG_NOSYNC=1   syncs do nothing, to be quick
 * IOLOG_BOOTED=1   the machine has just started: all files are older than the boot
 * IOLOG_BELOW=path  only names that begin with it are logged
 * IOLOG=file   the log. Each entry is a line `<op> <name> <offset> <length>`; after a W follow
 *              `length` bytes. The ops: C create, W write, T truncate (to `length`), S sync of a
 *              file, D sync of a directory, U unlink, M mkdir.
 *
 * Names are paths as the kernel has them. sync_file_range(2) is not logged: it promises nothing.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void path_of(int fd, char path[PATH_MAX])
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    path[n > 0 ? n : 0] = '\0';
}

static void note(char op, const char *path, long long offset, long long len, const void *bytes)
{
    static int log = -1;
    char line[PATH_MAX + 64];
    int saved = errno;
    const char *name = getenv("IOLOG"), *below = getenv("IOLOG_BELOW");
    if (name && log < 0)
        log = REAL(open)(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    int n = snprintf(line, sizeof line, "%c %s %lld %lld\n", op, path, offset, len);
    if (log >= 0 && (!below || strncmp(path, below, strlen(below)) == 0) &&
        (REAL(write)(log, line, (size_t)n) != n ||
         (bytes && REAL(write)(log, bytes, (size_t)len) != len)))
        abort(); /* rather than a log with holes */
    errno = saved;
}

static void note_fd(char op, int fd, long long offset, long long len, const void *bytes)
{
    char path[PATH_MAX];
    path_of(fd, path);
    note(op, path, offset, len, bytes);
}

static void note_at(char op, int dir, const char *name)
{
    char path[PATH_MAX], whole[2 * PATH_MAX];
    path_of(dir, path);
    snprintf(whole, sizeof whole, "%s/%s", path, name);
    note(op, *name == '/' ? name : whole, 0, 0, NULL);
}

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    ssize_t done = REAL(pwrite)(fd, p, n, at);
    if (done > 0)
        note_fd('W', fd, at, done, p);
    return done;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return pwrite(fd, p, n, at);
}

int ftruncate(int fd, off_t len)
{
    int r = REAL(ftruncate)(fd, len);
    if (r == 0)
        note_fd('T', fd, 0, len, NULL);
    return r;
}

static int synced(int fd, int r)
{
    struct stat st;
    if (r == 0 && fstat(fd, &st) == 0)
        note_fd(S_ISDIR(st.st_mode) ? 'D' : 'S', fd, 0, 0, NULL);
    return r;
}

int fdatasync(int fd)
{
    return synced(fd, getenv("IOLOG_NOSYNC") ? 0 : REAL(fdatasync)(fd));
}

int fsync(int fd)
{
    return synced(fd, getenv("IOLOG_NOSYNC") ? 0 : REAL(fsync)(fd));
}

int openat(int dir, const char *name, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = va_arg(ap, mode_t);
    va_end(ap);
    int created = (flags & O_CREAT) && faccessat(dir, name, F_OK, AT_SYMLINK_NOFOLLOW) != 0;
    int fd = REAL(openat)(dir, name, flags, mode);
    if (fd >= 0 && created)
        note_at('C', dir, name);
    return fd;
}

int unlinkat(int dir, const char *name, int flags)
{
    int r = REAL(unlinkat)(dir, name, flags);
    if (r == 0)
        note_at('U', dir, name);
    return r;
}

int mkdir(const char *path, mode_t mode)
{
    int r = REAL(mkdir)(path, mode);
    if (r == 0)
        note('M', path, 0, 0, NULL);
    return r;
}

int clock_gettime(clockid_t id, struct timespec *t)
{
    if (id != CLOCK_BOOTTIME || !getenv("IOLOG_BOOTED"))
        return (int)syscall(SYS_clock_gettime, id, t);
    *t = (struct timespec){0};
    return 0;
}
