#include "agent/send/attempt.h"

#include "agent/send/reply.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <stdio.h>
#include <sysexits.h>

enum { LINE_MAX = 4096, RETRY_MAX_S = 999999999 };

int deliver_code(long status)
{
    if (status >= 200 && status < 300)
        return EX_OK;
    if (status == 401 || status == 403)
        return EX_NOPERM;
    if (status == 404 || status == 405 || (status >= 300 && status < 400))
        return EX_CONFIG;
    if (status == 408 || status == 429 || status >= 500)
        return EX_TEMPFAIL;
    return status >= 400 ? EX_PROTOCOL : EX_TEMPFAIL;
}

static void put_pair(struct buf *line, const char *name, const char *value)
{
    if (value[0])
        buf_printf(line, " %s=%s", name, value);
}

static void put_number(struct buf *line, const char *name, int64_t value)
{
    buf_printf(line, " %s=%lld", name, (long long)value);
}

/* logfmt; rollcall-verify --receipts reads client_ip, date, seq and chain. */
static void put_receipt(struct buf *line, const struct parcel *p, const struct post_answer *a,
                        const struct reply *r)
{
    put_number(line, "status", a->status);
    put_number(line, "bytes", (int64_t)p->len);
    put_number(line, "ms", a->ms);
    if (p->records > 1)
        put_number(line, "records", (int64_t)p->records);
    put_pair(line, "client_ip", r->client_ip);
    put_pair(line, "date", r->date);
    if (r->seq >= 0)
        put_number(line, "seq", r->seq);
    put_pair(line, "chain", r->chain);
    if (r->duplicates > 0)
        put_number(line, "duplicates", r->duplicates);
    if (r->durable >= 0)
        put_pair(line, "durable", r->durable ? "true" : "false");
}

static void say_delivered(const struct config *c, const struct parcel *p,
                          const struct post_answer *a, const struct reply *r)
{
    struct buf line;
    buf_init(&line, LINE_MAX);
    buf_puts(&line, "delivered");
    put_receipt(&line, p, a, r);
    const char *text = buf_str(&line);
    if (text) {
        puts(text);
        fflush(stdout);
    }
    buf_release(&line);
    if (c->log) /* receipts belong into the log as well */
        log_event(
            LOG_INFO, "delivered",
            "status=%lld bytes=%zu ms=%lld records=%zu client_ip=%s date=%s seq=%lld chain=%s",
            (long long)a->status, p->len, (long long)a->ms, p->records, r->client_ip, r->date,
            (long long)r->seq, r->chain);
}

/* A receipt for all that was sent, as far as it says. */
static bool is_receipt(const struct reply *r, const struct parcel *p)
{
    int64_t duplicates = r->duplicates > 0 ? r->duplicates : 0;
    return r->success && (r->records < 0 || r->records + duplicates == (int64_t)p->records);
}

static void take_refusal(const struct post_answer *a, const struct reply *r, struct outcome *o)
{
    const char *reason = r->reason[0] ? r->reason : "the answer gives no reason";
    if (a->status >= 300 && a->status < 400)
        reason = "the server redirects, which is not followed; url must name the final address";
    if (o->code == EX_OK) {
        reason = "the answer is no receipt; url does not lead to rollcall";
        o->code = EX_CONFIG;
    }
    snprintf(o->reason, sizeof o->reason, "%s", reason);
    o->line = r->line;
}

/*
 * What the server's 3xx and 4xx refuse is not there. A 5xx may come from something in between, or
 * from a web server whose handler died behind its commit.
 */
static void take_answer(const struct config *c, const struct parcel *p, const struct post_answer *a,
                        struct outcome *o)
{
    struct reply reply;
    reply_parse(a->body.data, a->body.len, &reply);
    o->status = a->status;
    o->code = deliver_code(a->status);
    o->retry_after = a->retry_after * 1000;
    if (o->code == EX_OK && is_receipt(&reply, p)) {
        say_delivered(c, p, a, &reply);
        return;
    }
    o->unknown = a->status < 300 || a->status >= 500;
    take_refusal(a, &reply, o);
}

static void take_failure(const struct post_answer *a, struct outcome *o)
{
    o->code = a->bad_key ? EX_CONFIG : EX_TEMPFAIL;
    o->bad_key = a->bad_key;
    o->unknown = a->sent;
    snprintf(o->reason, sizeof o->reason, "%s", a->error);
}

/* Whole seconds since the first try, rounded up; a clock that went back says nothing, so a day. */
static int64_t since(int64_t tried)
{
    int64_t now = clock_now() / 1000;
    int64_t seconds = now >= tried ? now - tried + 1 : CLOCK_DAY_MS / 1000;
    return seconds < RETRY_MAX_S ? seconds : RETRY_MAX_S;
}

static bool try_once(struct post *post, struct post_request *request, int64_t tried,
                     struct post_answer *answer)
{
    request->retry = tried ? since(tried) : 0;
    return post_send(post, request, answer);
}

void deliver(struct post *post, const struct config *c, const struct parcel *p, struct outcome *o)
{
    struct post_answer answer;
    struct post_request request = {
        .url = c->url,
        .token = c->token,
        .cacert = c->cacert,
        .cert = c->cert,
        .key = c->key,
        .insecure = c->insecure,
        .type = p->records > 1 ? "application/x-ndjson" : "application/json",
        .gzipped = p->gzipped,
        .connect_timeout = c->connect_timeout,
        .max_time = c->max_time,
        .body = p->body,
        .len = p->len,
        .sending = p->sending,
        .context = p->context,
    };
    *o = (struct outcome){.line = -1, .tried = p->tried ? p->tried : clock_now() / 1000};
    bool answered = try_once(post, &request, p->tried, &answer);
    if (!answered && answer.stale) { /* no fault of the server's: at once, but not silently */
        post_release(&answer);
        request.fresh = true;
        answered = try_once(post, &request, o->tried, &answer);
        answer.sent = true;
    }
    if (answered)
        take_answer(c, p, &answer, o);
    else
        take_failure(&answer, o);
    post_release(&answer);
}
