/*
 * collect: the record of one beat, as POST /data takes it: the host, who is logged in, what runs,
 * and how many processes could not be reported (unreadable, vanished, truncated).
 */
#ifndef AGENT_COLLECT_H
#define AGENT_COLLECT_H

#include "agent/config.h"

#include <stdbool.h>

struct buf;
struct history;

/* Command lines are cut until the record is not larger than this, as far as that helps. */
enum { COLLECT_RECORD_MAX = 8 << 20 };

/*
 * Appends the record, one JSON object on one line, to `out`, which is empty and takes more than
 * COLLECT_RECORD_MAX. `root` is an open directory (procfs.h), `own_root` is true if it is "/".
 * `history` (history.h) has the previous beat before the call, and this one after it. Ends within
 * c->deadline. False with errno if /proc cannot be read or memory is out.
 */
bool collect(const struct agent_config *c, int root, bool own_root, struct history *history,
             struct buf *out);

#endif
