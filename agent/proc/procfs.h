/*
 * procfs: the files that the agent reads, below a root directory.
 *
 * Everything that collects takes the root as an open directory and names its files relative to it
 * ("proc/stat", "etc/os-release"). The root is "/" on a real machine, a fixture in a test, or /host
 * in a container that has the machine's tree mounted there. The tree_ functions resolve symbolic
 * links inside the root, so that an absolute link of the machine does not lead into the container.
 * The proc_ functions take an open directory of /proc, where there are no such links, and are
 * faster.
 *
 * Files are opened without blocking, so that a FIFO reads as an empty file, and every read is
 * bounded.
 */
#ifndef AGENT_PROC_PROCFS_H
#define AGENT_PROC_PROCFS_H

#include "handler/shared/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/stat.h>

struct buf;

/* Opens the root directory for the calls below; -1 with errno. The caller closes it. */
int tree_root(const char *path);

/* Opens the directory `path` below the root; -1 with errno. The caller closes it. */
int tree_directory(int root, const char *path);

/* stat(2) of `path` below the root, with or without a leading "/"; false with errno. */
bool tree_stat(int root, const char *path, struct stat *st);

/*
 * Appends the bytes of the file to `b`, at most as many as b->max allows: the rest of a longer file
 * is ignored. False with errno if it cannot be opened or read.
 */
bool tree_read(int root, const char *path, struct buf *b);

/*
 * The first line of the file without white space at both ends, NUL-terminated and cut to `size` - 1
 * bytes. False, with "" in `out`, if there is none.
 */
bool tree_line(int root, const char *path, char *out, size_t size);

/*
 * tree_open() where openat2(2) is missing (Linux before 5.6) or forbidden: resolves `path` step by
 * step. For tests.
 */
int tree_walk(int root, const char *path, int flags);

/* How an attempt to read a process ended. */
enum proc_outcome {
    PROC_READ,
    PROC_ENDED, /* the process has ended */
    PROC_UNREADABLE,
};

/* The outcome of a call that failed with this errno. */
enum proc_outcome proc_failure(int error);

/* Opens `path` below the directory `dir` of /proc for reading; -1 with errno. */
int proc_open(int dir, const char *path);

/* The same for a file whose opening or reading may block forever (see guard.h). */
int proc_open_blocking(int dir, const char *path);

/* As tree_read(). */
bool proc_read(int dir, const char *path, struct buf *b);

enum { PROC_PID_PATH = 40 };

/*
 * "PID/name", a path below proc. It is needed for every process, and snprintf() takes ten times as
 * long. `name` has at most 18 bytes.
 */
void proc_pid_path(int64_t pid, const char *name, char out[PROC_PID_PATH]);

enum { PROC_CLOSING_MAX = 16 };

/* Files to close; those with consecutive numbers need one system call. Initialise with zeros. */
struct proc_closing {
    unsigned count, fds[PROC_CLOSING_MAX];
};

void proc_close_later(struct proc_closing *c, int fd);
void proc_close_all(struct proc_closing *c);

/*
 * The value of the first line "name=value" or "name: value" of `text`, without white space around
 * it, borrowed from `text`. False if there is no such line.
 */
bool proc_field(struct text text, const char *name, char separator, struct text *value);

/* Up to `max` numbers separated by blanks, from the start of `text`. Returns how many. */
size_t proc_numbers(struct text text, uint64_t *out, size_t max);

/* The numbers of the line "name: 1 2 3". True if there are at least `count`. */
bool proc_number_field(struct text text, const char *name, uint64_t *out, size_t count);

/* The number of a directory entry such as "17" of /proc or /proc/PID/fd; -1 for another name. */
int64_t proc_entry_number(const char *name);

#endif
