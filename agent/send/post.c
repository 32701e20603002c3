#include "agent/send/post.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <time.h>
#include <unistd.h>

/* Close an idle connection before the server does; Apache closes it after 5 s at the earliest. */
enum { HEADER_MAX = 8 << 10, IDLE_MAX_S = 12 };

/* libcurl 7.87 and later; an older one rejects the option. */
#define QUICK_EXIT ((CURLoption)(CURLOPTTYPE_LONG + 322))

struct post {
    CURL *curl;
};

/* The part of the body that is still to be sent. */
struct upload {
    const struct post_request *request;
    size_t at;
};

static size_t post_give_body(char *bytes, size_t size, size_t count, void *context)
{
    struct upload *u = context;
    const struct post_request *r = u->request;
    size_t n = size * count < r->len - u->at ? size * count : r->len - u->at;
    if (u->at == 0 && r->sending)
        r->sending(r->context);
    if (n)
        memcpy(bytes, r->body + u->at, n);
    u->at += n;
    return n;
}

/* Rewinding is possible only before the first byte; later it would be a second request. */
static int post_rewind_body(void *context, curl_off_t offset, int origin)
{
    const struct upload *u = context;
    return offset == 0 && origin == SEEK_SET && u->at == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

static size_t post_take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *body = context;
    buf_add(body, bytes, size * count);
    return body->failed ? 0 : size * count; /* 0 ends the transfer */
}

/* "Date: Thu, 26 Nov 2026 21:29:00 GMT", the form that RFC 9110 requires of servers. */
static size_t post_take_header(char *bytes, size_t size, size_t count, void *context)
{
    static const char name[] = "date:";
    struct post_answer *answer = context;
    char text[64];
    struct tm tm = {0};
    size_t len = size * count, skip = sizeof name - 1;
    if (len > skip && len - skip < sizeof text && strncasecmp(bytes, name, skip) == 0) {
        memcpy(text, bytes + skip, len - skip);
        text[len - skip] = '\0';
        if (strptime(text, " %a, %d %b %Y %H:%M:%S GMT", &tm))
            answer->date = timegm(&tm);
    }
    return len;
}

/* Appends "name: value" to `*list`; false if memory is out. */
static bool post_add_header(struct curl_slist **list, const char *name, const char *value)
{
    struct buf line;
    buf_init(&line, HEADER_MAX);
    buf_puts(&line, name);
    buf_puts(&line, value);
    const char *text = buf_str(&line);
    struct curl_slist *longer = text ? curl_slist_append(*list, text) : NULL;
    if (line.data)
        explicit_bzero(line.data, line.len); /* it may hold the token */
    buf_release(&line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

static bool post_add_headers(struct curl_slist **list, const struct post_request *r)
{
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)r->retry);
    return (!r->type || post_add_header(list, "Content-Type: ", r->type)) &&
           post_add_header(list, "Expect:", "") && /* do not wait for "100 Continue" */
           (r->retry == 0 || post_add_header(list, "Rollcall-Retry: ", seconds)) &&
           (!r->gzipped || post_add_header(list, "Content-Encoding: ", "gzip")) &&
           (!r->token || post_add_header(list, "Authorization: Bearer ", r->token));
}

static void post_set_protocols(CURL *curl)
{
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS, CURLPROTO_HTTP | CURLPROTO_HTTPS);
#endif
}

/*
 * The file of the certificate authorities that this system trusts, for a libcurl that has no path
 * built in; NULL if it has one, or if there is no such file.
 */
static const char *post_authorities(void)
{
#if LIBCURL_VERSION_NUM >= 0x074600
    static const char *const places[] = {
        "/etc/ssl/certs/ca-certificates.crt", /* Debian, Alpine, Arch */
        "/etc/pki/tls/certs/ca-bundle.crt",   /* Red Hat, Fedora, Amazon */
        "/etc/ssl/ca-bundle.pem",             /* SUSE */
        "/etc/ssl/cert.pem",                  /* Alpine without ca-certificates, OpenWrt */
    };
    const curl_version_info_data *version = curl_version_info(CURLVERSION_NOW);
    for (size_t i = 0; !version->cainfo && i < sizeof places / sizeof *places; i++)
        if (access(places[i], R_OK) == 0)
            return places[i];
#endif
    return NULL;
}

static void post_set_tls(CURL *curl, const struct post_request *r)
{
    const char *cacert = r->cacert ? r->cacert : post_authorities();
    if (cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, cacert);
    if (r->cert)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, r->cert);
    if (r->key)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, r->key);
    curl_easy_setopt(curl, CURLOPT_KEYPASSWD, ""); /* never prompt on the terminal */
    if (r->insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void post_set_body(CURL *curl, struct upload *u)
{
    if (!u->request->type) {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        return;
    }
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)u->request->len);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, post_give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, u);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, post_rewind_body);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, u);
}

static void post_set_request(CURL *curl, const struct post_request *r, struct curl_slist *headers,
                             struct post_answer *answer)
{
    post_set_protocols(curl);
    post_set_tls(curl, r);
    /* With HTTP/2 a server may refuse a stream, and libcurl then sends the request again. */
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)r->fresh);
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    /* Leave a resolver thread that does not answer; waiting for it would exceed the timeouts. */
    curl_easy_setopt(curl, QUICK_EXIT, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "rollcall-agent/" ROLLCALL_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_timeout);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)r->max_time);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, post_take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &answer->body);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, post_take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, answer);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, answer->error);
}

/* libcurl has one code for a bad certificate and a bad key. */
static const char *post_bad_pair(const struct post_request *r, const char *error)
{
    return r->key && strcasestr(error, "private key") ? "key" : "cert";
}

/* The configuration key that caused the failure; NULL if the network or the server did. */
static const char *post_bad_key(CURLcode code, const struct post_request *r, const char *error)
{
    switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
        return "url";
    case CURLE_SSL_CACERT_BADFILE:
        return "cacert";
    case CURLE_SSL_CERTPROBLEM:
        return post_bad_pair(r, error);
    default:
        return NULL;
    }
}

/* curl cuts its message, so a URL in it may have lost both its closing quote and its "@". */
void post_hide_passwords(char *text)
{
    char *quote = strcasestr(text, "proxy") ? strchr(text, '\'') : NULL;
    char *at = strrchr(text, '@');
    if (quote) {
        *quote = '\0';
    } else if (at) {
        char *from = strstr(text, "://");
        from = from && from < at ? from + 3 : text;
        for (char *space; (space = memchr(from, ' ', (size_t)(at - from)));)
            from = space + 1;
        memset(from, '*', (size_t)(at - from));
    }
}

static bool post_fail(struct post_answer *answer, const struct post_request *r, CURLcode code)
{
    const char *hint = code == CURLE_PEER_FAILED_VERIFICATION ? " (see cacert)"
                       : code == CURLE_COULDNT_RESOLVE_PROXY
                           ? " (see http_proxy, https_proxy, all_proxy)"
                           : "";
    char said[CURL_ERROR_SIZE + 1];
    snprintf(said, sizeof said, "%.*s", CURL_ERROR_SIZE,
             answer->error[0] ? answer->error : curl_easy_strerror(code));
    if (answer->body.failed)
        snprintf(said, sizeof said, "the answer is longer than %d bytes", POST_ANSWER_MAX);
    answer->bad_key = post_bad_key(code, r, said);
    post_hide_passwords(said);
    snprintf(answer->error, sizeof answer->error, "curl: (%d) %s%s", (int)code, said, hint);
    answer->status = 0;
    return false;
}

static bool post_perform(CURL *curl, const struct upload *u, struct post_answer *answer)
{
    curl_off_t us = 0, seconds = 0;
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &us);
    answer->ms = (int64_t)us / 1000;
    answer->sent = u->request->type && u->at == u->request->len;
    answer->stale = code == CURLE_SEND_FAIL_REWIND;
    if (code != CURLE_OK)
        return post_fail(answer, u->request, code);
    curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &seconds);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer->status);
    answer->retry_after = seconds > 0 ? (int64_t)seconds : 0;
    return true;
}

struct post *post_new(void)
{
    return calloc(1, sizeof(struct post));
}

void post_free(struct post *p)
{
    if (p && p->curl) {
        curl_easy_cleanup(p->curl);
        curl_global_cleanup();
    }
    free(p);
}

/* Load libcurl only when there is something to send: starting it is expensive. */
static bool post_start(struct post *p)
{
    if (p->curl)
        return true;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
        return false;
    p->curl = curl_easy_init();
    if (!p->curl)
        curl_global_cleanup();
    return p->curl != NULL;
}

/* libcurl does not say which of the files it cannot open. */
static bool post_can_read(struct post_answer *answer, const char *key, const char *path)
{
    if (!path || access(path, R_OK) == 0)
        return true;
    answer->bad_key = key;
    snprintf(answer->error, sizeof answer->error, "cannot read %.300s: %s", path, strerror(errno));
    return false;
}

static bool post_send_with(CURL *curl, const struct post_request *r, struct curl_slist *headers,
                           struct post_answer *answer)
{
    struct upload upload = {r, 0};
    curl_easy_reset(curl); /* keeps the connection */
    post_set_request(curl, r, headers, answer);
    post_set_body(curl, &upload);
    bool ok = post_perform(curl, &upload, answer);
    curl_easy_reset(curl); /* forgets borrowed pointers */
    return ok;
}

bool post_send(struct post *p, const struct post_request *r, struct post_answer *answer)
{
    struct curl_slist *headers = NULL;
    *answer = (struct post_answer){0};
    buf_init(&answer->body, POST_ANSWER_MAX);
    if (strncmp(r->url, "https", 5) == 0 &&
        (!post_can_read(answer, "cacert", r->cacert) || !post_can_read(answer, "cert", r->cert) ||
         !post_can_read(answer, "key", r->key)))
        return false;
    if (!post_start(p))
        return post_fail(answer, r, CURLE_FAILED_INIT);
    bool ok = post_add_headers(&headers, r) ? post_send_with(p->curl, r, headers, answer)
                                            : post_fail(answer, r, CURLE_OUT_OF_MEMORY);
    curl_slist_free_all(headers);
    return ok;
}

void post_release(struct post_answer *answer)
{
    buf_release(&answer->body);
}
