#include "aws/s3/http.h"

#include "handler/shared/io.h"
#include "handler/shared/text.h"

#include <curl/curl.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

/* The first libcurl that signs the hash in x-amz-content-sha256. */
enum { CURL_NEEDED = 0x075700, HEADER_LINE_MAX = 16 << 10 };

struct http {
    CURL *curl;
};

/* A request in progress. */
struct transfer {
    const struct http_request *request;
    struct http_answer *answer;
    CURL *curl;
    uint64_t sent;
    bool not_taken, unreadable;
};

bool http_global(char error[HTTP_ERROR_MAX])
{
    const curl_version_info_data *v = curl_version_info(CURLVERSION_NOW);
    if (v->version_num < CURL_NEEDED) {
        snprintf(error, HTTP_ERROR_MAX, "libcurl is %s; 7.87 or newer is needed", v->version);
        return false;
    }
    if (curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK)
        return true;
    snprintf(error, HTTP_ERROR_MAX, "libcurl cannot be initialised");
    return false;
}

struct http *http_new(void)
{
    struct http *h = calloc(1, sizeof *h);
    if (h)
        h->curl = curl_easy_init();
    if (h && h->curl)
        return h;
    free(h);
    return NULL;
}

void http_free(struct http *h)
{
    if (!h)
        return;
    curl_easy_cleanup(h->curl);
    free(h);
}

static size_t give_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    const struct http_request *r = t->request;
    uint64_t room = size * count, left = r->len - t->sent;
    size_t n = (size_t)(room < left ? room : left);
    if (r->bytes) {
        memcpy(bytes, r->bytes + t->sent, n);
    } else if (n > 0 && io_pread(r->fd, bytes, n, r->at + (off_t)t->sent) != (ssize_t)n) {
        t->unreadable = true;
        return CURL_READFUNC_ABORT;
    }
    t->sent += n;
    return n;
}

static int rewind_body(void *context, curl_off_t offset, int origin)
{
    struct transfer *t = context;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > t->request->len)
        return CURL_SEEKFUNC_CANTSEEK;
    t->sent = (uint64_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take_body(char *bytes, size_t size, size_t count, void *context)
{
    struct transfer *t = context;
    size_t len = size * count;
    long status = 0;
    curl_easy_getinfo(t->curl, CURLINFO_RESPONSE_CODE, &status);
    if (t->request->take && status >= 200 && status < 300) {
        if (t->request->take(t->request->context, bytes, len))
            return len;
        t->not_taken = true;
        return len + 1;
    }
    buf_add(&t->answer->body, bytes, len);
    return t->answer->body.failed ? len + 1 : len; /* a wrong count ends the transfer */
}

/* Only the headers of the last response are kept: "HTTP/1.1 100 Continue" may precede it. */
static size_t take_header(char *bytes, size_t size, size_t count, void *context)
{
    struct buf *headers = context;
    size_t len = size * count;
    if (len >= 5 && memcmp(bytes, "HTTP/", 5) == 0)
        buf_reset(headers);
    buf_add(headers, bytes, len);
    return headers->failed ? len + 1 : len;
}

static int look_at_stop(void *context, curl_off_t dl_total, curl_off_t dl, curl_off_t ul_total,
                        curl_off_t ul)
{
    const struct transfer *t = context;
    (void)dl_total;
    (void)dl;
    (void)ul_total;
    (void)ul;
    return t->request->stop && *t->request->stop;
}

/* Appends "name: value" to `*list`. False if there is no memory. */
static bool add_header(struct curl_slist **list, const struct http_header *h)
{
    struct buf line;
    buf_init(&line, HEADER_LINE_MAX);
    buf_printf(&line, "%s: %s", h->name, h->value);
    const char *text = buf_str(&line);
    struct curl_slist *longer = text ? curl_slist_append(*list, text) : NULL;
    if (line.data)
        explicit_bzero(line.data, line.len); /* it may contain the session token */
    buf_release(&line);
    if (longer)
        *list = longer;
    return longer != NULL;
}

/* Overwrites the strings first: one may contain the session token. */
static void free_headers(struct curl_slist *list)
{
    for (struct curl_slist *l = list; l; l = l->next)
        explicit_bzero(l->data, strlen(l->data));
    curl_slist_free_all(list);
}

static void set_key(CURL *curl, const struct http_key *key)
{
    char scope[192];
    snprintf(scope, sizeof scope, "aws:amz:%s:%s", key->region, key->service);
    curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, scope);
    curl_easy_setopt(curl, CURLOPT_USERNAME, key->access);
    curl_easy_setopt(curl, CURLOPT_PASSWORD, key->secret);
}

static void set_method(CURL *curl, struct transfer *t)
{
    const struct http_request *r = t->request;
    if (r->has_body) {
        curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)r->len);
        curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_body);
        curl_easy_setopt(curl, CURLOPT_READDATA, t);
        curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_body);
        curl_easy_setopt(curl, CURLOPT_SEEKDATA, t);
    } else if (strcmp(r->method, "HEAD") == 0) {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
        return;
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, r->method);
}

static void set_bounds(CURL *curl, const struct http_request *r)
{
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)r->connect_ms);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, (long)r->max_ms);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, r->stall_s ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, (long)r->stall_s);
}

static void set_request(CURL *curl, struct transfer *t, struct curl_slist *headers)
{
    const struct http_request *r = t->request;
    curl_easy_setopt(curl, CURLOPT_URL, r->url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "rollcall/" ROLLCALL_VERSION);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, t);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &t->answer->headers);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_at_stop);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, t);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, t->answer->error);
    if (r->direct)
        curl_easy_setopt(curl, CURLOPT_PROXY, "");
    if (r->ca_bundle)
        curl_easy_setopt(curl, CURLOPT_CAINFO, r->ca_bundle);
    if (r->sign)
        set_key(curl, r->sign);
    set_method(curl, t);
    set_bounds(curl, r);
}

static enum http_end how_it_ended(CURLcode code, const struct transfer *t)
{
    switch (code) {
    case CURLE_OK:
        return HTTP_ANSWERED;
    case CURLE_ABORTED_BY_CALLBACK:
        return t->unreadable ? HTTP_NOT_TAKEN : HTTP_STOPPED;
    case CURLE_WRITE_ERROR:
        return t->not_taken ? HTTP_NOT_TAKEN : HTTP_TOO_LONG;
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_PEER_FAILED_VERIFICATION:
    case CURLE_SSL_CACERT_BADFILE:
    case CURLE_NOT_BUILT_IN:
    case CURLE_OUT_OF_MEMORY:
        return HTTP_SETUP;
    default:
        return HTTP_NETWORK;
    }
}

static void explain(struct http_answer *answer, CURLcode code)
{
    char said[CURL_ERROR_SIZE + 1];
    snprintf(said, sizeof said, "%.*s", CURL_ERROR_SIZE,
             answer->error[0] ? answer->error : curl_easy_strerror(code));
    if (answer->end == HTTP_TOO_LONG)
        snprintf(said, sizeof said, "the answer is too long");
    snprintf(answer->error, sizeof answer->error, "curl: (%d) %s", (int)code, said);
}

enum http_end http_send(struct http *h, const struct http_request *r, struct http_answer *answer)
{
    struct transfer t = {.request = r, .answer = answer, .curl = h->curl};
    struct curl_slist *headers = NULL;
    CURLcode code = CURLE_OK;
    *answer = (struct http_answer){.end = HTTP_SETUP};
    buf_init(&answer->body, r->body_max);
    buf_init(&answer->headers, HTTP_HEADERS_MAX);
    for (size_t i = 0; i < r->header_count; i++)
        if (r->headers[i].value && !add_header(&headers, &r->headers[i]))
            code = CURLE_OUT_OF_MEMORY;
    if (code == CURLE_OK) {
        curl_easy_reset(h->curl); /* the connection stays open */
        set_request(h->curl, &t, headers);
        code = curl_easy_perform(h->curl);
        curl_easy_getinfo(h->curl, CURLINFO_RESPONSE_CODE, &answer->status);
        curl_easy_reset(h->curl); /* removes the pointers to borrowed memory, such as the secret */
    }
    free_headers(headers);
    answer->end = how_it_ended(code, &t);
    if (code != CURLE_OK)
        explain(answer, code);
    return answer->end;
}

void http_release(struct http_answer *answer)
{
    if (answer->body.data)
        explicit_bzero(answer->body.data, answer->body.len); /* it may contain credentials */
    buf_release(&answer->body);
    buf_release(&answer->headers);
}

bool http_find(const struct http_answer *answer, const char *name, char *out, size_t size)
{
    struct text rest = {answer->headers.data, answer->headers.len}, line;
    size_t name_len = strlen(name);
    while (text_line(&rest, &line)) {
        if (line.len <= name_len || strncasecmp(line.ptr, name, name_len) != 0 ||
            line.ptr[name_len] != ':')
            continue;
        struct text value = {line.ptr + name_len + 1, line.len - name_len - 1};
        value = text_trim(value, " \t\r");
        if (value.len >= size)
            return false;
        memcpy(out, value.ptr, value.len);
        out[value.len] = '\0';
        return true;
    }
    return false;
}

int64_t http_date(const struct http_answer *answer)
{
    char text[64];
    time_t seconds = http_find(answer, "Date", text, sizeof text) ? curl_getdate(text, NULL) : -1;
    return seconds < 0 ? -1 : (int64_t)seconds * 1000;
}
