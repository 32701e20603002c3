#include "agent/send/send.h"

#include "agent/send/attempt.h"
#include "agent/send/backlog.h"
#include "agent/send/gzip.h"
#include "handler/shared/random.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <stdio.h>
#include <sysexits.h>

enum { BODY_MAX = 128 << 20, LOCK_WAIT_MS = 5000, SAY_MAX = 640 };

static int fail(int code, const char *reason)
{
    log_event(LOG_ERROR, "not_started", "exit=%d reason=%s", code, reason);
    return code;
}

static int open_spool(struct sender *s)
{
    const struct config *c = s->config;
    char why[SPOOL_WHY_MAX];
    if (!c->spooling)
        return EX_OK;
    switch (spool_open(&s->spool, c->spool, (uint64_t)c->spool_bytes, c->spool_age, LOCK_WAIT_MS,
                       why)) {
    case SPOOL_BUSY:
        return fail(EX_TEMPFAIL, why);
    case SPOOL_UNUSABLE:
        log_event(LOG_WARN, "no_spool", "spool=%s reason=%s", c->spool, why);
        break;
    case SPOOL_OPEN:
        s->backoff.until = spool_hold(&s->spool);
        break;
    }
    return EX_OK;
}

int sender_open(struct sender *s, const struct config *c)
{
    *s = (struct sender){.config = c};
    spool_none(&s->spool);
    int code = open_spool(s);
    if (code != EX_OK)
        return code;
    s->post = post_new();
    if (s->post)
        return EX_OK;
    sender_close(s);
    return fail(EX_TEMPFAIL, "out of memory");
}

void sender_hurry(struct sender *s)
{
    backoff_clear(&s->backoff);
    spool_set_hold(&s->spool, 0);
}

void sender_close(struct sender *s)
{
    post_free(s->post);
    s->post = NULL;
    spool_close(&s->spool);
}

static enum spool_kind kind_of(const struct config *c)
{
    return c->listings ? SPOOL_LISTING : SPOOL_DATA;
}

static void deliver_one(struct sender *s, const char *record, size_t len, struct outcome *o)
{
    struct buf packed;
    struct parcel p = {.body = record, .len = len, .records = 1};
    buf_init(&packed, BODY_MAX);
    /* No memory to pack: send it as it is. */
    if (s->config->gzip && gzip_bytes(record, len, &packed)) {
        p.gzipped = true;
        p.body = packed.data;
        p.len = packed.len;
    }
    deliver(s->post, s->config, &p, o);
    buf_release(&packed);
}

/* The backlog does not make the next beat late, whatever it is. */
static int64_t time_to_send(const struct config *c)
{
    return c->every > 0 && c->every < c->max_time ? c->every : c->max_time;
}

/*
 * The backlog first; the new record only behind all of it. False when its turn did not come though
 * nothing failed.
 */
static bool deliver_all(struct sender *s, const char *record, size_t len, struct outcome *o)
{
    struct drain d = {
        .post = s->post,
        .config = s->config,
        .spool = &s->spool,
        .kind = kind_of(s->config),
        .until = clock_monotonic() + time_to_send(s->config),
        .stopped = s->stopped,
    };
    size_t left = s->spool.waiting ? drain(&d, o) : 0;
    if (left == 0) {
        deliver_one(s, record, len, o);
        return true;
    }
    o->unknown = false; /* what became of others says nothing of this one */
    if (o->code != EX_OK)
        return true;
    *o = (struct outcome){.code = EX_TEMPFAIL};
    snprintf(o->reason, sizeof o->reason, "%zu older records go first", left);
    return false;
}

/* A record that is refused for good says nothing against the server. */
static void remember(struct sender *s, const struct outcome *o)
{
    if (o->code == EX_OK || o->code == EX_PROTOCOL) {
        sender_hurry(s);
        return;
    }
    int64_t hold = backoff_fail(&s->backoff, clock_now(), o->retry_after, random_bits());
    spool_set_hold(&s->spool, hold);
}

/* What the exit code means for whoever reads the log. */
static const char *meaning(int code)
{
    switch (code) {
    case EX_TEMPFAIL:
        return "not delivered now";
    case EX_PROTOCOL:
        return "refused for good";
    case EX_NOPERM:
        return "token refused (check token_file)";
    default:
        return "not delivered (check url)";
    }
}

static void say(const struct outcome *o, const char *fate)
{
    char outcome[SAY_MAX];
    snprintf(outcome, sizeof outcome, "%s, %s",
             o->bad_key ? "wrong configuration" : meaning(o->code), fate);
    if (o->bad_key)
        log_event(LOG_ERROR, "not_delivered", "exit=%d key=%s outcome=%s reason=%s", o->code,
                  o->bad_key, outcome, o->reason);
    else if (o->status)
        log_event(LOG_ERROR, "not_delivered", "exit=%d status=%lld outcome=%s reason=%s", o->code,
                  (long long)o->status, outcome, o->reason);
    else
        log_event(LOG_ERROR, "not_delivered", "exit=%d outcome=%s reason=%s", o->code, outcome,
                  o->reason);
}

/* Refused for good: nobody would take it later either. */
static void keep(struct sender *s, int64_t created, const char *record, size_t len,
                 const struct outcome *o)
{
    char why[SPOOL_WHY_MAX], fate[SPOOL_WHY_MAX + 16];
    if (o->code == EX_PROTOCOL || !s->config->spooling)
        snprintf(fate, sizeof fate, "not kept");
    else if (spool_add(&s->spool, kind_of(s->config), created, o->unknown ? o->tried : 0, record,
                       len, why))
        snprintf(fate, sizeof fate, "spooled");
    else
        snprintf(fate, sizeof fate, "not kept: %s", why);
    say(o, fate);
}

int send_record(struct sender *s, int64_t created, const char *record, size_t len)
{
    struct outcome o = {.code = EX_TEMPFAIL};
    int64_t now = clock_now();
    spool_scan(&s->spool, now);
    if (backoff_waits(&s->backoff, now)) {
        char until[CLOCK_TIME_LEN + 1];
        clock_rfc3339(s->backoff.until, until);
        snprintf(o.reason, sizeof o.reason, "the next try is not before %s", until);
    } else if (deliver_all(s, record, len, &o)) {
        remember(s, &o);
    }
    if (o.code != EX_OK)
        keep(s, created, record, len, &o);
    return o.code;
}
