/*
 * names: user names of the uids that were seen.
 *
 * names_want() each uid, names_load() once, and names_get(). What etc/passwd does not know may be
 * known to the directory service behind getpwuid(3); that can block, so names_lookup() is for a
 * guarded job, and names_set() takes what it found.
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
    size_t last; /* where the last search ended: processes of one user stand together */
};

void names_init(struct names *n);
void names_release(struct names *n);

/* Notes the uid and gives its place in the list; false when memory is out. */
bool names_want(struct names *n, uid_t uid, size_t *at);

/* Fills in what etc/passwd below `root` says: its first entry for a uid counts. */
void names_load(struct names *n, int root);

/* getpwuid(3)'s name of `uid` to `out`; false for none. May block. */
bool names_lookup(uid_t uid, struct buf *out);

/* The name of the uid at place `at`. */
void names_set(struct names *n, size_t at, const char *name, size_t len);

#endif
