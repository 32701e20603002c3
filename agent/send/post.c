#include "agent/send/post.h"

#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A connection that was idle for longer is not used again; Apache closes them after 5 s. */
enum { HEADER_MAX = 8 << 10, IDLE_MAX_S = 12 };

struct post {
    CURL *curl;
};

/* The body on its way out. */
struct upload {
    const struct post_request *request;
    size_t at;
};

static size_t give_body(char *bytes, size_t size, size_t count, void *context)
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

/* Before anything was given there is nothing to rewind; later it would be a second try. */
static int rewind_body(void *context, curl_off_t offset, int origin)
{
    const struct upload *u = context;
    return offset == 0 && origin == SEEK_SET && u->at == 0 ? CURL_SEEKFUNC_OK : CURL_SEEKFUNC_FAIL;
}

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
    char seconds[24];
    snprintf(seconds, sizeof seconds, "%lld", (long long)r->retry);
    return add_header(list, "Content-Type: ", r->type) &&
           add_header(list, "Expect:", "") && /* no waiting for "100 Continue" */
           (r->retry == 0 || add_header(list, "Rollcall-Retry: ", seconds)) &&
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

/*
 * The file of the authorities that this system trusts, for a libcurl that was made for no system in
 * particular; NULL where libcurl has a place of its own, or there is none.
 */
static const char *authorities(void)
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

static void set_tls(CURL *curl, const struct post_request *r)
{
    const char *cacert = r->cacert ? r->cacert : authorities();
    if (cacert)
        curl_easy_setopt(curl, CURLOPT_CAINFO, cacert);
    if (r->cert)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, r->cert);
    if (r->key)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, r->key);
    if (r->insecure) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
}

static void set_body(CURL *curl, struct upload *u)
{
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)u->request->len);
    curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
    curl_easy_setopt(curl, CURLOPT_READDATA, u);
    curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_body);
    curl_easy_setopt(curl, CURLOPT_SEEKDATA, u);
}

static void set_request(CURL *curl, const struct post_request *r, struct curl_slist *headers,
                        struct post_answer *answer)
{
    set_protocols(curl);
    set_tls(curl, r);
    /* HTTP/2 would let a server refuse a stream, and libcurl send it again. */
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_MAXAGE_CONN, (long)IDLE_MAX_S);
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, (long)r->fresh);
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "rollcall-agent/" ROLLCALL_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
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

static bool perform(CURL *curl, const struct upload *u, struct post_answer *answer)
{
    curl_off_t us = 0, seconds = 0;
    CURLcode code = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_TOTAL_TIME_T, &us);
    answer->ms = (int64_t)us / 1000;
    answer->sent = u->at == u->request->len;
    answer->stale = code == CURLE_SEND_FAIL_REWIND;
    if (code != CURLE_OK)
        return fail(answer, code);
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

/* Not before there is something to send: starting libcurl is dear. */
static bool start(struct post *p)
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

static bool send_with(CURL *curl, const struct post_request *r, struct curl_slist *headers,
                      struct post_answer *answer)
{
    struct upload upload = {r, 0};
    curl_easy_reset(curl); /* keeps the connection */
    set_request(curl, r, headers, answer);
    set_body(curl, &upload);
    bool ok = perform(curl, &upload, answer);
    curl_easy_reset(curl); /* forgets what was borrowed */
    return ok;
}

bool post_send(struct post *p, const struct post_request *r, struct post_answer *answer)
{
    struct curl_slist *headers = NULL;
    *answer = (struct post_answer){0};
    buf_init(&answer->body, POST_ANSWER_MAX);
    if (!start(p))
        return fail(answer, CURLE_FAILED_INIT);
    bool ok = add_headers(&headers, r) ? send_with(p->curl, r, headers, answer)
                                       : fail(answer, CURLE_OUT_OF_MEMORY);
    curl_slist_free_all(headers);
    return ok;
}

void post_release(struct post_answer *answer)
{
    buf_release(&answer->body);
}
