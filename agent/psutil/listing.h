/*
 * listing: one beat's process listing, as POST /api/v1/record takes it: uuid, timestamp, and all
 * processes as psproc.h has them.
 */
#ifndef AGENT_PSUTIL_LISTING_H
#define AGENT_PSUTIL_LISTING_H

#include "agent/config.h"

#include <stdbool.h>

struct buf;
struct history;

/* Command lines are cut shorter until the listing is no larger, as far as that helps. */
enum { LISTING_MAX = 15 << 20 };

/*
 * Like collect() of collect.h. Also false, with errno 0, when there is no uuid: none is configured,
 * and the machine has no machine-id.
 */
bool listing(const struct config *c, int root, bool own_root, struct history *history,
             struct buf *out);

#endif
