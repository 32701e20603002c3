#include "aws/s3/s3.h"

#include "aws/s3/credentials.h"
#include "aws/s3/fault.h"
#include "aws/s3/url.h"
#include "handler/shared/clock.h"
#include "handler/shared/io.h"
#include "handler/shared/random.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    URL_MAX = 3 * S3_KEY_MAX + 16 * 1024, /* a continuation token can be long */
    BASE_MAX = 1024,
    CONNECT_MS = 10000,
    STALL_S = 30,
    ASKED_MAX_S = 60, /* the longest Retry-After that is waited for */
    HASH_BLOCK = 64 << 10,
};

#define NO_BYTES_SHA256 "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

struct s3_site {
    struct s3_config config;
    struct credentials *credentials;
    char region[S3_REGION_MAX];
    char base[BASE_MAX]; /* the bucket's URL with its closing slash */
    const char *ca_bundle;
    unsigned tries;
};

struct s3 {
    struct s3_site *site;
    struct http *http;
};

/* ---- site */

static unsigned how_many_tries(const struct s3_config *config)
{
    const char *said = getenv("AWS_MAX_ATTEMPTS");
    unsigned long n = said ? strtoul(said, NULL, 10) : 0;
    if (config->tries)
        return config->tries;
    return n >= 1 && n <= 100 ? (unsigned)n : S3_TRIES;
}

static bool find_region(struct s3_site *s, struct s3_fault *f)
{
    const char *said = s->config.region;
    if (said) {
        snprintf(s->region, sizeof s->region, "%s", said);
        if (strlen(said) < sizeof s->region)
            return true;
    } else if (credentials_region(s->credentials, !s->config.endpoint, s->region,
                                  sizeof s->region)) {
        return true;
    } else if (s->config.endpoint) {
        snprintf(s->region, sizeof s->region, "us-east-1");
        return true;
    }
    fault_set_text(
        f, S3_CONFIG,
        "no region: set s3.region, such as eu-central-1, or AWS_REGION in the environment");
    return false;
}

static bool find_base(struct s3_site *s, struct s3_fault *f)
{
    char error[256] = "s3.endpoint: too long";
    struct buf base;
    const struct s3_place place = {.bucket = s->config.bucket,
                                   .region = s->region,
                                   .endpoint = s->config.endpoint,
                                   .addressing = s->config.addressing};
    buf_init(&base, sizeof s->base);
    bool ok = url_base(&place, &base, error) && buf_str(&base);
    if (ok)
        memcpy(s->base, base.data, base.len + 1);
    else
        fault_set_text(f, S3_CONFIG, error);
    buf_release(&base);
    return ok;
}

struct s3_site *s3_site_open(const struct s3_config *config, struct s3_fault *fault)
{
    struct s3_site *s = calloc(1, sizeof *s);
    if (s)
        s->credentials = credentials_new();
    if (!s || !s->credentials) {
        fault_set_text(fault, S3_LOCAL, "out of memory");
        s3_site_free(s);
        return NULL;
    }
    const char *bundle = getenv("AWS_CA_BUNDLE");
    s->config = *config;
    s->ca_bundle = bundle && *bundle ? bundle : NULL;
    s->tries = how_many_tries(config);
    if (find_region(s, fault) && find_base(s, fault))
        return s;
    s3_site_free(s);
    return NULL;
}

void s3_site_free(struct s3_site *site)
{
    if (!site)
        return;
    credentials_free(site->credentials);
    free(site);
}

struct s3 *s3_new(struct s3_site *site)
{
    struct s3 *s = calloc(1, sizeof *s);
    if (!s)
        return NULL;
    s->site = site;
    s->http = http_new();
    if (s->http)
        return s;
    free(s);
    return NULL;
}

void s3_free(struct s3 *s)
{
    if (!s)
        return;
    http_free(s->http);
    free(s);
}

bool s3_source_hash(struct s3_source *source)
{
    char block[HASH_BLOCK];
    struct digest *d = digest_new();
    bool ok = d && digest_start(d);
    errno = ENOMEM;
    if (ok && source->bytes)
        ok = digest_add(d, source->bytes, source->len);
    for (uint64_t done = 0; ok && !source->bytes && done < source->len;) {
        size_t want =
            source->len - done < sizeof block ? (size_t)(source->len - done) : sizeof block;
        ssize_t n = io_pread(source->fd, block, want, source->at + (off_t)done);
        if (n >= 0 && (size_t)n < want)
            errno = EIO;
        ok = n == (ssize_t)want && digest_add(d, block, want);
        done += want;
    }
    ok = ok && digest_finish(d, source->sha256);
    digest_free(d);
    return ok;
}

/* ---- one call */

static enum s3_result get_key(struct s3 *s, struct credential *key, struct s3_fault *f)
{
    char error[CREDENTIAL_ERROR_MAX];
    enum credential_result result = credentials_get(s->site->credentials, key, error);
    if (result == CREDENTIAL_OK)
        return S3_OK;
    return fault_set_text(f, result == CREDENTIAL_LATER ? S3_LATER : S3_CONFIG, error);
}

/* What all tries of a call have in common. */
struct plan {
    const struct s3_call *call;
    struct http_answer *answer; /* of the last try */
    const char *url;
    char sha256[DIGEST_HEX_LEN + 1];
    struct http_header headers[S3_HEADERS_MAX + 2];
    size_t header_count;
};

static bool make_url(const struct s3 *s, const struct s3_call *c, struct buf *url)
{
    buf_puts(url, s->site->base);
    if (c->key)
        percent_path(url, c->key);
    percent_query(url, c->query, c->query_count);
    return buf_str(url) != NULL;
}

static void make_headers(struct plan *p)
{
    const struct s3_call *c = p->call;
    if (c->body)
        digest_hex(c->body->sha256, p->sha256);
    else
        memcpy(p->sha256, NO_BYTES_SHA256, sizeof p->sha256);
    p->headers[p->header_count++] = (struct http_header){"x-amz-content-sha256", p->sha256};
    for (size_t i = 0; i < c->header_count && i < S3_HEADERS_MAX; i++)
        p->headers[p->header_count++] = c->headers[i];
}

static void try_once(struct s3 *s, struct plan *p, const struct credential *key)
{
    const struct s3_call *c = p->call;
    const struct s3_site *site = s->site;
    const struct http_key sign = {key->access, key->secret, site->region, "s3"};
    p->headers[p->header_count] =
        (struct http_header){"x-amz-security-token", *key->token ? key->token : NULL};
    struct http_request r = {
        .method = c->method,
        .url = p->url,
        .headers = p->headers,
        .header_count = p->header_count + 1,
        .sign = &sign,
        .body_max = c->body_max > S3_ERROR_MAX ? c->body_max : S3_ERROR_MAX,
        .ca_bundle = site->ca_bundle,
        .connect_ms = CONNECT_MS,
        .stall_s = site->config.stall_s ? site->config.stall_s : STALL_S,
        .stop = site->config.stop,
    };
    if (c->body) {
        r.has_body = true;
        r.bytes = c->body->bytes;
        r.fd = c->body->fd;
        r.at = c->body->at;
        r.len = c->body->len;
    }
    if (c->sink) {
        r.take = c->sink->take;
        r.context = c->sink->context;
    }
    http_send(s->http, &r, p->answer);
}

static bool stopped(const struct s3 *s)
{
    return s->site->config.stop && *s->site->config.stop;
}

/* Waits for the time that the store named, and a random time (full jitter). */
static void pause_before(const struct s3 *s, unsigned try, int64_t asked_s)
{
    int64_t span = S3_SPAN_MAX;
    if (try < 7 && (int64_t)S3_SPAN_FIRST << try < S3_SPAN_MAX)
        span = (int64_t)S3_SPAN_FIRST << try;
    int64_t end = clock_monotonic() + (asked_s < ASKED_MAX_S ? asked_s : ASKED_MAX_S) * 1000 +
                  random_up_to(span);
    for (int64_t left; !stopped(s) && (left = end - clock_monotonic()) > 0;)
        clock_sleep(left < 100 ? left : 100);
}

static int64_t retry_after(const struct http_answer *a)
{
    char text[16];
    long seconds = http_find(a, "Retry-After", text, sizeof text) ? strtol(text, NULL, 10) : 0;
    return seconds > 0 ? seconds : 0;
}

/* One try, and what its answer means. */
static enum s3_result try_and_judge(struct s3 *s, struct plan *p, const struct credential *key,
                                    struct s3_fault *f)
{
    const struct s3_call *c = p->call;
    const struct http_answer *answer = p->answer;
    if (c->sink && !c->sink->restart(c->sink->context))
        return fault_set_text(f, S3_LOCAL, "the response cannot be written");
    const struct fault_request line = {
        .method = c->method,
        .bucket = s->site->config.bucket,
        .key = c->key ? c->key : "",
        .region = s->site->region,
    };
    try_once(s, p, key);
    if (answer->end != HTTP_ANSWERED)
        return fault_no_answer(&line, answer, f);
    if (answer->status >= 200 && answer->status < 300)
        return S3_OK;
    return fault_refused(&line, answer, f);
}

static enum s3_result call_until(struct s3 *s, struct plan *p, struct s3_fault *f)
{
    struct credential key;
    bool renewed = false;
    enum s3_result result = S3_STOPPED;
    fault_set_text(f, S3_STOPPED, "stopped");
    for (unsigned try = 0; try < s->site->tries && !stopped(s); try++) {
        if (try > 0) {
            int64_t asked = retry_after(p->answer);
            http_release(p->answer);
            *p->answer = (struct http_answer){.end = HTTP_STOPPED};
            pause_before(s, try - 1, asked);
        }
        result = get_key(s, &key, f);
        if (result == S3_OK)
            result = try_and_judge(s, p, &key, f);
        if (result == S3_DENIED && strcmp(f->code, "ExpiredToken") == 0 && !renewed &&
            credentials_expired(s->site->credentials, &key)) {
            renewed = true;
            continue;
        }
        if (result != S3_LATER)
            break;
    }
    credential_clear(&key);
    return stopped(s) && result == S3_LATER ? fault_set_text(f, S3_STOPPED, "stopped") : result;
}

enum s3_result s3_call(struct s3 *s, const struct s3_call *call, struct http_answer *answer,
                       struct s3_fault *fault)
{
    struct plan plan = {.call = call, .answer = answer};
    struct buf url;
    *answer = (struct http_answer){.end = HTTP_STOPPED};
    if (call->key && (strlen(call->key) > S3_KEY_MAX || !percent_is_key(call->key)))
        return fault_set_text(fault, S3_REFUSED,
                              "a key has 1 to 1024 bytes, no slash in front, and no part . or ..");
    buf_init(&url, URL_MAX);
    enum s3_result result = S3_LOCAL;
    if (make_url(s, call, &url)) {
        plan.url = url.data;
        make_headers(&plan);
        result = call_until(s, &plan, fault);
    } else {
        fault_set_text(fault, S3_LOCAL, "the URL is too long");
    }
    buf_release(&url);
    return result;
}
