#include "handler/data.h"

#include "handler/http/reply.h"

#include <stdlib.h>
#include <string.h>

enum { RETRY_DIGITS_MAX = 9 };

/* Rollcall-Retry: whole seconds since the first try. */
static enum verdict read_retry(const char *text, int64_t *ms, struct fault *f)
{
    *ms = -1;
    if (!*text)
        return V_OK;
    size_t len = strlen(text);
    if (len > RETRY_DIGITS_MAX || strspn(text, "0123456789") != len)
        return fault_set(f, V_BAD_REQUEST,
                         "Rollcall-Retry must be a whole number of seconds since the first try");
    *ms = (int64_t)strtoll(text, NULL, 10) * 1000;
    return V_OK;
}

static void put_receipt(struct buf *out, const struct ip *ip, const struct receipt *receipt)
{
    reply_success(out);
    buf_puts(out, "{\"client_ip\":\"");
    buf_puts(out, ip->text);
    buf_puts(out, "\",\"date\":\"");
    buf_puts(out, receipt->date);
    buf_puts_u64(out, "\",\"records\":", receipt->records);
    buf_puts_u64(out, ",\"duplicates\":", receipt->duplicates);
    buf_puts_u64(out, ",\"seq\":", receipt->seq);
    buf_puts(out, ",\"chain\":\"");
    buf_puts(out, receipt->chain);
    buf_puts(out, receipt->durable ? "\",\"durable\":true}" : "\",\"durable\":false}");
    reply_end(out);
}

enum verdict data_post(struct worker *w, struct request *r, const struct ip *ip, struct fault *f)
{
    struct batch batch = {.ip = ip, .builder = &w->rows, .arena = &w->arena, .rows = &w->csv};
    struct receipt receipt;
    enum verdict v = read_retry(r->retry, &batch.retry_ms, f);
    if (v == V_OK)
        v = body_read(&w->body, r, (size_t)w->config->max_body_bytes, f);
    if (v == V_OK)
        v = batch_parse(&batch, w->text.data, w->text.len, w->body.ndjson, f);
    if (v == V_OK)
        v = store_append(&w->store, &batch, &w->arena, &receipt, f);
    if (v == V_OK)
        put_receipt(&w->reply, ip, &receipt);
    return v;
}
