#include "handler/confine.h"

#include "handler/shared/log.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <linux/landlock.h>
#include <seccomp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
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
    *c = (struct confine){.ruleset = -1};
    long version = syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_CREATE_RULESET_VERSION);
    if (version >= 1) {
        c->rights = confine_rights(version);
        struct landlock_ruleset_attr attr = {.handled_access_fs = c->rights};
        c->ruleset = (int)syscall(SYS_landlock_create_ruleset, &attr, sizeof attr, 0);
    }
    if (c->ruleset < 0)
        confine_failed(c);
}

void confine_dir(struct confine *c, const char *path, enum confine_access access)
{
    if (c->ruleset < 0)
        return;
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return;
    struct landlock_path_beneath_attr rule = {
        .allowed_access = c->rights & (access == CONFINE_WRITE ? write_access : read_access),
        .parent_fd = fd,
    };
    if (syscall(SYS_landlock_add_rule, c->ruleset, LANDLOCK_RULE_PATH_BENEATH, &rule, 0) != 0)
        confine_failed(c);
    close(fd);
}

void confine_file(struct confine *c, const char *path)
{
    char dir[PATH_MAX];
    size_t size = strlen(path) + 1;
    if (size <= sizeof dir) {
        memcpy(dir, path, size);
        confine_dir(c, dirname(dir), CONFINE_READ);
    }
    if (realpath(path, dir))
        confine_dir(c, dirname(dir), CONFINE_READ);
}

void confine_home(struct confine *c, const char *path, enum confine_access access)
{
    struct stat st;
    confine_dir(c, path, access);
    if (stat(path, &st) == 0) {
        c->home = path;
        c->dev = st.st_dev;
        c->ino = st.st_ino;
    }
}

bool confine_is_stale(const struct confine *c)
{
    struct stat st;
    return c->home && (stat(c->home, &st) != 0 || st.st_dev != c->dev || st.st_ino != c->ino);
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

/* 0 or an errno. */
static int confine_calls(void)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(ENOSYS));
    if (!filter)
        return ENOMEM;
    int rc = 0;
    for (size_t i = 0; rc == 0 && i < sizeof confine_allowed / sizeof confine_allowed[0]; i++) {
        int number = seccomp_syscall_resolve_name(confine_allowed[i]);
        if (number != __NR_SCMP_ERROR)
            rc = seccomp_rule_add(filter, SCMP_ACT_ALLOW, number, 0);
    }
    if (rc == 0)
        rc = seccomp_load(filter);
    seccomp_release(filter);
    return -rc;
}

/* A process that may get privileges by execve(2) may not limit itself. */
void confine_start(struct confine *c)
{
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        confine_failed(c);
    if (c->ruleset >= 0) {
        if (syscall(SYS_landlock_restrict_self, c->ruleset, 0) != 0) {
            confine_failed(c);
            c->home = NULL;
        }
        close(c->ruleset);
    } else {
        c->home = NULL;
    }
    int calls = confine_calls();
    if (c->error == 0 && calls == 0)
        log_event(LOG_DEBUG, "confined", "files=%s calls=%s", "landlock", "seccomp");
    else
        log_event(LOG_WARN, "not_confined", "files=%s calls=%s",
                  c->error ? strerror(c->error) : "ok", calls ? strerror(calls) : "ok");
}
