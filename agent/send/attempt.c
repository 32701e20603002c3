#include "agent/send/attempt.h"

#include "agent/send/reply.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <stdio.h>
#include <sysexits.h>
#include <unistd.h>

enum { LINE_MAX = 4096, RETRY_MAX_S = 999999999 };

int attempt_code(long status, bool refused)
{
    static const long permanent[] = {400, 409, 413, 415, 422};
    if (status >= 200 && status < 300)
        return EX_OK;
    if (status == 401 || status == 403)
        return EX_NOPERM;
    if (status == 404 || status == 405 || (status >= 300 && status < 400))
        return EX_CONFIG;
    for (size_t i = 0; refused && i < sizeof permanent / sizeof *permanent; i++)
        if (status == permanent[i])
            return EX_PROTOCOL;
    return EX_TEMPFAIL;
}

static void attempt_put_text(struct buf *line, const char *name, const char *value)
{
    if (value[0])
        buf_printf(line, " %s=%s", name, value);
}

static void attempt_put_number(struct buf *line, const char *name, int64_t value)
{
    buf_printf(line, " %s=%lld", name, (long long)value);
}

/* logfmt; rollcall-verify --receipts reads client_ip, date, seq and chain. */
static void attempt_put_receipt(struct buf *line, const struct attempt *a,
                                const struct post_answer *answer, const struct reply *r)
{
    char now[CLOCK_TIME_LEN + 1];
    clock_rfc3339(clock_now(), now);
    buf_puts(line, "delivered");
    attempt_put_text(line, "time", now);
    attempt_put_number(line, "status", answer->status);
    attempt_put_number(line, "bytes", (int64_t)a->len);
    attempt_put_number(line, "ms", answer->ms);
    if (a->records > 1)
        attempt_put_number(line, "records", (int64_t)a->records);
    attempt_put_text(line, "client_ip", r->client_ip);
    attempt_put_text(line, "date", r->date);
    if (r->seq >= 0)
        attempt_put_number(line, "seq", r->seq);
    attempt_put_text(line, "chain", r->chain);
    if (r->duplicates > 0)
        attempt_put_number(line, "duplicates", r->duplicates);
    if (r->durable >= 0)
        attempt_put_text(line, "durable", r->durable ? "true" : "false");
    buf_putc(line, '\n');
}

/* One write, so that a receipt is never mixed with another process's. False if it is not whole. */
static bool attempt_print_receipt(const struct attempt *a, const struct post_answer *answer,
                                  const struct reply *r)
{
    struct buf line;
    buf_init(&line, LINE_MAX);
    attempt_put_receipt(&line, a, answer, r);
    errno = ENOSPC; /* for a write that is cut short */
    bool ok = !line.failed && write(STDOUT_FILENO, line.data, line.len) == (ssize_t)line.len;
    if (!ok)
        log_event(LOG_ERROR, "receipt_not_written", "exit=%d outcome=%s reason=%s", EX_TEMPFAIL,
                  "delivered, but stdout does not take the receipt", strerror(errno));
    buf_release(&line);
    return ok;
}

static void attempt_log_receipt(const struct attempt *a, const struct post_answer *answer,
                                const struct reply *r)
{
    log_event(LOG_INFO, "delivered",
              "status=%lld bytes=%zu ms=%lld records=%zu client_ip=%s date=%s seq=%lld chain=%s",
              (long long)answer->status, a->len, (long long)answer->ms, a->records, r->client_ip,
              r->date, (long long)r->seq, r->chain);
}

/* True if the answer confirms every record that was sent. */
static bool attempt_is_receipt(const struct reply *r, const struct attempt *a)
{
    int64_t duplicates = r->duplicates > 0 ? r->duplicates : 0;
    return r->status == REPLY_SUCCESS &&
           (r->records < 0 || r->records + duplicates == (int64_t)a->records);
}

static const char *attempt_reason(const struct post_answer *answer, const struct reply *r)
{
    if (answer->status < 300)
        return "expected a receipt; the server at url is not rollcall";
    if (answer->status < 400)
        return "the server redirects, which the agent does not follow; set url to the final "
               "address";
    if (r->status == REPLY_OTHER)
        return "the answer is not from rollcall, but from a proxy or another server";
    return r->reason;
}

/*
 * Nothing is stored if rollcall answered 4xx or any server answered 3xx. A 5xx, and a 4xx that is
 * not rollcall's, may come from a proxy after the record was stored.
 */
static void attempt_take_answer(const struct agent_config *c, const struct attempt *a,
                                const struct post_answer *answer, struct outcome *o)
{
    struct reply reply;
    reply_parse(answer->body.data, answer->body.len, &reply);
    o->status = answer->status;
    o->code = attempt_code(answer->status, reply.status == REPLY_FAIL);
    o->retry_after = answer->retry_after * 1000;
    o->date = answer->date;
    if (o->code == EX_OK && attempt_is_receipt(&reply, a)) {
        o->unwritten = !attempt_print_receipt(a, answer, &reply);
        if (c->log)
            attempt_log_receipt(a, answer, &reply);
        return;
    }
    bool redirected = answer->status >= 300 && answer->status < 400;
    bool refused = answer->status >= 400 && answer->status < 500 && reply.status == REPLY_FAIL;
    o->unknown = !redirected && !refused;
    if (o->code == EX_OK)
        o->code = EX_CONFIG;
    snprintf(o->reason, sizeof o->reason, "%s", attempt_reason(answer, &reply));
    o->line = reply.line;
}

static void attempt_take_failure(const struct post_answer *answer, struct outcome *o)
{
    o->code = answer->bad_key ? EX_CONFIG : EX_TEMPFAIL;
    o->bad_key = answer->bad_key;
    o->unknown = answer->sent;
    snprintf(o->reason, sizeof o->reason, "%s", answer->error);
}

/* Whole seconds since the first try, rounded up; a day if the clock was set back since. */
static int64_t attempt_age(int64_t tried)
{
    int64_t now = clock_now() / 1000;
    int64_t seconds = now >= tried ? now - tried + 1 : CLOCK_DAY_MS / 1000;
    return seconds < RETRY_MAX_S ? seconds : RETRY_MAX_S;
}

struct post_request attempt_request(const struct agent_config *c)
{
    return (struct post_request){
        .url = c->url,
        .token = c->token,
        .cacert = c->cacert,
        .cert = c->cert,
        .key = c->key,
        .insecure = c->insecure,
        .connect_timeout = c->connect_timeout,
        .max_time = c->max_time,
    };
}

void attempt_send(struct post *post, const struct agent_config *c, const struct attempt *a,
                  struct outcome *o)
{
    struct post_answer answer;
    struct post_request request = attempt_request(c);
    request.type = a->records > 1 ? "application/x-ndjson" : "application/json";
    request.gzipped = a->gzipped;
    request.body = a->body;
    request.len = a->len;
    request.sending = a->sending;
    request.context = a->context;
    request.retry = a->tried ? attempt_age(a->tried) : 0;
    *o = (struct outcome){.line = -1, .tried = a->tried ? a->tried : clock_now() / 1000};
    bool answered = post_send(post, &request, &answer);
    if (!answered && answer.stale) { /* try again at once, as a retry */
        post_release(&answer);
        request.fresh = true;
        request.retry = attempt_age(o->tried);
        answered = post_send(post, &request, &answer);
        answer.sent = true;
    }
    if (answered)
        attempt_take_answer(c, a, &answer, o);
    else
        attempt_take_failure(&answer, o);
    post_release(&answer);
}
