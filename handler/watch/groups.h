/*
 * groups: alarms that have one cause, so that they are told together.
 */
#ifndef HANDLER_WATCH_GROUPS_H
#define HANDLER_WATCH_GROUPS_H

#include "handler/watch/events.h"

struct group {
    enum event_scope scope;
    const char *name;            /* of the network or label; else "" */
    const struct alarm **alarms; /* all of one kind */
    size_t count;
};

struct groups {
    struct group *list; /* for free() */
    size_t count, room;
};

/*
 * Distributes `count` alarms, sorted by alarms_compare(): each is in one group. `storm` is the
 * number of silent hosts, times 100, above which they are one group. False when memory is out.
 */
bool groups_make(struct groups *g, struct arena *arena, const struct alarm **alarms, size_t count,
                 uint64_t storm);

/* The network of an address: "10.0.0.0/24", "2001:db8::/64". */
enum { GROUP_NETWORK_MAX = IP_TEXT_LEN + 4 };
void groups_network(const struct ip *ip, char out[GROUP_NETWORK_MAX]);

#endif
