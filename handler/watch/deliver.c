#include "handler/watch/deliver.h"

#include "handler/shared/buf.h"
#include "handler/shared/log.h"
#include "handler/watch/post.h"
#include "handler/watch/sign.h"
#include "handler/watch/state.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

enum { BODY_MAX = 64 << 20, DELIVER_NEW_MS = 3600 * 1000 };

static void deliver_log_failure(const struct target *t, const char *reason)
{
    log_event(LOG_ERROR, "not_delivered", "target=%s reason=%s", t->name, reason);
}

/* Sends or prints one body. */
static bool deliver_body(const struct deliver *d, const struct target *t, const struct buf *body)
{
    char signature[SIGN_TEXT_MAX], error[POST_ERROR_MAX] = "out of memory";
    struct post post = {.url = t->url, .cacert = t->cacert, .timeout_ms = t->timeout};
    char alerts[2100];
    if (d->dry_run) {
        printf("{\"target\":\"%s\",\"body\":", t->name);
        fwrite(body->data, 1, body->len, stdout);
        return puts("}") >= 0;
    }
    if (t->alertmanager) {
        size_t len = strlen(t->url);
        snprintf(alerts, sizeof alerts, "%s%s", t->url,
                 len && t->url[len - 1] == '/' ? "api/v2/alerts" : "/api/v2/alerts");
        post.url = alerts;
    }
    bool ok = !body->failed;
    if (ok && t->secret_len) {
        const struct text secret = {t->secret, t->secret_len}, text = {body->data, body->len};
        ok = sign(d->digest, secret, clock_now() / 1000, text, signature);
        post.signature = signature;
    }
    ok = ok && post_json(&post, body->data, body->len, error);
    if (!ok)
        deliver_log_failure(t, error);
    return ok;
}

/* ---- webhook: the difference */

/* Up to DELIVER_BATCH_MAX events that are not delivered yet, marked by their place in `batch`. */
static size_t deliver_batch(struct events *e, struct event *batch[DELIVER_BATCH_MAX])
{
    struct event_list *const lists[] = {&e->ended, &e->begun};
    size_t count = 0;
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count && count < DELIVER_BATCH_MAX; i++)
            if (!lists[l]->list[i].delivered)
                batch[count++] = &lists[l]->list[i];
    return count;
}

static bool deliver_events(const struct deliver *d, const struct target *t,
                           struct event *const *batch, size_t count)
{
    struct buf body;
    char now[CLOCK_TIME_LEN + 1];
    clock_rfc3339(d->message->alarms->now_ms, now);
    buf_init(&body, BODY_MAX);
    buf_printf(&body, "{\"version\":1,\"as_of\":\"%s\",\"events\":[", now);
    for (size_t i = 0; i < count; i++) {
        buf_puts(&body, i ? ",\n" : "\n");
        message_event(d->message, batch[i], &body);
    }
    buf_puts(&body, "\n]}");
    bool ok = deliver_body(d, t, &body);
    buf_release(&body);
    return ok;
}

/* The end of what has no end event: nothing is told. */
static void deliver_skip_nameless(struct events *e)
{
    for (size_t i = 0; i < e->ended.count; i++)
        if (!*events_name(&e->ended.list[i]))
            e->ended.list[i].delivered = true;
}

static bool deliver_webhook(const struct deliver *d, const struct target *t, struct events *e)
{
    struct event *batch[DELIVER_BATCH_MAX];
    bool ok = true;
    deliver_skip_nameless(e);
    for (size_t count; ok && (count = deliver_batch(e, batch)) > 0;) {
        ok = deliver_events(d, t, batch, count);
        for (size_t i = 0; ok && i < count; i++)
            batch[i]->delivered = true;
    }
    return ok;
}

/* The first run: what is wrong already is known. */
static void deliver_note(struct events *e)
{
    for (size_t i = 0; i < e->begun.count; i++)
        e->begun.list[i].delivered = true;
}

/* A host that is new is not wrong: one that the first run finds is never told. */
static void deliver_note_new(struct events *e)
{
    for (size_t i = 0; i < e->begun.count; i++)
        if (e->begun.list[i].kind == ALARM_NEW) {
            e->begun.list[i].delivered = true;
            e->begun.list[i].since = 0;
        }
}

/* ---- Alertmanager: all that fires, and what has just ended */

struct alert {
    const struct event *event;
    bool over;
};

/* True while one of its hosts is to be told. A new host is told for an hour. */
static bool deliver_fires(const struct event *e, int64_t now_ms, bool *over)
{
    size_t left = 0, loud = 0;
    *over = false;
    if (e->kind == ALARM_NEW && now_ms - e->since > DELIVER_NEW_MS)
        return false;
    for (size_t i = 0; i < e->count; i++) {
        left += !e->members[i].over;
        loud += !e->members[i].over && !e->members[i].quiet;
    }
    *over = left == 0;
    return loud > 0 || *over;
}

static size_t deliver_alerts(struct events *e, int64_t now_ms, struct alert *alerts)
{
    size_t count = 0;
    for (size_t i = 0; i < e->open.count; i++) {
        alerts[count].event = &e->open.list[i];
        count += deliver_fires(&e->open.list[i], now_ms, &alerts[count].over);
    }
    for (size_t i = 0; i < e->begun.count; i++)
        if (!e->begun.list[i].delivered)
            alerts[count++] = (struct alert){&e->begun.list[i], false};
    return count;
}

static bool deliver_alertmanager(const struct deliver *d, const struct target *t, struct events *e)
{
    struct alert *alerts =
        arena_array(&e->arena, e->open.count + e->begun.count + 1, sizeof *alerts);
    struct buf body;
    bool ok = alerts != NULL;
    size_t count = ok ? deliver_alerts(e, d->message->alarms->now_ms, alerts) : 0;
    buf_init(&body, BODY_MAX);
    for (size_t from = 0; ok && from < count; from += DELIVER_BATCH_MAX) {
        buf_reset(&body);
        for (size_t i = from; i < count && i < from + DELIVER_BATCH_MAX; i++) {
            buf_puts(&body, i == from ? "[" : ",\n");
            message_alert(d->message, alerts[i].event, alerts[i].over, &body);
        }
        buf_putc(&body, ']');
        ok = deliver_body(d, t, &body);
    }
    for (size_t i = 0; ok && i < e->ended.count; i++)
        e->ended.list[i].delivered = true;
    if (ok)
        deliver_note(e);
    buf_release(&body);
    return ok;
}

/* ---- both */

static size_t deliver_count(const struct events *e)
{
    const struct event_list *const lists[] = {&e->ended, &e->begun};
    size_t count = 0;
    for (size_t l = 0; l < 2; l++)
        for (size_t i = 0; i < lists[l]->count; i++)
            count += lists[l]->list[i].delivered;
    return count;
}

static bool deliver_save(const struct deliver *d, const struct target *t, struct events *e,
                         bool first)
{
    size_t count = deliver_count(e);
    if (d->dry_run || (count == 0 && !first))
        return true;
    e->serial++;
    if (!state_save(d->directory, t->name, e)) {
        deliver_log_failure(t, strerror(errno));
        return false;
    }
    log_event(LOG_INFO, first && !d->from_scratch && !t->alertmanager ? "noted" : "delivered",
              "target=%s events=%zu", t->name, count);
    return true;
}

static bool deliver_all(const struct deliver *d, const struct target *t, struct events *e)
{
    bool first = e->fresh;
    if (!events_compare(e, d->message->alarms, (unsigned)d->message->config->storm, d->digest)) {
        deliver_log_failure(t, "out of memory");
        return false;
    }
    bool ok = true;
    if (first)
        deliver_note_new(e);
    if (t->alertmanager)
        ok = deliver_alertmanager(d, t, e);
    else if (first && !d->from_scratch)
        deliver_note(e);
    else
        ok = deliver_webhook(d, t, e);
    /* What was delivered before a failure is not sent again. */
    return deliver_save(d, t, e, first && ok) && ok;
}

enum delivered deliver(const struct deliver *d, const struct target *t)
{
    struct events e;
    char error[CONF_ERROR_LEN];
    enum delivered result = DELIVERED;
    events_init(&e);
    if (!d->from_scratch && d->directory >= 0 && !state_load(d->directory, t->name, &e, error)) {
        log_event(LOG_ERROR, "bad_state", "target=%s reason=%s", t->name, error);
        result = DELIVER_DAMAGED;
    } else if (!deliver_all(d, t, &e)) {
        result = NOT_DELIVERED;
    }
    events_release(&e);
    return result;
}
