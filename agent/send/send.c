#include "agent/send/send.h"

#include "agent/send/attempt.h"
#include "agent/send/backlog.h"
#include "agent/send/gzip.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/log.h"
#include "handler/shared/random.h"

#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

enum {
    BODY_MAX = 128 << 20,
    LOCK_WAIT_MS = 5000,
    SAY_MAX = 640,
    CLOCK_DIFFERENCE_MAX_S = 300, /* from the server's clock, for records to expire */
};

/* A record and its outcome, on the way from the sender to the spool. */
struct delivery {
    int64_t created; /* ms since the epoch */
    const char *record;
    size_t len;
    struct outcome outcome;
};

int sender_open(struct sender *s, const struct agent_config *c)
{
    char why[SPOOL_WHY_MAX];
    *s = (struct sender){.config = c, .post = post_new()};
    spool_init(&s->spool, c->spool, (uint64_t)c->spool_bytes, c->spool_age);
    if (!s->post) {
        log_event(LOG_ERROR, "not_started", "exit=%d reason=%s", EX_TEMPFAIL, "out of memory");
        return EX_TEMPFAIL;
    }
    if (!c->spooling)
        return EX_OK;
    switch (spool_open(&s->spool, LOCK_WAIT_MS, why)) {
    case SPOOL_BUSY:
        s->busy = true;
        break;
    case SPOOL_UNUSABLE:
        log_event(LOG_WARN, "no_spool", "spool=%s reason=%s", c->spool, why);
        break;
    case SPOOL_OPEN:
        s->backoff.until = spool_hold(&s->spool);
        break;
    }
    return EX_OK;
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

static enum spool_kind send_kind(const struct agent_config *c)
{
    return c->listings ? SPOOL_LISTING : SPOOL_DATA;
}

static void send_one(struct sender *s, struct delivery *d)
{
    struct buf packed;
    struct attempt a = {.body = d->record, .len = d->len, .records = 1};
    buf_init(&packed, BODY_MAX);
    /* Without the memory to compress it, the record is sent as it is. */
    if (s->config->gzip && gzip_bytes(d->record, d->len, &packed)) {
        a.gzipped = true;
        a.body = packed.data;
        a.len = packed.len;
    }
    attempt_send(s->post, s->config, &a, &d->outcome);
    buf_release(&packed);
}

/* The backlog must not delay the next beat. */
static int64_t send_time(const struct agent_config *c)
{
    return c->every > 0 && c->every < c->max_time ? c->every : c->max_time;
}

/* The backlog first, and the new record only if nothing of it is left. */
static void send_all(struct sender *s, struct delivery *d)
{
    struct outcome *o = &d->outcome;
    struct backlog b = {
        .post = s->post,
        .config = s->config,
        .spool = &s->spool,
        .kind = send_kind(s->config),
        .until = clock_monotonic() + send_time(s->config),
        .stopped = s->stopped,
    };
    size_t left = s->spool.waiting ? backlog_send(&b, o) : 0;
    bool unwritten = o->unwritten;
    if (left == 0) {
        send_one(s, d);
    } else if (o->code == EX_OK) {
        o->code = EX_TEMPFAIL;
        o->waiting = true;
        snprintf(o->reason, sizeof o->reason, "%zu older records are sent first", left);
    }
    o->unwritten = o->unwritten || unwritten;
    o->unknown =
        o->unknown && left == 0; /* the fate of other records says nothing about this one */
}

/* A record that rollcall refuses is not a failure of the server. */
static void send_remember(struct sender *s, const struct outcome *o)
{
    if (o->code == EX_OK || o->code == EX_PROTOCOL) {
        sender_hurry(s);
    } else if (!o->waiting) {
        int64_t hold = backoff_fail(&s->backoff, clock_now(), o->retry_after, random_bits());
        spool_set_hold(&s->spool, hold);
    }
}

/* Records expire only while this clock agrees with the server's. */
static void send_expire(struct sender *s, const struct outcome *o)
{
    int64_t now = clock_now();
    if (o->date && llabs(o->date - now / 1000) <= CLOCK_DIFFERENCE_MAX_S)
        spool_expire(&s->spool, now);
}

static const char *send_meaning(int code)
{
    switch (code) {
    case EX_TEMPFAIL:
        return "not delivered now";
    case EX_PROTOCOL:
        return "refused permanently";
    case EX_NOPERM:
        return "token refused (check token_file)";
    default:
        return "not delivered (check url)";
    }
}

static void send_log_failure(const struct outcome *o, const char *fate)
{
    char outcome[SAY_MAX];
    snprintf(outcome, sizeof outcome, "%s, %s",
             o->bad_key ? "wrong configuration" : send_meaning(o->code), fate);
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

/* Spools the record, unless it was refused: it would be refused again. */
static void send_keep(struct sender *s, const struct delivery *d)
{
    const struct outcome *o = &d->outcome;
    char why[SPOOL_WHY_MAX], fate[SPOOL_WHY_MAX + 16];
    struct spool_record record = {.kind = send_kind(s->config),
                                  .created = d->created,
                                  .tried = o->unknown ? o->tried : 0,
                                  .line = d->record,
                                  .len = d->len};
    if (o->code == EX_PROTOCOL || !s->config->spooling)
        snprintf(fate, sizeof fate, "not kept");
    else if (spool_add(&s->spool, &record, why))
        snprintf(fate, sizeof fate, "spooled");
    else
        snprintf(fate, sizeof fate, "not kept: %s", why);
    send_log_failure(o, fate);
}

int send_record(struct sender *s, int64_t created, const char *record, size_t len)
{
    struct delivery d = {.created = created, .record = record, .len = len};
    struct outcome *o = &d.outcome;
    int64_t now = clock_now();
    o->code = EX_TEMPFAIL;
    spool_scan(&s->spool);
    if (s->busy) {
        snprintf(o->reason, sizeof o->reason, "another agent sends from the spool %.300s",
                 s->config->spool);
    } else if (backoff_waits(&s->backoff, now)) {
        char until[CLOCK_TIME_LEN + 1];
        clock_rfc3339(s->backoff.until, until);
        snprintf(o->reason, sizeof o->reason, "the next try is not before %s", until);
    } else {
        o->code = EX_OK;
        send_all(s, &d);
        send_remember(s, o);
        send_expire(s, o);
    }
    if (o->code != EX_OK)
        send_keep(s, &d);
    return o->code == EX_OK && o->unwritten ? EX_TEMPFAIL : o->code;
}
