#include "agent/send/backlog.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"

#include <sysexits.h>

/* What is put together for one request. */
struct batch {
    struct spool *spool;
    struct buf packed, text; /* the same records, as gzip members and as lines */
    struct spool_entry *entries[DRAIN_BATCH_RECORDS];
    size_t count;
};

/* What may still be sent in this beat. */
struct budget {
    size_t bytes, requests;
    size_t records; /* in one batch: halved when the server says that it is too much */
};

static bool waits(const struct drain *d, const struct spool_entry *e)
{
    return !e->gone && !e->name.bad && e->name.kind == d->kind;
}

/* Takes back what was added behind these lengths. */
static void cut(struct batch *b, size_t packed, size_t text)
{
    b->packed.len = packed;
    b->text.len = text;
    b->packed.failed = b->packed.full = b->text.failed = b->text.full = false;
}

/* Adds the record, sets a bad one aside. False when it does not fit any more. */
static bool take(const struct drain *d, struct batch *b, struct spool_entry *e)
{
    size_t packed = b->packed.len, text = b->text.len;
    if (!spool_read(d->spool, e, &b->packed, &b->text)) {
        bool failed = b->packed.failed || b->text.failed, full = b->packed.full || b->text.full;
        cut(b, packed, text);
        if (failed && (b->count || !full))
            return false;
        spool_set_aside(d->spool, e, "the file is damaged, or cannot be read");
        return true;
    }
    if (b->count && b->text.len > DRAIN_BATCH_BYTES) {
        cut(b, packed, text);
        return false;
    }
    b->entries[b->count++] = e;
    return true;
}

static void fill(const struct drain *d, struct batch *b, const struct budget *budget)
{
    struct spool *s = d->spool;
    size_t most = d->kind == SPOOL_LISTING ? 1 : budget->records;
    buf_reset(&b->packed);
    buf_reset(&b->text);
    b->count = 0;
    for (size_t i = 0; i < s->count && b->count < most; i++)
        if (waits(d, &s->list[i]) && !take(d, b, &s->list[i]))
            break;
}

static int64_t first_try(const struct batch *b)
{
    int64_t first = 0;
    for (size_t i = 0; i < b->count; i++) {
        int64_t tried = b->entries[i]->name.tried;
        if (tried && (first == 0 || tried < first))
            first = tried;
    }
    return first;
}

/* If this process dies now, the next one is to know that the records may have arrived. */
static void mark(void *context)
{
    const struct batch *b = context;
    int64_t now = clock_now() / 1000;
    for (size_t i = 0; i < b->count; i++)
        spool_mark(b->spool, b->entries[i], now);
    spool_sync(b->spool);
}

static void send_batch(const struct drain *d, struct batch *b, struct outcome *o)
{
    bool gzip = d->config->gzip;
    struct parcel p = {
        .body = gzip ? b->packed.data : b->text.data,
        .len = gzip ? b->packed.len : b->text.len,
        .records = b->count,
        .gzipped = gzip,
        .tried = first_try(b),
        .sending = mark,
        .context = b,
    };
    deliver(d->post, d->config, &p, o);
}

static void remove_all(const struct drain *d, const struct batch *b)
{
    for (size_t i = 0; i < b->count; i++)
        spool_remove(d->spool, b->entries[i]);
}

/*
 * A batch is refused as a whole. With the line named, its record goes; else the next batch is half
 * of this one, down to the record that is to blame. True when there is something else to try.
 */
static bool learn(const struct drain *d, const struct batch *b, struct budget *budget,
                  const struct outcome *o)
{
    if (o->code != EX_PROTOCOL)
        return false;
    if (b->count == 1) {
        spool_set_aside(d->spool, b->entries[0], o->reason);
        return true;
    }
    if (o->status != 413 && o->line >= 1 && (uint64_t)o->line <= b->count) {
        spool_set_aside(d->spool, b->entries[o->line - 1], o->reason);
        return true;
    }
    budget->records = b->count / 2;
    return true;
}

static bool may_go_on(const struct drain *d, const struct budget *budget)
{
    return budget->bytes > 0 && budget->requests > 0 && clock_monotonic() < d->until &&
           !(d->stopped && d->stopped());
}

static void spend(struct budget *budget, size_t bytes)
{
    budget->bytes -= bytes < budget->bytes ? bytes : budget->bytes;
    budget->requests--;
}

static size_t count_waiting(const struct drain *d)
{
    size_t n = 0;
    for (size_t i = 0; i < d->spool->count; i++)
        n += waits(d, &d->spool->list[i]);
    return n;
}

size_t drain(const struct drain *d, struct outcome *o)
{
    struct batch b;
    struct budget budget = {DRAIN_BYTES, DRAIN_REQUESTS, DRAIN_BATCH_RECORDS};
    *o = (struct outcome){.line = -1};
    b.spool = d->spool;
    buf_init(&b.packed, SPOOL_RECORD_MAX);
    buf_init(&b.text, SPOOL_RECORD_MAX);
    while (may_go_on(d, &budget)) {
        fill(d, &b, &budget);
        if (b.count == 0)
            break;
        send_batch(d, &b, o);
        spend(&budget, b.text.len);
        if (o->code == EX_OK)
            remove_all(d, &b);
        else if (learn(d, &b, &budget, o))
            *o = (struct outcome){.line = -1};
        else
            break;
    }
    buf_release(&b.packed);
    buf_release(&b.text);
    return count_waiting(d);
}
