#include "agent/send/backlog.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"

#include <sysexits.h>

/* The records of one request. */
struct bundle {
    struct spool *spool;
    struct buf packed, text; /* the same records, as gzip members and as lines */
    struct spool_entry *entries[BACKLOG_BATCH_RECORDS];
    size_t count;
};

/* What may still be sent in this beat. */
struct budget {
    size_t bytes, requests;
    size_t records; /* in one batch; halved when the server finds a batch too large */
};

static bool backlog_waits(const struct backlog *b, const struct spool_entry *e)
{
    return !e->gone && !e->name.bad && e->name.kind == b->kind;
}

static void bundle_truncate(struct bundle *u, size_t packed, size_t text)
{
    u->packed.len = packed;
    u->text.len = text;
    u->packed.failed = u->packed.full = u->text.failed = u->text.full = false;
}

/* Adds the record. One that cannot be read is set aside. False if the record does not fit. */
static bool bundle_add(struct bundle *u, struct spool_entry *e)
{
    size_t packed = u->packed.len, text = u->text.len;
    switch (spool_read(u->spool, e, &u->packed, &u->text)) {
    case SPOOL_GONE:
        spool_remove(u->spool, e);
        return true;
    case SPOOL_FAILED: {
        bool failed = u->packed.failed || u->text.failed, full = u->packed.full || u->text.full;
        bundle_truncate(u, packed, text);
        if (failed && (u->count || !full))
            return false;
        spool_set_aside(u->spool, e, "the file is damaged or unreadable");
        return true;
    }
    case SPOOL_READ:
        break;
    }
    if (u->count && u->text.len > BACKLOG_BATCH_BYTES) {
        bundle_truncate(u, packed, text);
        return false;
    }
    u->entries[u->count++] = e;
    return true;
}

static void bundle_fill(struct bundle *u, const struct backlog *b, size_t records)
{
    struct spool *s = b->spool;
    size_t most = b->kind == SPOOL_LISTING ? 1 : records;
    buf_reset(&u->packed);
    buf_reset(&u->text);
    u->count = 0;
    for (size_t i = 0; i < s->count && u->count < most; i++)
        if (backlog_waits(b, &s->list[i]) && !bundle_add(u, &s->list[i]))
            break;
}

static int64_t bundle_first_try(const struct bundle *u)
{
    int64_t first = 0;
    for (size_t i = 0; i < u->count; i++) {
        int64_t tried = u->entries[i]->name.tried;
        if (tried && (first == 0 || tried < first))
            first = tried;
    }
    return first;
}

/* If this process is killed now, the next one must know that the records may have arrived. */
static void bundle_mark(void *context)
{
    const struct bundle *u = context;
    int64_t now = clock_now() / 1000;
    for (size_t i = 0; i < u->count; i++)
        spool_mark(u->spool, u->entries[i], now);
    spool_sync(u->spool);
}

static void bundle_send(struct bundle *u, const struct backlog *b, struct outcome *o)
{
    bool gzip = b->config->gzip;
    struct attempt a = {
        .body = gzip ? u->packed.data : u->text.data,
        .len = gzip ? u->packed.len : u->text.len,
        .records = u->count,
        .gzipped = gzip,
        .tried = bundle_first_try(u),
        .sending = bundle_mark,
        .context = u,
    };
    attempt_send(b->post, b->config, &a, o);
}

static void bundle_remove(const struct bundle *u)
{
    for (size_t i = 0; i < u->count; i++)
        spool_remove(u->spool, u->entries[i]);
}

/*
 * A batch is refused as a whole. If the answer names a line, that record is set aside. Otherwise
 * the next batch has half as many records, down to the one that is refused. A 413 halves the batch
 * even if a proxy sent it. True if there is something else to try.
 */
static bool backlog_learn(const struct bundle *u, struct budget *budget, const struct outcome *o)
{
    bool refused = o->code == EX_PROTOCOL;
    if (u->count == 1) {
        if (refused)
            spool_set_aside(u->spool, u->entries[0], o->reason);
        return refused;
    }
    if (refused && o->status != 413 && o->line >= 1 && (uint64_t)o->line <= u->count) {
        spool_set_aside(u->spool, u->entries[o->line - 1], o->reason);
        return true;
    }
    budget->records = u->count / 2;
    return refused || o->status == 413;
}

static bool backlog_may_go_on(const struct backlog *b, const struct budget *budget)
{
    return budget->bytes > 0 && budget->requests > 0 && clock_monotonic() < b->until &&
           !(b->stopped && b->stopped());
}

static void budget_spend(struct budget *budget, size_t bytes)
{
    budget->bytes -= bytes < budget->bytes ? bytes : budget->bytes;
    budget->requests--;
}

static size_t backlog_count(const struct backlog *b)
{
    size_t n = 0;
    for (size_t i = 0; i < b->spool->count; i++)
        n += backlog_waits(b, &b->spool->list[i]);
    return n;
}

size_t backlog_send(const struct backlog *b, struct outcome *o)
{
    struct bundle u = {.spool = b->spool};
    struct budget budget = {BACKLOG_BYTES, BACKLOG_REQUESTS, BACKLOG_BATCH_RECORDS};
    bool unwritten = false;
    *o = (struct outcome){.line = -1};
    buf_init(&u.packed, SPOOL_RECORD_MAX);
    buf_init(&u.text, SPOOL_RECORD_MAX);
    while (backlog_may_go_on(b, &budget)) {
        bundle_fill(&u, b, budget.records);
        if (u.count == 0)
            break;
        bundle_send(&u, b, o);
        budget_spend(&budget, u.text.len);
        unwritten = unwritten || o->unwritten;
        if (o->code == EX_OK)
            bundle_remove(&u);
        else if (backlog_learn(&u, &budget, o))
            *o = (struct outcome){.line = -1, .date = o->date};
        else
            break;
    }
    o->unwritten = unwritten;
    buf_release(&u.packed);
    buf_release(&u.text);
    return backlog_count(b);
}
