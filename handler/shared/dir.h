/*
 * dir: visits the entries of a directory.
 *
 *     if (!dir_visit(dir_open(AT_FDCWD, path), count_entry, &count))
 *         return errno == ENOENT;
 */
#ifndef HANDLER_SHARED_DIR_H
#define HANDLER_SHARED_DIR_H

#include <stdbool.h>

/*
 * Called once for each entry except "." and "..", in no particular order. `dir` is the directory,
 * for openat(2) and its like; `name` is valid until the function returns. False ends the visit.
 */
typedef bool (*dir_visit_fn)(int dir, const char *name, void *to);

/*
 * Opens a directory for dir_visit(); `name` itself may not be a symbolic link. To visit a directory
 * that stays open, open "." below it: a dup(2) would share its position. -1 with errno.
 */
int dir_open(int at, const char *name);

/*
 * Visits the directory `fd` and closes it. True when every entry was visited. False when the visit
 * was ended, with the errno that `visit` left, and when the directory cannot be read, with errno. A
 * negative `fd` is false and leaves errno as it is: that of the dir_open() that failed.
 */
bool dir_visit(int fd, dir_visit_fn visit, void *to);

#endif
