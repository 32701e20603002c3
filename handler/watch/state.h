/*
 * state: what was delivered to a target, in a file <name>.json of the state directory.
 *
 * The file is replaced as a whole after a delivery, so that a process that dies before repeats what
 * it had sent, with the same ids, and loses nothing.
 */
#ifndef HANDLER_WATCH_STATE_H
#define HANDLER_WATCH_STATE_H

#include "handler/shared/conf.h"
#include "handler/watch/events.h"

/*
 * Reads the open events. Without a file `e->fresh` is true. False with one line in `error`: the
 * file cannot be read or is damaged.
 */
bool state_load(int directory, const char *name, struct events *e, char error[CONF_ERROR_LEN]);

/* Writes them as they are after the events that are marked as delivered. False with errno. */
bool state_save(int directory, const char *name, const struct events *e);

#endif
