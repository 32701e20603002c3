/*
 * tree: the files that the agent reads, below a root directory.
 *
 * Everything that collects takes the root as an open directory and names its files relative to it
 * ("proc/stat", "etc/os-release"): "/" on a real machine, a fixture in a test, /host in a container
 * that has the machine's tree mounted there. Files are opened without blocking, so that a FIFO in
 * the place of a file is an empty file, and every read is bounded.
 */
#ifndef AGENT_PROC_PROCFS_H
#define AGENT_PROC_PROCFS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

/* The root directory for the calls below, to be closed by the caller; -1 with errno. */
int tree_root(const char *path);

/* Opens `path` below the directory `dir` for reading; -1 with errno. */
int tree_open(int dir, const char *path);

/* The same for a file whose opening or reading may block for ever (see guard.h). */
int tree_open_blocking(int dir, const char *path);

enum { TREE_PID_PATH = 40 };

/*
 * "PID/name", a path below proc: for what is asked of every process, snprintf() takes ten times as
 * long. `name` has at most 18 bytes.
 */
void tree_pid_path(int64_t pid, const char *name, char out[TREE_PID_PATH]);

enum { TREE_CLOSING_MAX = 16 };

/*
 * Files that were read and are to be closed, those with consecutive numbers with one system call.
 * All zero is none.
 */
struct tree_closing {
    unsigned count, fds[TREE_CLOSING_MAX];
};

void tree_close_later(struct tree_closing *c, int fd);
void tree_close_all(struct tree_closing *c);

/*
 * Adds the file's bytes to `b`, at most as many as b->max allows: a longer file is cut, not
 * refused. False with errno when it cannot be opened or read.
 */
bool tree_read(int dir, const char *path, struct buf *b);

/*
 * The file's first line without white space at its end, NUL-terminated and cut to `size` - 1
 * bytes. False (and "" in `out`) when there is none.
 */
bool tree_line(int dir, const char *path, char *out, size_t size);

/* A line "name=value" or "name: value" of `text`; false when there is none. See tree_field(). */
struct tree_field {
    const char *value; /* borrowed from the text, without white space around it */
    size_t len;
};

/*
 * Finds the first line of `text` whose part before `separator`, without white space around it, is
 * `name`.
 */
bool tree_field(const char *text, size_t len, const char *name, char separator,
                struct tree_field *out);

#endif
