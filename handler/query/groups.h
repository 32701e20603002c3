/*
 * groups: equal things of many hosts, counted once each, with some of the hosts as examples.
 *
 * What is equal is told by text: the members of a JSON object. At most GROUPS_MAX different ones
 * are kept, those after them are counted in `left_out`.
 */
#ifndef HANDLER_QUERY_GROUPS_H
#define HANDLER_QUERY_GROUPS_H

#include "handler/read/hosts.h"

enum { GROUPS_MAX = 20000, GROUPS_EXAMPLES = 20, GROUPS_TABLE = 1 << 16 };

struct groups {
    struct group *list;
    size_t count, room;
    uint64_t left_out;
    uint32_t *table; /* hash table of indexes + 1 */
};

/* False: memory is out. */
bool groups_init(struct groups *g);
void groups_release(struct groups *g);

/* Counts one thing of a host; the hosts come one after the other. False: memory is out. */
bool groups_add(struct groups *g, struct text members, const struct host *host);

/*
 * Appends up to `limit` groups as JSON objects, those of most hosts first: the members, "hosts",
 * the number of things as `count_name`, and "examples". Sorts the list.
 */
void groups_put(struct groups *g, size_t limit, const char *count_name, struct buf *out);

/* Appends "ip":...,"hostname":... */
void groups_put_host(const struct host *host, struct buf *out);

#endif
