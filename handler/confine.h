/*
 * confine: takes from a process, for the rest of its life, what it does not need.
 *
 *     confine_open(&c);
 *     confine_dir(&c, "/var/lib/rollcall", CONFINE_WRITE);
 *     confine_file(&c, "/etc/rollcall/tokens");
 *     confine_start(&c, CONFINE_SERVE, LOG_INFO);
 *
 * Files: Landlock (landlock(7), Linux 5.13). Only what is below these directories can be opened,
 * created or removed; anything else is EACCES. Descriptors that are open already stay usable.
 *
 * System calls: seccomp(2). Calls that are not in the lists in confine.c fail with ENOSYS, so that
 * a newer C library falls back to one that is. execve(2), new processes and listen(2) are in no
 * list; sockets of its own, connect(2) and threads are in that of CONFINE_NETWORK.
 *
 * confine_off() instead of confine_open() leaves the files as they are: only the calls are limited.
 *
 * If the kernel, or a container around the program, does not offer one of the two, the program
 * runs without it, and the log says so.
 */
#ifndef HANDLER_CONFINE_H
#define HANDLER_CONFINE_H

#include "handler/shared/log.h"

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum confine_access {
    CONFINE_READ, /* open files and directories for reading */
    CONFINE_WRITE /* and create, write, link, rename and remove them */
};

enum confine_calls {
    CONFINE_SERVE,  /* answer requests from files */
    CONFINE_NETWORK /* and connect to other machines, as libcurl does */
};

enum { CONFINE_WATCHED = 8 };

/* What was at a path when the process was limited. */
struct confine_watch {
    const char *path; /* borrowed */
    int flags;
    dev_t dev;
    ino_t ino;
};

struct confine {
    int ruleset; /* -1: no Landlock */
    int error;   /* 0, or the first errno */
    uint64_t rights;
    size_t watched;
    struct confine_watch watch[CONFINE_WATCHED];
};

void confine_open(struct confine *c);
void confine_off(struct confine *c);

/* Allows what is below a directory, also what is mounted there later. One that does not exist is
 * left out. Errors are kept for confine_start(). */
void confine_dir(struct confine *c, const char *path, enum confine_access access);

/* Allows reading the directory of a file, so that the file may be replaced, and the directory of
 * what it is a symbolic link to. */
void confine_file(struct confine *c, const char *path);

/*
 * confine_home() allows a directory, like
 * confine_dir(), confine_exactly() one file for reading, or if that is a symbolic link, the
 * directory of what it is a link to. Both remember what is there. confine_stale() is the first path
 * that now leads to something else, or NULL: a confined process cannot use that and must be started
 * again. At most CONFINE_WATCHED paths, which must outlive `c`.
 */
void confine_home(struct confine *c, const char *path, enum confine_access access);
void confine_exactly(struct confine *c, const char *path);
const char *confine_stale(const struct confine *c);

/* Limits this process, and logs confined, at `level`, or not_confined. */
void confine_start(struct confine *c, enum confine_calls calls, enum log_level level);

#endif
