/*
 * session: POST and DELETE /api/v1/session: a browser signs in with a token, and out.
 */
#include "handler/http/session.h"

#include "handler/http/fcgi.h"
#include "handler/http/reply.h"
#include "handler/query/resources.h"
#include "handler/shared/json/write.h"
#include "handler/shared/log.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

const char *const session_params[] = {NULL};

/* The host of `http://host[:port]` is this machine in every browser. */
static bool session_is_loopback(const char *host)
{
    static const char *const names[] = {"localhost", "127.0.0.1", "[::1]"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        size_t len = strlen(names[i]);
        if (strncasecmp(host, names[i], len) == 0 && (host[len] == '\0' || host[len] == ':'))
            return true;
    }
    return false;
}

/* The page that asks must be ours: Origin is written by the browser, scripts cannot set it. */
static enum verdict session_origin(const struct request *r, struct fault *f)
{
    bool tls = request_is_tls(r);
    const char *scheme = tls ? "https://" : "http://";
    size_t len = strlen(scheme);
    if (!*r->host || strncasecmp(r->origin, scheme, len) != 0 ||
        strcasecmp(r->origin + len, r->host) != 0)
        return fault_set(f, V_FORBIDDEN,
                         "Origin must be %s%.128s, as this request came; behind a proxy that ends "
                         "TLS, the web server must trust it",
                         scheme, r->host);
    if (!tls && !session_is_loopback(r->host))
        return fault_set(f, V_FORBIDDEN,
                         "signing in needs TLS; without it, only at localhost, 127.0.0.1 or [::1]");
    return V_OK;
}

static void session_reply(struct query *q, const char *value, int64_t seconds)
{
    char name[SESSION_NAME_LEN], headers[384], until[CLOCK_TIME_LEN + 1];
    struct fault f;
    fault_clear(&f);
    session_name(q->request, name);
    snprintf(headers, sizeof headers,
             "Set-Cookie: %s=%s; Max-Age=%" PRId64 "; Path=/; HttpOnly; SameSite=Strict%s\r\n"
             "Cache-Control: no-store\r\nX-Content-Type-Options: nosniff\r\n",
             name, value, seconds, request_is_tls(q->request) ? "; Secure" : "");
    f.headers = headers;
    reply_head(&q->reply, V_OK, &f);
    buf_puts(&q->reply, "{\"status\":\"success\",\"data\":{");
    if (seconds > 0) {
        clock_rfc3339((q->now_ms / 1000 + seconds) * 1000, until);
        jsonw_name(&q->reply, "expires");
        jsonw_str(&q->reply, until);
    }
    buf_putc(&q->reply, '}');
    reply_end(&q->reply);
    fcgi_answer(q->reply.data, q->reply.len);
    q->streamed = true;
}

enum verdict session_answer(struct query *q, struct fault *f)
{
    unsigned char hash[DIGEST_LEN];
    char value[SESSION_LEN + 1] = "";
    struct ip ip;
    bool begin = strcmp(q->request->method, "POST") == 0;
    enum verdict v = auth_address(q->request, &ip, f);
    if (v == V_OK && begin)
        v = auth_token(&(struct auth){&q->tokens, q->digest}, q->request, &ip, hash, f);
    if (v == V_OK)
        v = session_origin(q->request, f);
    if (v != V_OK)
        return v;
    q->now_ms = clock_now();
    if (begin && !session_make(q->digest, hash, q->now_ms / 1000 + SESSION_SECONDS, value))
        return fault_memory(f);
    log_event(LOG_INFO, begin ? "session_begun" : "session_ended", "client_ip=%s", ip.text);
    session_reply(q, value, begin ? SESSION_SECONDS : 0);
    return V_OK;
}
