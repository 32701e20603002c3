#include "handler/read/states.h"

#include <string.h>

static const char *const names[STATE_COUNT] = {"present", "late", "absent", "never",
                                               "moved",   "gone", "retired"};

enum host_state states_of(const struct state_input *in)
{
    if (in->retired)
        return STATE_RETIRED;
    if (in->last_seen < 0)
        return STATE_NEVER;
    int64_t age = in->now - in->last_seen; /* below 0 when another machine's clock is ahead */
    if (age > STATE_ABSENT_INTERVALS * in->every_ms)
        return in->moved ? STATE_MOVED : in->ephemeral ? STATE_GONE : STATE_ABSENT;
    return age > STATE_LATE_INTERVALS * in->every_ms ? STATE_LATE : STATE_PRESENT;
}

const char *states_name(enum host_state state)
{
    return names[state];
}

enum host_state states_find(const char *name)
{
    enum host_state state = STATE_PRESENT;
    while (state < STATE_COUNT && strcmp(names[state], name) != 0)
        state++;
    return state;
}
