#include "post.h"

#include <curl/curl.h>
#include <stdio.h>

enum { HEADER_MAX = 8 << 10 };

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    buf_add(body, bytes, size * count);
    return body->failed ? 0 : size * count; /* 0 ends the transfer */
}

/* `*list` grows by "name: value"; false when memory is out. */
static bool add_header(struct curl_slist **list, const char *name, const char *value)
{
    struct buf line;
    buf_init(&line, HEADER_MAX);
    buf_puts(&line, name);
    buf_puts(&line, value);
    const char *text = buf_str(&line);
    struct curl_slist *longer = text ? curl_slist_append(*list, text) : NULL;
    if (line.data)
        explicit_bzero(line.data, line.len); /* it may have been the token */
    buf_release(&line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool add_headers(struct curl_slist **list, const struct post_request *r)
{
    return add_header(list, "Content-Type: ", "application/json") &&
           add_header(list, "Expect:", "") && /* no waiting for "100 Continue" */
           (!r->gzipped || add_header(list, "Content-Encoding: ", "gzip")) &&
           (!r->token || add_header(list, "Authorization: Bearer ", r->token));
}

static void set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

static void set_tls(CURL *curl, const struct post_request *r)
{
    if (r->cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, r->cacert);
    if (r->cert)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, r->cert);
    if (r->key)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, r->key);
    if (r->insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_request(CURL *curl, const struct post_request *r, struct curl_slist *headers,
                        struct post_answer *answer)
{
    set_protocols(curl);
    set_tls(curl, r);
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "rollcall-agent/" ROLLCALL_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)r->len);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, r->body);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)r->max_time);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, answer->error);
}

/* Which key a failure is to be blamed on. What the server may mend by itself is the network's. */
static const char *blame(CURLcode code)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "url";
    case CURLE_SSL_CACERT_BADFILE:
        return "cacert";
    case CURLE_SSL_CERTPROBLEM:
        return "cert";
    default:
        return NULL;
    }
}

static bool fail(struct post_answer *answer, CURLcode code)
{
    const char *hint = code == CURLE_PEER_FAILED_VERIFICATION ? " (see cacert)" : "";
    char said[CURL_ERROR_SIZE + 1];
    snprintf(said, sizeof said, "%.*s", CURL_ERROR_SIZE,
             answer->error[0] ? answer->error : curl_easy_strerror(code));
    if (answer->body.failed)
        snprintf(said, sizeof said, "the answer is longer than %d bytes", POST_ANSWER_MAX);
    snprintf(answer->error, sizeof answer->error, "curl: (%d) %s%s", (int)code, said, hint);
    answer->bad_key = blame(code);
    answer->status = 0;
    return false;
}

static bool perform(CURL *curl, struct post_answer *answer)
{
    curl_off_t us = 0;
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &us);
    answer->ms = (int64_t)us / 1000;
    if (code != CURLE_OK)
        return fail(answer, code);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    return true;
}

bool post(const struct post_request *r, struct post_answer *answer)
{
    *answer = (struct post_answer){0};
    buf_init(&answer->body, POST_ANSWER_MAX);
    CURLcode code = curl_global_init(CURL_GLOBAL_DEFAULT);
    if (code != CURLE_OK)
        return fail(answer, code);
    CURL *curl = curl_easy_init();
    struct curl_slist *headers = NULL;
    bool ok = false;
    if (curl && add_headers(&headers, r)) {
        set_request(curl, r, headers, answer);
        ok = perform(curl, answer);
    } else {
        fail(answer, CURLE_OUT_OF_MEMORY);
    }
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    curl_global_cleanup();
    return ok;
}

void post_release(struct post_answer *answer)
{
    buf_release(&answer->body);
}
