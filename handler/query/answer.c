#include "handler/query/answer.h"

#include "handler/http/fcgi.h"
#include "handler/http/range.h"
#include "handler/http/reply.h"

#include <libdeflate.h>
#include <stdio.h>
#include <string.h>

enum { ANSWER_PACK_FROM = 1024, ANSWER_TAG_DIGITS = 32, ANSWER_HEADERS_MAX = 32 << 10 };

#define ANSWER_ALWAYS                                                                              \
    "Cache-Control: private, no-cache\r\n"                                                         \
    "X-Content-Type-Options: nosniff\r\n"

static void answer_send(struct query *q)
{
    size_t len = request_is_head(q->request) ? reply_body(&q->reply) : q->reply.len;
    fcgi_answer(q->reply.data, len);
}

void answer_fault(struct query *q, enum verdict v, const struct fault *f)
{
    reply_fault(&q->reply, v, f);
    answer_send(q);
}

/* RFC 9110 section 12.5.3: named, and not with a weight of 0. */
static bool answer_may_pack(const char *accept)
{
    const char *at = strstr(accept, "gzip");
    if (!at)
        return false;
    at += strlen("gzip");
    at += strspn(at, " \t");
    if (*at != ';')
        return *at == '\0' || *at == ',';
    at += 1 + strspn(at + 1, " \t");
    return strncmp(at, "q=0", 3) != 0 || at[3 + strspn(at + 3, ".0")] > '0';
}

/* Adds the gzip member of `bytes`. False: it is not worth it or memory is out, nothing was added.
 */
static bool answer_pack(struct buf *out, const char *bytes, size_t len)
{
    struct libdeflate_compressor *c =
        len < ANSWER_PACK_FROM ? NULL : libdeflate_alloc_compressor(1);
    if (!c)
        return false;
    size_t bound = libdeflate_gzip_compress_bound(c, len), packed = 0;
    if (buf_reserve(out, bound))
        packed = libdeflate_gzip_compress(c, bytes, len, out->data + out->len, bound);
    out->len += packed;
    libdeflate_free_compressor(c);
    return packed > 0;
}

/* Adds headers and body; the body is packed if the client takes gzip. */
static void answer_entity(struct query *q, const char *headers, const char *bytes, size_t len)
{
    static const char encoding[] = "Content-Encoding: gzip\r\n\r\n";
    struct buf *out = &q->reply;
    buf_puts(out, headers);
    size_t before = out->len;
    buf_puts(out, encoding);
    if (answer_may_pack(q->request->accept_encoding) && answer_pack(out, bytes, len))
        return;
    out->len = before;
    buf_puts(out, "\r\n");
    buf_add(out, bytes, len);
}

static bool answer_tag(struct query *q, char tag[ANSWER_TAG_DIGITS + 5])
{
    unsigned char sum[DIGEST_LEN];
    char hex[DIGEST_HEX_LEN + 1];
    if (!digest_start(q->digest) || !digest_add(q->digest, q->body.data, q->body.len) ||
        !digest_finish(q->digest, sum))
        return false;
    digest_hex(sum, hex);
    snprintf(tag, ANSWER_TAG_DIGITS + 5, "W/\"%.*s\"", ANSWER_TAG_DIGITS, hex);
    return true;
}

void answer_success(struct query *q)
{
    char tag[ANSWER_TAG_DIGITS + 5], as_of[CLOCK_TIME_LEN + 1], headers[512];
    struct fault f;
    fault_clear(&f);
    buf_puts(&q->body, "}}\n");
    if (q->body.failed || !answer_tag(q, tag)) {
        answer_fault(q, fault_memory(&f), &f);
        return;
    }
    snprintf(headers, sizeof headers, "ETag: %s\r\nVary: Accept-Encoding\r\n" ANSWER_ALWAYS, tag);
    buf_reset(&q->reply);
    if (range_tag_matches(q->request->if_none_match, tag)) {
        buf_puts(&q->reply, "Status: 304 Not Modified\r\n");
        buf_puts(&q->reply, headers);
        buf_puts(&q->reply, "\r\n");
        answer_send(q);
        return;
    }
    static const char opening[] = "{\"status\":\"success\",\"data\":{\"as_of\":\"";
    struct buf whole;
    buf_init(&whole, q->body.max + 256);
    clock_rfc3339(q->as_of_ms, as_of);
    buf_puts(&whole, opening);
    buf_puts(&whole, as_of);
    buf_puts(&whole, "\",");
    buf_add(&whole, q->body.data, q->body.len);
    buf_puts(&q->reply, "Status: 200 OK\r\nContent-Type: application/json\r\n");
    answer_entity(q, headers, whole.data, whole.len);
    if (whole.failed || q->reply.failed)
        answer_fault(q, fault_memory(&f), &f);
    else
        answer_send(q);
    buf_release(&whole);
}

void answer_text(struct query *q, const struct answer_text *t)
{
    struct buf headers;
    struct fault f;
    buf_init(&headers, ANSWER_HEADERS_MAX);
    buf_printf(&headers, "Status: 200 OK\r\nContent-Type: %s\r\n", t->type);
    if (t->name)
        buf_printf(&headers, "Content-Disposition: attachment; filename=\"%s\"\r\n", t->name);
    buf_puts(&headers, t->headers ? t->headers : "");
    buf_puts(&headers, "Vary: Accept-Encoding\r\n" ANSWER_ALWAYS);
    buf_reset(&q->reply);
    if (buf_str(&headers))
        answer_entity(q, headers.data, t->bytes.ptr, t->bytes.len);
    fault_clear(&f);
    if (headers.failed || q->reply.failed)
        answer_fault(q, fault_memory(&f), &f);
    else
        answer_send(q);
    buf_release(&headers);
}
