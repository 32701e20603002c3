#include "aws/bucket/fetch.h"

#include "aws/bucket/deadline.h"
#include "handler/http/fcgi.h"
#include "handler/http/range.h"
#include "handler/shared/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct sending {
    struct range range;
    int64_t at;   /* the next byte to send */
    int64_t from; /* where the current call began */
    bool gone;    /* the web server takes no more */
};

/* A try of the same call starts at the same byte: only one that has sent nothing can. */
static bool sending_restart(void *context)
{
    const struct sending *s = context;
    return s->at == s->from;
}

static bool sending_take(void *context, const char *bytes, size_t len)
{
    struct sending *s = context;
    if ((int64_t)len > s->range.last - s->at + 1)
        return false; /* more than was asked for */
    s->gone = !fcgi_answer(bytes, len);
    s->at += (int64_t)len;
    return !s->gone;
}

/* Reads up to the end, from the next byte again whenever a call broke off after some progress. */
static enum s3_result send_body(const struct fetch *f, const struct s3_object *object,
                                struct sending *s, struct s3_fault *fault)
{
    const struct s3_sink sink = {sending_restart, sending_take, s};
    enum s3_result result = S3_OK;
    while (s->at <= s->range.last && !s->gone) {
        const struct s3_span span = {
            .etag = object->etag, .first = (uint64_t)s->at, .last = (uint64_t)s->range.last};
        s->from = s->at;
        result = s3_get_span(f->s3, f->key, &span, &sink, fault);
        if (s->at == s->from || (result != S3_OK && result != S3_LATER && result != S3_LOCAL))
            break;
    }
    return result;
}

static void write_head(const struct fetch *f, const struct s3_object *object, const char *status,
                       const struct range *range)
{
    struct buf *out = f->head;
    const char *name = strrchr(f->key, '/');
    const char *dot = strrchr(f->key, '.');
    buf_reset(out);
    buf_printf(
        out,
        "Status: %s\r\nETag: %s\r\nAccept-Ranges: bytes\r\nCache-Control: private, no-cache\r\n"
        "X-Content-Type-Options: nosniff\r\nContent-Security-Policy: default-src 'none'; "
        "sandbox\r\n",
        status, object->etag);
    if (*status == '4')
        buf_printf(out, "Content-Range: bytes */%" PRIu64 "\r\n", object->size);
    if (*status != '2')
        return;
    buf_printf(out, "Content-Type: %s\r\nContent-Disposition: attachment; filename=\"%s\"\r\n",
               dot && strcmp(dot, ".gz") == 0     ? "application/gzip"
               : dot && strcmp(dot, ".json") == 0 ? "application/json"
                                                  : "application/x-ndjson",
               name ? name + 1 : f->key);
    if (range->part)
        buf_printf(out, "Content-Range: bytes %" PRId64 "-%" PRId64 "/%" PRIu64 "\r\n",
                   range->first, range->last, object->size);
    buf_printf(out, "Content-Length: %" PRId64 "\r\n", range->last - range->first + 1);
}

/* 304 and 416 have no bytes of the object. */
static bool send_without_body(const struct fetch *f, const struct s3_object *object, bool inside)
{
    const struct request *r = f->request;
    if (*r->if_none_match && range_tag_matches(r->if_none_match, object->etag)) {
        write_head(f, object, "304 Not Modified", NULL);
        buf_puts(f->head, "\r\n");
    } else if (!inside) {
        write_head(f, object, "416 Range Not Satisfiable", NULL);
        buf_puts(f->head, "Content-Type: application/json\r\n\r\n");
        if (!request_is_head(r))
            buf_printf(f->head,
                       "{\"message\":\"no byte of the object is in this range; it has %" PRIu64
                       " bytes\"}\n",
                       object->size);
    } else {
        return false;
    }
    fcgi_answer(f->head->data, f->head->len);
    return true;
}

static enum s3_result look(const struct fetch *f, struct s3_object *object, struct s3_fault *fault)
{
    deadline_start(f->seconds);
    enum s3_result result = s3_head(f->s3, f->key, object, fault);
    deadline_end();
    if (result == S3_OK && !*object->etag)
        return s3_bad_answer(fault, "HEAD", "no ETag");
    return result;
}

enum s3_result fetch_send(const struct fetch *f, struct s3_fault *fault)
{
    const struct request *r = f->request;
    struct sending s = {.gone = false};
    struct s3_object object;
    enum s3_result result = look(f, &object, fault);
    if (result != S3_OK)
        return result;
    bool same = !*r->if_range || strcmp(r->if_range, object.etag) == 0;
    bool inside = range_parse(same ? r->range : "", (int64_t)object.size, &s.range);
    if (send_without_body(f, &object, inside))
        return S3_OK;
    write_head(f, &object, s.range.part ? "206 Partial Content" : "200 OK", &s.range);
    buf_puts(f->head, "\r\n");
    s.at = s.range.first;
    if (!fcgi_answer(f->head->data, f->head->len) || request_is_head(r))
        return S3_OK;
    result = send_body(f, &object, &s, fault);
    if (s.at <= s.range.last && !s.gone)
        log_event(LOG_ERROR, "download_cut", "client_ip=%s key=%s sent=%" PRId64 " reason=%s",
                  r->remote_addr, f->key, s.at - s.range.first,
                  result == S3_OK ? "the store sent less than it said" : fault->text);
    return S3_OK;
}
