#include "aws/s3/object.h"

#include "aws/s3/multipart.h"
#include "handler/shared/text.h"

#include <inttypes.h>
#include <openssl/evp.h>

void object_checksum(const unsigned char sha256[DIGEST_LEN], char out[S3_CHECKSUM_SIZE])
{
    EVP_EncodeBlock((unsigned char *)out, sha256, DIGEST_LEN);
}

enum s3_result s3_put(struct s3 *s, const char *key, const struct s3_source *source,
                      const struct s3_about *about, struct s3_fault *fault)
{
    if (source->len > S3_PUT_MAX)
        return multipart_put(s, key, source, about, fault);
    /* The store checks this hash and keeps it with the object. x-amz-content-sha256 is for the
     * request only. */
    char checksum[S3_CHECKSUM_SIZE];
    struct http_answer answer;
    object_checksum(source->sha256, checksum);
    const struct http_header headers[] = {
        {"Content-Type", about->type},
        {"x-amz-checksum-sha256", checksum},
        {"x-amz-meta-rollcall", about->note},
    };
    const struct s3_call call = {.method = "PUT",
                                 .key = key,
                                 .headers = headers,
                                 .header_count = sizeof headers / sizeof *headers,
                                 .body = source};
    enum s3_result result = s3_call(s, &call, &answer, fault);
    http_release(&answer);
    return result;
}

enum s3_result s3_head(struct s3 *s, const char *key, struct s3_object *out, struct s3_fault *fault)
{
    const struct s3_call call = {.method = "HEAD", .key = key};
    char size[24] = "";
    struct http_answer answer;
    *out = (struct s3_object){.size = 0};
    enum s3_result result = s3_call(s, &call, &answer, fault);
    if (result == S3_OK) {
        http_find(&answer, "Content-Length", size, sizeof size);
        if (!text_number(text_of(size), &out->size))
            result = s3_bad_answer(fault, "HEAD", "no Content-Length");
        http_find(&answer, "ETag", out->etag, sizeof out->etag);
        http_find(&answer, "x-amz-meta-rollcall", out->note, sizeof out->note);
    }
    http_release(&answer);
    return result;
}

enum s3_result s3_get(struct s3 *s, const char *key, const struct s3_sink *sink,
                      struct s3_fault *fault)
{
    const struct s3_call call = {.method = "GET", .key = key, .sink = sink};
    struct http_answer answer;
    enum s3_result result = s3_call(s, &call, &answer, fault);
    http_release(&answer);
    return result;
}

enum s3_result s3_get_span(struct s3 *s, const char *key, const struct s3_span *span,
                           const struct s3_sink *sink, struct s3_fault *fault)
{
    char range[64];
    snprintf(range, sizeof range, "bytes=%" PRIu64 "-%" PRIu64, span->first, span->last);
    const struct http_header headers[] = {{"If-Match", span->etag}, {"Range", range}};
    const struct s3_call call = {
        .method = "GET", .key = key, .headers = headers, .header_count = 2, .sink = sink};
    struct http_answer answer;
    enum s3_result result = s3_call(s, &call, &answer, fault);
    http_release(&answer);
    return result;
}

static bool restart_buf(void *context)
{
    buf_reset(context);
    return true;
}

static bool take_buf(void *context, const char *bytes, size_t len)
{
    struct buf *b = context;
    buf_add(b, bytes, len);
    return !b->failed;
}

enum s3_result s3_get_small(struct s3 *s, const char *key, struct buf *out, struct s3_fault *fault)
{
    const struct s3_sink sink = {restart_buf, take_buf, out};
    enum s3_result result = s3_get(s, key, &sink, fault);
    if (result == S3_LOCAL && out->full)
        return s3_bad_answer(fault, key, "it is longer than expected");
    return result;
}
