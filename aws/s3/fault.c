#include "aws/s3/fault.h"

#include "aws/s3/xml.h"
#include "handler/shared/clock.h"
#include "handler/shared/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { SKEW_MS = 15 * 60 * 1000 };

enum s3_result fault_set_text(struct s3_fault *f, enum s3_result result, const char *text)
{
    *f = (struct s3_fault){.result = result};
    snprintf(f->text, sizeof f->text, "%s", text);
    return result;
}

struct refusal {
    char code[64];
    char message[320];
    char region[S3_REGION_MAX];
};

/* Copies a text of the store, as one line. */
static void copy_plain(char *out, size_t size, const char *text)
{
    snprintf(out, size, "%s", text);
    text_make_plain(out);
}

static bool take_refusal(void *context, const char *path, const char *text, size_t len)
{
    struct refusal *r = context;
    (void)len;
    if (strcmp(path, "Error/Code") == 0)
        copy_plain(r->code, sizeof r->code, text);
    else if (strcmp(path, "Error/Message") == 0)
        copy_plain(r->message, sizeof r->message, text);
    else if (strcmp(path, "Error/Region") == 0)
        copy_plain(r->region, sizeof r->region, text);
    return true;
}

static void read_refusal(const struct http_answer *a, struct refusal *r)
{
    char ignored[XML_ERROR_MAX], region[S3_REGION_MAX];
    *r = (struct refusal){.code = ""};
    if (a->body.len > 0)
        xml_read(a->body.data, a->body.len, take_refusal, r, ignored);
    if (http_find(a, "x-amz-bucket-region", region, sizeof region))
        copy_plain(r->region, sizeof r->region, region);
}

static bool is_one_of(const char *code, const char *const *codes)
{
    for (; *codes; codes++)
        if (strcmp(code, *codes) == 0)
            return true;
    return false;
}

/* The result of an error response. S3_LATER is retried. */
static enum s3_result meaning(long status, const char *code)
{
    static const char *const later[] = {"SlowDown",
                                        "RequestTimeout",
                                        "RequestTimeoutException",
                                        "InternalError",
                                        "ServiceUnavailable",
                                        "Throttling",
                                        "ThrottlingException",
                                        "RequestThrottled",
                                        "OperationAborted",
                                        "BadDigest",
                                        "XAmzContentSHA256Mismatch",
                                        "IncompleteBody",
                                        "RequestLimitExceeded",
                                        "BandwidthLimitExceeded",
                                        NULL};
    static const char *const denied[] = {"ExpiredToken",         "InvalidToken",
                                         "InvalidAccessKeyId",   "SignatureDoesNotMatch",
                                         "RequestTimeTooSkewed", "TokenRefreshRequired",
                                         "AccessDenied",         NULL};
    static const char *const config[] = {"NoSuchBucket",
                                         "InvalidBucketName",
                                         "PermanentRedirect",
                                         "AuthorizationHeaderMalformed",
                                         "IllegalLocationConstraintException",
                                         NULL};
    if (is_one_of(code, config))
        return S3_CONFIG;
    if (is_one_of(code, denied))
        return S3_DENIED;
    if (status >= 500 || status == 429 || status == 408 || is_one_of(code, later))
        return S3_LATER;
    if (status == 401 || status == 403)
        return S3_DENIED;
    if (status == 404)
        return S3_NOT_FOUND;
    return status >= 300 && status < 400 ? S3_CONFIG : S3_REFUSED;
}

/* How many ms our clock is ahead of the store's, if that is the reason for the error, else 0. */
static int64_t skew(const struct http_answer *a, const char *code)
{
    int64_t theirs = http_date(a);
    int64_t ahead = theirs < 0 ? 0 : clock_now() - theirs;
    bool far = ahead > SKEW_MS || ahead < -SKEW_MS;
    return far && (a->status == 403 || strcmp(code, "RequestTimeTooSkewed") == 0) ? ahead : 0;
}

/* Writes one line with a remedy for a common error. False for any other error. */
static bool explain_known(const struct fault_request *q, const struct http_answer *a,
                          const struct refusal *r, char *out, size_t size)
{
    int64_t ahead = skew(a, r->code);
    if (ahead)
        snprintf(out, size,
                 "this machine's clock is %" PRId64 " s %s the store's: set it (chrony, ntpd)",
                 (ahead < 0 ? -ahead : ahead) / 1000, ahead < 0 ? "behind" : "ahead of");
    else if (strcmp(r->code, "NoSuchBucket") == 0)
        snprintf(out, size, "there is no bucket \"%s\": create it, or set s3.bucket", q->bucket);
    else if (strcmp(r->code, "InvalidAccessKeyId") == 0)
        snprintf(out, size, "the store does not know the access key id");
    else if (strcmp(r->code, "SignatureDoesNotMatch") == 0)
        snprintf(out, size, "the secret access key does not match the access key id");
    else if (strcmp(r->code, "ExpiredToken") == 0)
        snprintf(out, size, "the session token has expired; get new credentials");
    else if (*r->region && strcmp(r->region, q->region) != 0)
        snprintf(out, size, "the bucket is in region %s, not %s: set s3.region", r->region,
                 q->region);
    else
        return false;
    return true;
}

enum s3_result fault_refused(const struct fault_request *q, const struct http_answer *a,
                             struct s3_fault *f)
{
    struct refusal r;
    char why[400];
    read_refusal(a, &r);
    enum s3_result result = meaning(a->status, r.code);
    bool known = explain_known(q, a, &r, why, sizeof why);
    if (!known && r.message[0])
        snprintf(why, sizeof why, "%.320s", r.message);
    else if (!known)
        snprintf(why, sizeof why, "%s",
                 result == S3_DENIED      ? "the credentials do not allow this"
                 : result == S3_NOT_FOUND ? "there is no such object"
                                          : "no reason is given");
    *f = (struct s3_fault){.result = result, .status = a->status};
    memcpy(f->code, r.code, sizeof f->code);
    snprintf(f->text, sizeof f->text, "%.8s s3://%.64s/%.160s: %.300s (%ld%s%s)", q->method,
             q->bucket, q->key, why, a->status, *r.code ? " " : "", r.code);
    return result;
}

enum s3_result fault_no_answer(const struct fault_request *q, const struct http_answer *a,
                               struct s3_fault *f)
{
    static const enum s3_result results[] = {
        [HTTP_NETWORK] = S3_LATER,   [HTTP_SETUP] = S3_CONFIG,    [HTTP_TOO_LONG] = S3_BAD_ANSWER,
        [HTTP_NOT_TAKEN] = S3_LOCAL, [HTTP_STOPPED] = S3_STOPPED,
    };
    *f = (struct s3_fault){.result = results[a->end]};
    snprintf(f->text, sizeof f->text, "%s s3://%.64s/%.160s: %.320s", q->method, q->bucket, q->key,
             a->error);
    return f->result;
}

enum s3_result s3_bad_answer(struct s3_fault *fault, const char *what, const char *detail)
{
    *fault = (struct s3_fault){.result = S3_BAD_ANSWER};
    snprintf(fault->text, sizeof fault->text, "the store's answer is not S3's: %.120s: %.200s",
             what, detail);
    return S3_BAD_ANSWER;
}

enum s3_result s3_local(struct s3_fault *fault, const char *what)
{
    return fault_set_text(fault, S3_LOCAL, what);
}
