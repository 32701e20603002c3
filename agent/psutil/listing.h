/*
 * listing: the process listing of one beat, as POST /api/v1/record takes it: uuid, timestamp, and
 * all processes as in psproc.h.
 */
#ifndef AGENT_PSUTIL_LISTING_H
#define AGENT_PSUTIL_LISTING_H

#include "agent/config.h"

#include <stdbool.h>

struct buf;
struct history;

/* Command lines are cut until the listing is not larger than this, as far as that helps. */
enum { LISTING_MAX = 15 << 20 };

enum listed {
    LISTED,
    LISTING_FAILED,  /* with errno: /proc cannot be read, or memory is out */
    LISTING_NO_UUID, /* none is configured, and the machine has no machine-id */
};

/* As collect() of collect.h. */
enum listed listing(const struct agent_config *c, int root, bool own_root, struct history *history,
                    struct buf *out);

#endif
