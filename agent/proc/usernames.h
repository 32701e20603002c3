/*
 * names: the user names of the uids that were seen.
 *
 * Call names_want() for each uid, and names_load() once. A name that is not in etc/passwd may be
 * known to the directory service of getpwuid(3). That can block, so names_lookup() must run in a
 * guarded job, and names_set() stores its result.
 */
#ifndef AGENT_PROC_USERNAMES_H
#define AGENT_PROC_USERNAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

struct buf;

enum { NAMES_LEN = 64 };

struct name {
    uid_t uid;
    bool known;
    char text[NAMES_LEN]; /* the number until the name is known */
};

struct names {
    struct name *list;
    size_t count, room;
    size_t last; /* place of the last search: the next process often has the same user */
};

void names_init(struct names *n);
void names_release(struct names *n);

/* Adds the uid unless it is there, and stores its place in the list. False if memory is out. */
bool names_want(struct names *n, uid_t uid, size_t *at);

/* Fills in the names of etc/passwd below `root`. The first entry of a uid counts. */
void names_load(struct names *n, int root);

/* Appends the name that getpwuid(3) has for `uid` to `out`; false if there is none. May block. */
bool names_lookup(uid_t uid, struct buf *out);

/* Sets the name of the uid at place `at`. */
void names_set(struct names *n, size_t at, const char *name, size_t len);

#endif
