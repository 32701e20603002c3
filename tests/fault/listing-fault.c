/*
 * listing-fault: a preload that fails or delays what storing a listing asks of the system.
 *
 * NO_TMPFILE=1       open(O_TMPFILE) fails with EOPNOTSUPP, as on NFS
 * NO_PROC=1          /proc/self/fd cannot be accessed
 * FLOCK_EBADF=1      flock(2) of a descriptor that is not open for writing is EBADF, as on NFS
 * FLOCK_ERROR=1      flock(2) is ENOLCK
 * DIR_SYNC=EIO       fsync(2) of a day's directory of listings fails with EIO
 * BEFORE_LINK=cmd    a command that is run once, before the first linkat(2)
 * AFTER_LINK=cmd     a command that is run once, after the first linkat(2) that succeeds
 * SYNC_LOG=file      the path of each descriptor that is synced is appended to this file
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
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static int run(const char *variable)
{
    const char *command = getenv(variable);
    char copy[4096];
    if (!command)
        return 0;
    snprintf(copy, sizeof copy, "%s", command);
    unsetenv(variable);
    unsetenv("LD_PRELOAD");
    return system(copy);
}

int openat(int dir, const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    if ((flags & O_TMPFILE) == O_TMPFILE && getenv("NO_TMPFILE")) {
        errno = EOPNOTSUPP;
        return -1;
    }
    return REAL(openat)(dir, path, flags, mode);
}

int openat64(int dir, const char *path, int flags, ...)
{
    va_list ap;
    va_start(ap, flags);
    mode_t mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(ap, mode_t) : 0;
    va_end(ap);
    return openat(dir, path, flags, mode);
}

int access(const char *path, int mode)
{
    if (strncmp(path, "/proc/", 6) == 0 && getenv("NO_PROC")) {
        errno = ENOENT;
        return -1;
    }
    return REAL(access)(path, mode);
}

int linkat(int from, const char *old, int to, const char *new, int flags)
{
    run("BEFORE_LINK");
    int result = REAL(linkat)(from, old, to, new, flags);
    int error = errno;
    if (result == 0)
        run("AFTER_LINK");
    errno = error;
    return result;
}

int flock(int fd, int operation)
{
    int flags = fcntl(fd, F_GETFL);
    if (getenv("FLOCK_ERROR")) {
        errno = ENOLCK;
        return -1;
    }
    if (getenv("FLOCK_EBADF") && (flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    return REAL(flock)(fd, operation);
}

/* Is it a day's directory of listings? Appends its path to SYNC_LOG. */
static int is_record_dir(int fd)
{
    const char *log = getenv("SYNC_LOG");
    char link[64], path[PATH_MAX];
    struct stat st;
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    int out = log ? open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (out >= 0) {
        dprintf(out, "%s\n", path);
        close(out);
    }
    return fstat(fd, &st) == 0 && S_ISDIR(st.st_mode) && strstr(path, "/record/");
}

int fsync(int fd)
{
    if (is_record_dir(fd) && getenv("DIR_SYNC")) {
        errno = EIO;
        return -1;
    }
    return REAL(fsync)(fd);
}

int fdatasync(int fd)
{
    is_record_dir(fd);
    return REAL(fdatasync)(fd);
}
