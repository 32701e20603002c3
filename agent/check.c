#include "agent/check.h"

#include "agent/send/attempt.h"
#include "agent/send/post.h"
#include "agent/send/reply.h"

#include "handler/shared/log.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>

enum { URL_MAX = 8192 };

static int check_fail(int code, const char *step, const struct post_answer *answer,
                      const char *reason)
{
    if (answer && answer->status)
        log_event(LOG_ERROR, "check_failed", "exit=%d step=%s status=%lld reason=%s", code, step,
                  (long long)answer->status, reason);
    else if (answer && answer->bad_key)
        log_event(LOG_ERROR, "check_failed", "exit=%d step=%s key=%s reason=%s", code, step,
                  answer->bad_key, reason);
    else
        log_event(LOG_ERROR, "check_failed", "exit=%d step=%s reason=%s", code, step, reason);
    return code;
}

static int check_passed(const char *step, const char *what)
{
    return printf("ok %s %s\n", step, what) < 0 || fflush(stdout) != 0
               ? check_fail(EX_TEMPFAIL, step, NULL, "cannot write to stdout")
               : EX_OK;
}

/* The failure of a request that was not answered as expected. */
static int check_bad_answer(const char *step, const struct post_answer *answer,
                            const struct reply *reply)
{
    int code = attempt_code(answer->status, false);
    return check_fail(code == EX_OK ? EX_CONFIG : code, step, answer,
                      reply->reason[0] ? reply->reason : "the answer is not from rollcall");
}

static int check_no_answer(const char *step, const struct post_answer *answer)
{
    return check_fail(answer->bad_key ? EX_CONFIG : EX_TEMPFAIL, step, answer, answer->error);
}

/* The url with /healthz in place of the path of the records. */
static bool check_health_url(const char *url, char out[URL_MAX])
{
    static const char *const paths[] = {"/data", "/api/v1/record"};
    size_t origin = (size_t)(strstr(url, "://") + 3 - url);
    size_t len = origin + strcspn(url + origin, "?#");
    while (len > origin && url[len - 1] == '/')
        len--;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        size_t n = strlen(paths[i]);
        if (len >= origin + n && strncmp(url + len - n, paths[i], n) == 0) {
            len -= n;
            break;
        }
    }
    int n = snprintf(out, URL_MAX, "%.*s/healthz", (int)len, url);
    return n > 0 && n < URL_MAX;
}

/* A proxy may pass on the path of the records only, so a 404 here is reported and no failure. */
static int check_health(struct post *post, const struct agent_config *c)
{
    char url[URL_MAX];
    struct post_answer answer;
    struct reply reply;
    struct post_request request = attempt_request(c);
    if (!check_health_url(c->url, url))
        return check_fail(EX_CONFIG, "collector", NULL, "url: is too long");
    request.url = url;
    request.token = NULL; /* /healthz needs none */
    int code;
    if (post_send(post, &request, &answer)) {
        reply_parse(answer.body.data, answer.body.len, &reply);
        if (answer.status == 200 && reply.status == REPLY_SUCCESS)
            code = check_passed("collector", url);
        else if (answer.status == 404 || answer.status == 405)
            code = check_passed("collector", "answers, but not at /healthz");
        else
            code = check_bad_answer("collector", &answer, &reply);
    } else {
        code = check_no_answer("collector", &answer);
    }
    post_release(&answer);
    return code;
}

/* A body without a record: rollcall reads it only if the token is valid, and stores nothing. */
static int check_token(struct post *post, const struct agent_config *c)
{
    struct post_answer answer;
    struct reply reply;
    struct post_request request = attempt_request(c);
    request.type = c->listings ? "application/json" : "application/x-ndjson";
    request.body = "";
    int code;
    if (post_send(post, &request, &answer)) {
        reply_parse(answer.body.data, answer.body.len, &reply);
        if (attempt_code(answer.status, reply.status == REPLY_FAIL) == EX_PROTOCOL)
            code = check_passed("token", c->token ? "accepted" : "not required");
        else
            code = check_bad_answer("token", &answer, &reply);
    } else {
        code = check_no_answer("token", &answer);
    }
    post_release(&answer);
    return code;
}

int check_run(const struct agent_config *c)
{
    struct post *post = post_new();
    if (!post)
        return check_fail(EX_TEMPFAIL, "configuration", NULL, "out of memory");
    int code = check_passed("configuration", c->url);
    if (code == EX_OK)
        code = check_health(post, c);
    if (code == EX_OK)
        code = check_token(post, c);
    post_free(post);
    return code;
}
