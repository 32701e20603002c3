/*
 * confine: takes from a process, for the rest of its life, what it does not need.
 *
 *     confine_open(&c);
 *     confine_dir(&c, "/var/lib/rollcall", CONFINE_WRITE);
 *     confine_file(&c, "/etc/rollcall/tokens");
 *     confine_start(&c);
 *
 * Files: Landlock (landlock(7), Linux 5.13). Only what is below these directories can be opened,
 * created or removed; anything else is EACCES. Descriptors that are open already stay usable.
 *
 * System calls: seccomp(2). Calls that are not in the list in confine.c fail with ENOSYS, so that a
 * newer C library falls back to one that is. Sockets of its own, connect(2), execve(2), and new
 * processes and threads are not in the list.
 *
 * If the kernel, or a container around the program, does not offer one of the two, the program
 * runs without it, and the log says so.
 */
#ifndef HANDLER_CONFINE_H
#define HANDLER_CONFINE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

enum confine_access {
    CONFINE_READ, /* open files and directories for reading */
    CONFINE_WRITE /* and create, write, link, rename and remove them */
};

struct confine {
    int ruleset; /* -1: no Landlock, for the reason in `error` */
    int error;   /* 0, or the first errno */
    uint64_t rights;
    const char *home; /* borrowed: the directory of confine_is_stale() */
    dev_t dev;
    ino_t ino;
};

void confine_open(struct confine *c);

/* Allows what is below a directory, also what is mounted there later. One that does not exist is
 * left out. Errors are kept for confine_start(). */
void confine_dir(struct confine *c, const char *path, enum confine_access access);

/* Allows reading the directory of a file, so that the file may be replaced, and the directory of
 * what it is a symbolic link to. */
void confine_file(struct confine *c, const char *path);

/* Limits this process, and logs confined or not_confined. */
void confine_start(struct confine *c);

/*
 * confine_home() allows a directory, like confine_dir(), and remembers it. confine_is_stale() is
 * true once its path leads to another directory, or to none: a confined process cannot use that and
 * must be started again. `path` must outlive `c`.
 */
void confine_home(struct confine *c, const char *path, enum confine_access access);
bool confine_is_stale(const struct confine *c);

#endif
