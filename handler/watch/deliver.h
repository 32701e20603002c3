/*
 * deliver: brings one target up to date.
 */
#ifndef HANDLER_WATCH_DELIVER_H
#define HANDLER_WATCH_DELIVER_H

#include "handler/watch/message.h"

enum { DELIVER_BATCH_MAX = 1000 };

struct deliver {
    const struct message *message;
    struct digest *digest;
    int directory;     /* of the state files; -1: there is none (dry run) */
    bool from_scratch; /* as if nothing had ever been delivered, and everything is to be told */
    bool dry_run;      /* print, send nothing, keep no state */
};

enum delivered {
    DELIVERED,
    NOT_DELIVERED,   /* the target or the state file failed; the next run repeats it */
    DELIVER_DAMAGED, /* the state file cannot be used */
};

/*
 * Compares the alarms with what the target knows, sends the difference (to Alertmanager all that
 * fires), and replaces the state file. The first run for a webhook only notes what is wrong. What
 * fails is logged.
 */
enum delivered deliver(const struct deliver *d, const struct target *t);

#endif
