/*
 * events: alarms as they are told: those of one cause together.
 *
 * A target's open events are what was delivered to it and is not over. events_compare() takes them
 * and the alarms of now, and makes what is to be told: `begun`, which become open, and `ended`, in
 * which hosts leave an open event.
 *
 * Hosts that fall silent together in one network (/24, /64) or with one label are one event. Over
 * `storm` percent of the fleet, and at least 10 hosts, is one event of the fleet. The hosts that
 * begin to break a rule are one event.
 */
#ifndef HANDLER_WATCH_EVENTS_H
#define HANDLER_WATCH_EVENTS_H

#include "handler/shared/digest.h"
#include "handler/watch/alarms.h"

enum { EVENT_ID_LEN = 32, EVENT_STORM_MIN = 10 };

/* A host of an event. */
struct member {
    const char *subject;
    int64_t since;           /* -1: unknown */
    const struct host *host; /* NULL: it is not in the files any more, or it is the collector */
    bool quiet;
    bool over; /* it leaves with an ended event */
};

enum event_scope { SCOPE_HOST, SCOPE_NETWORK, SCOPE_LABEL, SCOPE_FLEET };

struct event {
    char id[EVENT_ID_LEN + 1];
    enum alarm_kind kind;
    enum event_scope scope;
    const char *name; /* of the network or label; else "" */
    const char *rule, *severity;
    int64_t since;
    struct member *members; /* by subject */
    size_t count;
    bool ended;       /* tells the end of `of` for its members */
    struct event *of; /* ended: the open event */
    bool delivered;
};

struct event_list {
    struct event *list;
    size_t count, room;
};

/* What a target knows, and what it is to be told. Zero it first; strings are in `arena`. */
struct events {
    struct arena arena;
    bool fresh;      /* nothing was ever delivered */
    uint64_t serial; /* grows with each delivery */
    struct event_list open, begun, ended;
};

void events_init(struct events *e);
void events_release(struct events *e);

/* Adds an event to the list, zeroed; NULL when memory is out. */
struct event *events_add(struct event_list *l);

/* A copy in the arena, NULL when memory is out. */
const char *events_text(struct events *e, const char *text);

/* Fills `begun` and `ended`. False when memory is out. */
bool events_compare(struct events *e, const struct alarms *now, unsigned storm, struct digest *d);

/* "host.silent", "fleet.silent", "host.back" ... */
const char *events_name(const struct event *e);

/* "silent" ...: the kind in a state file. */
const char *events_kind_name(enum alarm_kind kind);

#endif
