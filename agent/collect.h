/*
 * collect: one beat's record, as CONTRACT.md's POST /data takes it: the host, who is logged in,
 * what runs, and how many processes could not be told of (unreadable, vanished, truncated).
 */
#ifndef AGENT_COLLECT_H
#define AGENT_COLLECT_H

#include "agent/config.h"

#include <stdbool.h>

struct buf;
struct history;

/* No record is larger while cutting command lines shorter can help. */
enum { COLLECT_RECORD_MAX = 8 << 20 };

/*
 * Adds the record, one JSON object on one line, to `out` (empty, its max above
 * COLLECT_RECORD_MAX). `root` is an open directory (tree.h), `own_root` true when it is "/".
 * `history` (history.h) holds the beat before, and then this one.
 * False with errno when /proc cannot be read or memory is out. Ends inside c->deadline.
 */
bool collect(const struct config *c, int root, bool own_root, struct history *history,
             struct buf *out);

#endif
