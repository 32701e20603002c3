#include "handler/confine.h"

#include "handler/shared/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <sched.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Newer than the headers of Debian 12. */
#ifndef LANDLOCK_ACCESS_FS_TRUNCATE
#define LANDLOCK_ACCESS_FS_TRUNCATE (1ULL << 14)
#endif

static const uint64_t read_access = LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR;
static const uint64_t write_access =
    LANDLOCK_ACCESS_FS_READ_FILE | LANDLOCK_ACCESS_FS_READ_DIR | LANDLOCK_ACCESS_FS_WRITE_FILE |
    LANDLOCK_ACCESS_FS_REMOVE_DIR | LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_DIR |
    LANDLOCK_ACCESS_FS_MAKE_REG | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE;

/* All rights of the first version of Landlock; each later version added the next bit. */
static uint64_t confine_rights(long version)
{
    const uint64_t first = (LANDLOCK_ACCESS_FS_MAKE_SYM << 1) - 1;
    if (version >= 3)
        return first | LANDLOCK_ACCESS_FS_REFER | LANDLOCK_ACCESS_FS_TRUNCATE;
    return version == 2 ? first | LANDLOCK_ACCESS_FS_REFER : first;
}

static void confine_failed(struct confine *c)
{
    if (c->error == 0)
        c->error = errno;
}

void confine_open(struct confine *c)
{
    confine_off(c);
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version >= 1) {
        c->rights = confine_rights(version);
        struct landlock_ruleset_attr attr = {.handled_access_fs = c->rights};
        c->ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    }
    if (c->ruleset < 0)
        confine_failed(c);
}

void confine_off(struct confine *c)
{
    *c = (struct confine){.ruleset = -1};
}

/* Allows what `path` is, or what is below it. */
static void confine_rule(struct confine *c, const char *path, int flags, uint64_t access)
{
    if (c->ruleset < 0)
        return;
    int fd = open(path, O_PATH | O_CLOEXEC | flags);
    if (fd < 0)
        return;
    struct landlock_path_beneath_attr rule = {.allowed_access = c->rights & access,
                                              .parent_fd = fd};
    if (syscall(SYS_landlock_add_rule, c->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        confine_failed(c);
    close(fd);
}

void confine_dir(struct confine *c, const char *path, enum confine_access access)
{
    confine_rule(c, path, O_DIRECTORY, access == CONFINE_WRITE ? write_access : read_access);
}

/* The directory that has `path`. */
static void confine_parent(struct confine *c, const char *path)
{
    char dir[PATH_MAX];
    if ((size_t)snprintf(dir, sizeof dir, "%s", path) < sizeof dir)
        confine_dir(c, dirname(dir), CONFINE_READ);
}

void confine_file(struct confine *c, const char *path)
{
    char target[PATH_MAX];
    confine_parent(c, path);
    if (realpath(path, target))
        confine_parent(c, target);
}

/* What is there now; nothing is the inode 0. */
static struct stat confine_look(const struct confine_watch *w)
{
    struct stat st;
    if (fstatat(AT_FDCWD, w->path, &st, w->flags) != 0)
        st = (struct stat){.st_ino = 0};
    return st;
}

/* `flags` are those of fstatat(2). */
static void confine_remember(struct confine *c, const char *path, int flags)
{
    if (c->watched == CONFINE_WATCHED) {
        errno = ENOSPC;
        confine_failed(c);
        return;
    }
    struct confine_watch *w = &c->watch[c->watched++];
    *w = (struct confine_watch){.path = path, .flags = flags};
    struct stat st = confine_look(w);
    w->dev = st.st_dev;
    w->ino = st.st_ino;
}

void confine_home(struct confine *c, const char *path, enum confine_access access)
{
    confine_dir(c, path, access);
    confine_remember(c, path, 0);
}

void confine_exactly(struct confine *c, const char *path)
{
    char target[PATH_MAX];
    struct stat st;
    if (lstat(path, &st) == 0) {
        if (S_ISLNK(st.st_mode) && realpath(path, target))
            confine_parent(c, target);
        else
            confine_rule(c, path, O_NOFOLLOW, LANDLOCK_ACCESS_FS_READ_FILE);
    }
    confine_remember(c, path, AT_SYMLINK_NOFOLLOW);
}

const char *confine_stale(const struct confine *c)
{
    for (size_t i = 0; i < c->watched; i++) {
        struct stat st = confine_look(&c->watch[i]);
        if (st.st_dev != c->watch[i].dev || st.st_ino != c->watch[i].ino)
            return c->watch[i].path;
    }
    return NULL;
}

/*
 * What a program that serves FastCGI requests from files calls, in the C libraries of Debian 12 and
 * later: by name, since not every machine has every call.
 */
static const char *const confine_allowed[] = {
    /* files */
    "access", "close", "close_range", "dup", "dup2", "dup3", "faccessat", "faccessat2", "fadvise64",
    "fallocate", "fcntl", "fcntl64", "fdatasync", "flock", "fstat", "fstat64", "fstatat64",
    "fstatfs", "fstatfs64", "fsync", "ftruncate", "ftruncate64", "getdents", "getdents64", "link",
    "linkat", "lseek", "_llseek", "lstat", "lstat64", "mkdir", "mkdirat", "newfstatat", "open",
    "openat", "openat2", "pread64", "preadv", "preadv2", "pwrite64", "pwritev", "pwritev2", "read",
    "readahead", "readlink", "readlinkat", "readv", "rename", "renameat", "renameat2", "rmdir",
    "stat", "stat64", "statfs", "statfs64", "statx", "sync_file_range", "sync_file_range2",
    "unlink", "unlinkat", "utimensat", "utimensat_time64", "write", "writev",
    /* the connection that the web server makes */
    "accept", "accept4", "getpeername", "getsockname", "getsockopt", "_newselect", "poll", "ppoll",
    "pselect6", "recv", "recvfrom", "recvmsg", "select", "send", "sendmsg", "sendto", "setsockopt",
    "shutdown", "socketcall",
    /* memory, time, signals */
    "brk", "clock_getres", "clock_gettime", "clock_gettime64", "clock_nanosleep",
    "clock_nanosleep_time64", "exit", "exit_group", "futex", "futex_time64", "futex_waitv",
    "getegid", "geteuid", "getgid", "getitimer", "getpid", "getppid", "getrandom", "getrusage",
    "gettid", "gettimeofday", "getuid", "madvise", "membarrier", "mmap", "mmap2", "mprotect",
    "mremap", "munmap", "nanosleep", "pause", "prlimit64", "restart_syscall", "rseq",
    "rt_sigaction", "rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigsuspend",
    "rt_sigtimedwait", "sched_getaffinity", "sched_yield", "set_robust_list", "setitimer",
    "sigaltstack", "sigreturn", "sysinfo", "tgkill", "time", "ugetrlimit", "umask", "uname"};

/* What libcurl, and the resolver of the C library with its modules, call besides. */
static const char *const confine_network[] = {
    "alarm",           "bind",     "connect", "epoll_create1", "epoll_ctl",       "epoll_pwait",
    "epoll_wait",      "eventfd2", "pipe2",   "ppoll_time64",  "pselect6_time64", "recvmmsg",
    "recvmmsg_time64", "sendmmsg", "socket",  "socketpair"};

/* Threads have all of these flags, processes have not; their order differs on one machine. */
enum {
    CONFINE_THREAD = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD,
#ifdef __s390__
    CONFINE_CLONE_FLAGS = 1
#else
    CONFINE_CLONE_FLAGS = 0
#endif
};

/* Requests of ioctl(2) that look: is this a terminal, how wide, how much can be read. */
static const unsigned long confine_looks[] = {TCGETS, TIOCGWINSZ, FIONREAD};

static int confine_allow(scmp_filter_ctx filter, const char *const *names, size_t n)
{
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < n; i++) {
        int number = seccomp_syscall_resolve_name(names[i]);
        if (number != __NR_SCMP_ERROR)
            rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    return rc;
}

static int confine_allow_network(scmp_filter_ctx filter)
{
    int rc = confine_allow(filter, confine_network, sizeof confine_network / sizeof(char *));
    if (rc == 0)
        rc = seccomp_rule_add(
            filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
            SCMP_CMP(CONFINE_CLONE_FLAGS, SCMP_CMP_MASKED_EQ, CONFINE_THREAD, CONFINE_THREAD));
    for (size_t i = 0; rc == 0 && i < sizeof confine_looks / sizeof *confine_looks; i++)
        rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(ioctl), 1,
                              SCMP_A1(SCMP_CMP_EQ, confine_looks[i]));
    return rc;
}

/* 0 or an errno. */
static int confine_calls(enum confine_calls calls)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return ENOMEM;
    /* The filter is no reason to slow the processor's predictions down, as older kernels do. */
    seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
    int rc = confine_allow(filter, confine_allowed, sizeof confine_allowed / sizeof(char *));
    if (rc == 0 && calls == CONFINE_NETWORK)
        rc = confine_allow_network(filter);
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    return -rc;
}

void confine_start(struct confine *c, enum confine_calls calls, enum log_level level)
{
    bool files = c->ruleset >= 0;
    /* A process that may get privileges by execve(2) may not limit itself. */
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        confine_failed(c);
    if (files && syscall(SYS_landlock_restrict_self, c->ruleset, 0) != 0) {
        confine_failed(c);
        files = false;
    }
    if (c->ruleset >= 0)
        close(c->ruleset);
    c->ruleset = -1;
    if (!files)
        c->watched = 0;
    int error = confine_calls(calls);
    if (c->error == 0 && error == 0)
        log_event(level, "confined", "files=%s calls=%s", files ? "landlock" : "all", "seccomp");
    else
        log_event(LOG_WARN, "not_confined", "files=%s calls=%s",
                  c->error ? strerror(c->error) : "ok", error ? strerror(error) : "ok");
}
