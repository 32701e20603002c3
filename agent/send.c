#include "send.h"

#include "gzip.h"
#include "post.h"
#include "reply.h"

#include "shared/buf.h"
#include "shared/log.h"

#include <stdio.h>
#include <sysexits.h>

enum { BODY_MAX = 128 << 20 };

int send_exit(long status)
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

/* logfmt; rollcall-verify --receipts reads client_ip, date, seq and chain. */
static void put_receipt(struct buf *line, const struct reply *r)
{
    put_pair(line, "client_ip", r->client_ip);
    put_pair(line, "date", r->date);
    if (r->seq >= 0)
        buf_printf(line, " seq=%lld", (long long)r->seq);
    put_pair(line, "chain", r->chain);
    if (r->duplicates > 0)
        buf_printf(line, " duplicates=%lld", (long long)r->duplicates);
    if (r->durable >= 0)
        put_pair(line, "durable", r->durable ? "true" : "false");
}

static void say_delivered(const struct config *c, const struct post_answer *a,
                          const struct reply *r, size_t bytes)
{
    struct buf line;
    buf_init(&line, 4096);
    buf_printf(&line, "delivered status=%ld bytes=%zu ms=%lld", a->status, bytes, (long long)a->ms);
    put_receipt(&line, r);
    const char *text = buf_str(&line);
    if (text) {
        puts(text);
        fflush(stdout);
    }
    buf_release(&line);
    if (c->log) /* receipts belong into the log as well */
        log_event(LOG_INFO, "delivered",
                  "status=%lld bytes=%zu ms=%lld client_ip=%s date=%s seq=%lld chain=%s",
                  (long long)a->status, bytes, (long long)a->ms, r->client_ip, r->date,
                  (long long)r->seq, r->chain);
}

/* What the exit code means for the record and for whoever reads the log. */
static const char *outcome(int code)
{
    switch (code) {
    case EX_TEMPFAIL:
        return "not delivered now, not kept";
    case EX_PROTOCOL:
        return "refused for good, not kept";
    case EX_NOPERM:
        return "token refused, not kept: check token_file";
    default:
        return "not delivered, not kept: check url";
    }
}

static int fail_status(const struct post_answer *a, const struct reply *r)
{
    int code = send_exit(a->status);
    const char *reason = r->reason[0] ? r->reason : "the answer gives no reason";
    if (a->status >= 300 && a->status < 400)
        reason = "the server redirects, which is not followed; url must name the final address";
    if (code == EX_OK) {
        reason = "the answer is no receipt; url does not lead to rollcall";
        code = EX_CONFIG;
    }
    log_event(LOG_ERROR, "not_delivered", "exit=%d status=%lld outcome=%s reason=%s", code,
              (long long)a->status, outcome(code), reason);
    return code;
}

static int fail_transfer(const struct post_answer *a)
{
    if (!a->bad_key) {
        log_event(LOG_ERROR, "not_delivered", "exit=%d outcome=%s reason=%s", EX_TEMPFAIL,
                  outcome(EX_TEMPFAIL), a->error);
        return EX_TEMPFAIL;
    }
    log_event(LOG_ERROR, "not_delivered", "exit=%d key=%s outcome=%s reason=%s", EX_CONFIG,
              a->bad_key, "not delivered, not kept: wrong configuration", a->error);
    return EX_CONFIG;
}

static int deliver(const struct config *c, const struct post_request *request)
{
    struct post_answer answer;
    struct reply reply;
    int code = EX_OK;
    if (post(request, &answer)) {
        reply_parse(answer.body.data, answer.body.len, &reply);
        if (send_exit(answer.status) == EX_OK && reply.success)
            say_delivered(c, &answer, &reply, request->len);
        else
            code = fail_status(&answer, &reply);
    } else {
        code = fail_transfer(&answer);
    }
    post_release(&answer);
    return code;
}

int send_record(const struct config *c, const char *record, size_t len)
{
    struct buf packed;
    struct post_request request = {
        .url = c->url,
        .token = c->token,
        .cacert = c->cacert,
        .cert = c->cert,
        .key = c->key,
        .insecure = c->insecure,
        .connect_timeout = c->connect_timeout,
        .max_time = c->max_time,
        .body = record,
        .len = len,
    };
    buf_init(&packed, BODY_MAX);
    if (c->gzip && gzip_bytes(record, len, &packed)) { /* no memory to pack: send it as it is */
        request.gzipped = true;
        request.body = packed.data;
        request.len = packed.len;
    }
    int code = deliver(c, &request);
    buf_release(&packed);
    return code;
}
