#include "aws/bucket/service.h"

#include "aws/bucket/deadline.h"
#include "aws/bucket/fetch.h"
#include "aws/bucket/path.h"
#include "handler/http/reply.h"
#include "handler/shared/json/write.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <stdio.h>

#define FETCH_RESOURCE "/archive"

enum { KEEP = 1 << 20, REPLY_MAX = 2 * LEVEL_MAX, ASKED_MAX = 2 * S3_KEY_MAX };

bool service_init(struct service *s, const struct config *config, struct s3_site *site,
                  unsigned seconds)
{
    *s = (struct service){.digest = digest_new(), .s3 = s3_new(site), .seconds = seconds};
    tokens_init(&s->tokens, config->tokens_file);
    buf_init(&s->asked, ASKED_MAX);
    buf_init(&s->reply, REPLY_MAX);
    level_init(&s->level);
    errno = ENOMEM;
    return s->digest && s->s3 && names_prefix(config->s3.prefix, s->root);
}

void service_release(struct service *s)
{
    level_release(&s->level);
    buf_release(&s->reply);
    buf_release(&s->asked);
    s3_free(s->s3);
    digest_free(s->digest);
    tokens_release(&s->tokens);
}

void service_reset(struct service *s)
{
    level_trim(&s->level, KEEP);
    buf_trim(&s->reply, KEEP);
}

static enum verdict check_method(const struct service *s, const struct request *r, struct fault *f)
{
    if (strcmp(r->method, "GET") == 0 || request_is_head(r))
        return V_OK;
    f->headers = "Allow: GET, HEAD\r\n";
    return fault_set(f, V_METHOD, "%s takes GET only", s->object ? FETCH_RESOURCE : LEVEL_RESOURCE);
}

/* ---- the level */

static enum verdict meaning(enum s3_result result)
{
    switch (result) {
    case S3_OK:
        return V_OK;
    case S3_STOPPED:
        return V_GATEWAY_LATE;
    case S3_LOCAL:
        return V_STORE_FAILED;
    default:
        return V_BAD_GATEWAY;
    }
}

static enum verdict ask_s3(struct service *s, const char *prefix, struct s3_fault *fault)
{
    deadline_start(s->seconds);
    enum s3_result result = level_list(&s->level, s->s3, prefix, fault);
    deadline_end();
    if (result == S3_STOPPED)
        snprintf(fault->text, sizeof fault->text, "the store did not finish within %u s",
                 s->seconds);
    return meaning(result);
}

static enum verdict list(struct service *s, struct s3_fault *fault)
{
    char prefix[S3_KEY_MAX + 1];
    enum verdict v = V_OK;
    int len = snprintf(prefix, sizeof prefix, "%s%s", s->root, s->asked.data);
    bool can_be = len >= 0 && (size_t)len < sizeof prefix;
    if (can_be)
        v = ask_s3(s, prefix, fault);
    if (v != V_OK || (can_be && s->level.exists) || s->asked.len == 0)
        return v;
    snprintf(fault->text, sizeof fault->text, "nothing in the archive begins with \"%.480s\"",
             s->asked.data);
    return V_NOT_FOUND;
}

static enum verdict write_content(struct service *s, struct s3_fault *fault)
{
    reply_head(&s->reply, V_OK, NULL);
    buf_puts(&s->reply, "{\"content\":");
    bool written = level_write(&s->level, &s->reply);
    reply_end(&s->reply);
    if (written && !s->reply.failed)
        return V_OK;
    snprintf(fault->text, sizeof fault->text,
             "%zu names are too many for one response: use a longer prefix", s->level.count);
    return V_STORE_FAILED;
}

/* The answer that S3 did not allow. */
static void answer_message(struct service *s, const struct request *r, enum verdict v,
                           const char *text)
{
    const char *event = v != V_NOT_FOUND ? "s3_failed"
                        : s->object      ? "no_such_object"
                                         : "no_such_prefix";
    reply_head(&s->reply, v, NULL);
    buf_puts(&s->reply, "{\"message\":");
    jsonw_str(&s->reply, text);
    reply_end(&s->reply);
    log_event(v == V_NOT_FOUND ? LOG_INFO : LOG_ERROR, event,
              "status=%d client_ip=%s prefix=%s reason=%s", fault_status(v), r->remote_addr,
              s->asked.data, text);
}

static void answer_level(struct service *s, const struct request *r)
{
    struct s3_fault fault = {.text = ""};
    enum verdict v = list(s, &fault);
    if (v == V_OK)
        v = write_content(s, &fault);
    if (v != V_OK)
        answer_message(s, r, v, fault.text);
}

/* ---- an object */

/* Only names that rollcall-archive gives lead to a request to S3. */
static enum verdict send_object(struct service *s, const struct request *r, struct s3_fault *fault)
{
    char key[S3_KEY_MAX + 1];
    int len = snprintf(key, sizeof key, "%s%s", s->root, s->asked.data);
    if (!names_is_key(s->asked.data) || len < 0 || (size_t)len >= sizeof key) {
        snprintf(fault->text, sizeof fault->text,
                 "no key of the archive; a key is such as "
                 "json/date=2026-11-20/10.0.0.7_2026-11-20.json.gz");
        return V_NOT_FOUND;
    }
    const struct fetch fetch = {s->s3, key, s->seconds, r, &s->reply};
    enum s3_result result = fetch_send(&fetch, fault);
    if (result == S3_STOPPED)
        snprintf(fault->text, sizeof fault->text, "the store was not done within %u s", s->seconds);
    if (result != S3_NOT_FOUND)
        return meaning(result);
    snprintf(fault->text, sizeof fault->text, "the archive has no such object");
    return V_NOT_FOUND;
}

/* True if an answer was sent. */
static bool answer_object(struct service *s, const struct request *r)
{
    struct s3_fault fault = {.text = ""};
    enum verdict v = send_object(s, r, &fault);
    if (v != V_OK)
        answer_message(s, r, v, fault.text);
    return v == V_OK;
}

/* ---- a request */

static enum verdict find_resource(struct service *s, const struct request *r, struct fault *f)
{
    enum verdict v = path_after(r, FETCH_RESOURCE, &s->asked, f);
    s->object = v != V_NOT_FOUND;
    return s->object ? v : level_path(r, &s->asked, f);
}

size_t service_answer(struct service *s, const struct request *r)
{
    struct ip ip;
    struct fault f;
    bool sent = false;
    fault_clear(&f);
    enum verdict v = find_resource(s, r, &f);
    if (v == V_OK)
        v = check_method(s, r, &f);
    if (v == V_OK)
        v = auth_admit(&(struct auth){&s->tokens, s->digest}, r, &ip, SCOPE_READ, &f);
    if (v == V_OK && s->object) {
        sent = answer_object(s, r);
    } else if (v == V_OK) {
        answer_level(s, r);
    } else {
        reply_fault(&s->reply, v, &f);
        log_event(LOG_INFO, "refused", "status=%d client_ip=%s reason=%s method=%s path=%s",
                  fault_status(v), r->remote_addr, f.reason, r->method, r->path);
    }
    if (sent)
        return 0;
    return request_is_head(r) ? reply_body(&s->reply) : s->reply.len;
}
