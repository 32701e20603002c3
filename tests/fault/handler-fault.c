/*
 * handler-fault: a preload that fails, cuts or kills one write to the store, for tests.
 *
 * FAULT_AT=n        the n-th call that counts (from 1); nothing happens without it
 * FAULT_CALLS=w|s   count writes, or syncs; both without it
 * FAULT_DO=name     an errno (ENOSPC EDQUOT EIO EFBIG), or "kill" (before the call), "half" (half
 * of the bytes, then that the next call fails with ENOSPC), "halfkill" (half, then die)
 * FAULT_STICKY=1    every later call fails, too (as a full disk does)
 *
 * FAULT_STAT=errno  every fstatat(2) of a name that contains FAULT_NAME fails
 * FAULT_OPEN=errno  every openat(2) of a name that contains FAULT_NAME fails
 *
 * Only descriptors whose path has "/data/" in it count.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

static int ours(int fd)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n <= 0)
        return 0;
    path[n] = '\0';
    return strstr(path, "/data/") && (strstr(path, ".json") || strstr(path, ".csv"));
}

/* 0: go on; -1: fail with errno; 1: half only; 2: half, then die. */
static int fault(int fd, char kind)
{
    static int count, broken;
    const char *at = getenv("FAULT_AT"), *what = getenv("FAULT_DO"), *calls = getenv("FAULT_CALLS");
    if (!at || !what || (calls && *calls && *calls != kind) || !ours(fd))
        return 0;
    if (broken) {
        errno = ENOSPC;
        broken = getenv("FAULT_STICKY") != NULL;
        return -1;
    }
    if (++count != atoi(at))
        return 0;
    broken = getenv("FAULT_STICKY") != NULL;
    if (strcmp(what, "kill") == 0)
        raise(SIGKILL);
    if (strcmp(what, "half") == 0 && kind == 'w') {
        broken = 1;
        return 1;
    }
    if (strcmp(what, "halfkill") == 0 && kind == 'w')
        return 2;
    errno = strcmp(what, "EDQUOT") == 0  ? EDQUOT
            : strcmp(what, "EIO") == 0   ? EIO
            : strcmp(what, "EFBIG") == 0 ? EFBIG
                                         : ENOSPC;
    return -1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

ssize_t pwrite(int fd, const void *p, size_t n, off_t at)
{
    int f = fault(fd, 'w');
    if (f < 0)
        return -1;
    ssize_t r = REAL(pwrite)(fd, p, f > 0 ? n / 2 : n, at);
    if (f == 2)
        raise(SIGKILL);
    return r;
}

ssize_t pwrite64(int fd, const void *p, size_t n, off64_t at)
{
    return pwrite(fd, p, n, at);
}

ssize_t write(int fd, const void *p, size_t n)
{
    int f = fault(fd, 'w');
    if (f < 0)
        return -1;
    ssize_t r = REAL(write)(fd, p, f > 0 ? n / 2 : n);
    if (f == 2)
        raise(SIGKILL);
    return r;
}

ssize_t pwritev(int fd, const struct iovec *v, int count, off_t at)
{
    int f = fault(fd, 'w');
    if (f < 0)
        return -1;
    ssize_t r = f > 0 ? REAL(pwrite)(fd, v[0].iov_base, v[0].iov_len / 2, at)
                      : REAL(pwritev)(fd, v, count, at);
    if (f == 2)
        raise(SIGKILL);
    return r;
}

ssize_t pwritev64(int fd, const struct iovec *v, int count, off64_t at)
{
    return pwritev(fd, v, count, at);
}

ssize_t writev(int fd, const struct iovec *v, int count)
{
    int f = fault(fd, 'w');
    if (f < 0)
        return -1;
    ssize_t r =
        f > 0 ? REAL(write)(fd, v[0].iov_base, v[0].iov_len / 2) : REAL(writev)(fd, v, count);
    if (f == 2)
        raise(SIGKILL);
    return r;
}

int fdatasync(int fd)
{
    return fault(fd, 's') ? -1 : REAL(fdatasync)(fd);
}

int fsync(int fd)
{
    return fault(fd, 's') ? -1 : REAL(fsync)(fd);
}

static int named_error(const char *variable, const char *name)
{
    static const struct {
        const char *name;
        int error;
    } errors[] = {{"EIO", EIO}, {"ESTALE", ESTALE}, {"EACCES", EACCES}, {"ENOENT", ENOENT}};
    const char *wanted = getenv(variable), *part = getenv("FAULT_NAME");
    if (!wanted || !part || !strstr(name, part))
        return 0;
    for (size_t i = 0; i < sizeof errors / sizeof *errors; i++)
        if (strcmp(wanted, errors[i].name) == 0)
            return errors[i].error;
    return 0;
}

int fstatat(int dir, const char *name, struct stat *st, int flags)
{
    int error = named_error("FAULT_STAT", name);
    if (error) {
        errno = error;
        return -1;
    }
    return REAL(fstatat)(dir, name, st, flags);
}

int openat(int dir, const char *name, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = va_arg(ap, mode_t);
    va_end(ap);
    int error = named_error("FAULT_OPEN", name);
    if (error) {
        errno = error;
        return -1;
    }
    return REAL(openat)(dir, name, flags, mode);
}
