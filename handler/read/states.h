/*
 * states: is a host there? Decided by the time of its newest record, never by the client's clock.
 *
 *     present   the newest record is at most 2 intervals old
 *     late      older than 2 intervals
 *     absent    older than 10 intervals
 *     never     in the hosts file, and in no file of the last absent_days
 *     moved     absent, but its machine_id has reported from another address since
 *     gone      absent, and the hosts file says ephemeral
 *     retired   the hosts file says so, whatever else is true
 *
 * Silent means absent or never. moved, gone and retired raise no alarm.
 */
#ifndef HANDLER_READ_STATES_H
#define HANDLER_READ_STATES_H

#include <stdbool.h>
#include <stdint.h>

enum host_state {
    STATE_PRESENT,
    STATE_LATE,
    STATE_ABSENT,
    STATE_NEVER,
    STATE_MOVED,
    STATE_GONE,
    STATE_RETIRED,
    STATE_COUNT
};

enum { STATE_LATE_INTERVALS = 2, STATE_ABSENT_INTERVALS = 10 };

/* What a state depends on. Times are in milliseconds since the epoch. */
struct state_input {
    int64_t now;
    int64_t last_seen; /* -1: no record */
    int64_t every_ms;
    bool ephemeral, retired;
    bool moved; /* the machine has reported from another address since */
};

enum host_state states_of(const struct state_input *in);

/* "present" ... */
const char *states_name(enum host_state state);

/* The state of that name; STATE_COUNT when there is none. */
enum host_state states_find(const char *name);

static inline bool states_silent(enum host_state state)
{
    return state == STATE_ABSENT || state == STATE_NEVER;
}

/* Hidden from lists unless asked for. */
static inline bool states_hidden(enum host_state state)
{
    return state >= STATE_MOVED;
}

#endif
