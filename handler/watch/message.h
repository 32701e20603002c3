/*
 * message: events as JSON for a target.
 *
 * Text that hosts sent is cut at MESSAGE_TEXT_MAX bytes, and all of it but letters, digits and
 * "._:-" is written as %xx.
 */
#ifndef HANDLER_WATCH_MESSAGE_H
#define HANDLER_WATCH_MESSAGE_H

#include "handler/watch/events.h"
#include "handler/watch/watchconf.h"

struct buf;

enum { MESSAGE_TEXT_MAX = 128, MESSAGE_HOSTS_MAX = 20, MESSAGE_NETWORKS_MAX = 5 };

struct message {
    const struct watchconf *config;
    const struct alarms *alarms;
    struct rules *rules;
};

/* An event as an object of a webhook's "events". */
void message_event(const struct message *m, const struct event *e, struct buf *out);

/* An event as an alert of Alertmanager's API v2. With `over` it ends now. */
void message_alert(const struct message *m, const struct event *e, bool over, struct buf *out);

/* A text of a host, quoted. */
void message_text(struct buf *out, struct text text);

#endif
