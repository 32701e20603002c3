#include "aws/s3/metadata.h"

#include "handler/shared/io.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

enum { ANSWER_MAX = 64 << 10, URL_MAX = 1024, TOKEN_MAX = 4096, TRIES = 3 };

#define INSTANCE  "http://169.254.169.254"
#define CONTAINER "http://169.254.170.2"
#define ROLES     "/latest/meta-data/iam/security-credentials/"

static enum credential_result say(enum credential_result result, char error[CREDENTIAL_ERROR_MAX],
                                  const char *what, const char *detail)
{
    snprintf(error, CREDENTIAL_ERROR_MAX, "%.240s%.240s", what, detail);
    return result;
}

/* Sends a request, and repeats it if the server is busy. Release `answer` in any case. */
static enum http_end ask(struct http *h, const char *method, const char *url,
                         const struct http_header *header, struct http_answer *answer)
{
    const struct http_request r = {
        .method = method,
        .url = url,
        .headers = header,
        .header_count = 1,
        .body_max = ANSWER_MAX,
        .direct = true,
        .connect_ms = 1000,
        .max_ms = 5000,
    };
    for (int i = 1;; i++) {
        enum http_end end = http_send(h, &r, answer);
        bool again = end == HTTP_ANSWERED && (answer->status >= 500 || answer->status == 429);
        if (!again || i == TRIES)
            return end;
        http_release(answer);
        usleep(100000U << i);
    }
}

/* Reads credentials from a response. */
static enum credential_result take(struct http_answer *a, const char *who, struct credential *out,
                                   char error[CREDENTIAL_ERROR_MAX])
{
    char why[CREDENTIAL_ERROR_MAX];
    if (a->end != HTTP_ANSWERED)
        return say(CREDENTIAL_LATER, error, who, a->error);
    if (a->status != 200) {
        snprintf(why, sizeof why, "status %ld", a->status);
        return say(a->status >= 500 || a->status == 429 ? CREDENTIAL_LATER : CREDENTIAL_BAD, error,
                   who, why);
    }
    if (credential_from_json(&a->body, out, why))
        return CREDENTIAL_OK;
    return say(CREDENTIAL_BAD, error, who, why);
}

/* ---- ECS */

/* http is allowed to this machine and to the addresses of the container agent only, because the
 * token must not cross a network. */
static bool may_be_asked(const char *url)
{
    static const char *const hosts[] = {"localhost",     "127.0.0.1",      "[::1]",
                                        "169.254.170.2", "169.254.170.23", "[fd00:ec2::23]"};
    if (strncasecmp(url, "https://", 8) == 0)
        return true;
    if (strncasecmp(url, "http://", 7) != 0)
        return false;
    for (size_t i = 0; i < sizeof hosts / sizeof *hosts; i++) {
        size_t len = strlen(hosts[i]);
        if (strncasecmp(url + 7, hosts[i], len) == 0 && strchr(":/", url[7 + len]))
            return true;
    }
    return false;
}

/* Reads the first line of a file. False if it cannot be read. */
static bool read_token(const char *path, char out[TOKEN_MAX])
{
    struct buf text;
    buf_init(&text, 4 * TOKEN_MAX);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    bool ok = fd >= 0 && io_read_file(fd, &text) && buf_str(&text) &&
              strcspn(text.data, "\r\n") < TOKEN_MAX;
    if (fd >= 0)
        close(fd);
    if (ok)
        snprintf(out, TOKEN_MAX, "%.*s", (int)strcspn(text.data, "\r\n"), text.data);
    if (text.data)
        explicit_bzero(text.data, text.len);
    buf_release(&text);
    return ok;
}

enum credential_result metadata_container(struct http *h, struct credential *out,
                                          char error[CREDENTIAL_ERROR_MAX])
{
    const char *relative = credential_env("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI");
    const char *full = credential_env("AWS_CONTAINER_CREDENTIALS_FULL_URI");
    const char *file = credential_env("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE");
    char url[URL_MAX], token[TOKEN_MAX] = "";
    struct http_answer answer;
    if (!relative && !full)
        return CREDENTIAL_NONE;
    int len = relative ? snprintf(url, sizeof url, CONTAINER "%s", relative)
                       : snprintf(url, sizeof url, "%s", full);
    if (len >= URL_MAX || (relative && *relative != '/'))
        return say(CREDENTIAL_BAD, error, "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI",
                   " must start with / and be short");
    if (!relative && !may_be_asked(url))
        return say(CREDENTIAL_BAD, error, "AWS_CONTAINER_CREDENTIALS_FULL_URI",
                   " must be https, or http to this machine");
    if (file && !read_token(file, token))
        return say(CREDENTIAL_BAD, error,
                   "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE cannot be read: ", file);
    const char *plain = credential_env("AWS_CONTAINER_AUTHORIZATION_TOKEN");
    const struct http_header header = {"Authorization", file ? token : plain};
    ask(h, "GET", url, &header, &answer);
    enum credential_result result = take(&answer, "the container's credentials: ", out, error);
    http_release(&answer);
    explicit_bzero(token, sizeof token);
    return result;
}

/* ---- EC2 */

static bool instance_url(const char *path, char out[URL_MAX])
{
    const char *base = credential_env("AWS_EC2_METADATA_SERVICE_ENDPOINT");
    base = base ? base : INSTANCE;
    size_t len = strlen(base);
    while (len > 0 && base[len - 1] == '/')
        len--;
    return snprintf(out, URL_MAX, "%.*s%s", (int)len, base, path) < URL_MAX;
}

/* A session of IMDSv2. `error` is the caller's buffer of CREDENTIAL_ERROR_MAX bytes. */
struct session {
    struct http *http;
    char *error;
    char token[TOKEN_MAX];
};

static enum credential_result session_open(struct session *s)
{
    static const struct http_header ttl = {"X-aws-ec2-metadata-token-ttl-seconds", "21600"};
    const char *disabled = credential_env("AWS_EC2_METADATA_DISABLED");
    char url[URL_MAX], status[32];
    struct http_answer a;
    enum credential_result result = CREDENTIAL_OK;
    if (disabled && strcasecmp(disabled, "true") == 0)
        return say(CREDENTIAL_NONE, s->error, "AWS_EC2_METADATA_DISABLED is true", "");
    if (!instance_url("/latest/api/token", url))
        return say(CREDENTIAL_BAD, s->error, "AWS_EC2_METADATA_SERVICE_ENDPOINT is too long", "");
    if (ask(s->http, "PUT", url, &ttl, &a) != HTTP_ANSWERED)
        result = say(CREDENTIAL_NONE, s->error, "no EC2 instance metadata: ", a.error);
    else if (a.status != 200 || !buf_str(&a.body) || a.body.len == 0 || a.body.len >= TOKEN_MAX ||
             strlen(a.body.data) != strcspn(a.body.data, "\r\n \t")) {
        snprintf(status, sizeof status, "status %ld", a.status);
        result = say(a.status >= 500 ? CREDENTIAL_LATER : CREDENTIAL_BAD, s->error,
                     "EC2 instance metadata gives no session token (IMDSv2): ", status);
    } else {
        memcpy(s->token, a.body.data, a.body.len + 1);
    }
    http_release(&a);
    return result;
}

/* GETs a short text, and copies its first line to `out`. */
static enum credential_result session_get_line(const struct session *s, const char *path, char *out,
                                               size_t size)
{
    const struct http_header header = {"X-aws-ec2-metadata-token", s->token};
    char url[URL_MAX], status[32];
    struct http_answer a;
    enum credential_result result = CREDENTIAL_OK;
    if (!instance_url(path, url))
        return say(CREDENTIAL_BAD, s->error, "AWS_EC2_METADATA_SERVICE_ENDPOINT is too long", "");
    if (ask(s->http, "GET", url, &header, &a) != HTTP_ANSWERED) {
        result = say(CREDENTIAL_LATER, s->error, "EC2 instance metadata: ", a.error);
    } else if (a.status != 200 || !buf_str(&a.body) || strcspn(a.body.data, "\r\n") >= size) {
        snprintf(status, sizeof status, ": status %ld", a.status);
        result = say(a.status >= 500 ? CREDENTIAL_LATER : CREDENTIAL_NONE, s->error, path, status);
    } else {
        snprintf(out, size, "%.*s", (int)strcspn(a.body.data, "\r\n"), a.body.data);
    }
    http_release(&a);
    return result;
}

/* Gets the keys of the instance's role. */
static enum credential_result session_get_keys(const struct session *s, struct credential *out)
{
    const struct http_header header = {"X-aws-ec2-metadata-token", s->token};
    char role[256] = "", path[sizeof ROLES + sizeof role], url[URL_MAX];
    struct http_answer a;
    enum credential_result result = session_get_line(s, ROLES, role, sizeof role);
    if (result == CREDENTIAL_NONE || (result == CREDENTIAL_OK && !*role))
        return say(CREDENTIAL_NONE, s->error, "the EC2 instance has no role", "");
    if (result != CREDENTIAL_OK)
        return result;
    snprintf(path, sizeof path, ROLES "%s", role);
    if (strpbrk(role, "/?#% ") || !instance_url(path, url))
        return say(CREDENTIAL_BAD, s->error, "EC2 instance metadata names no role: ", role);
    ask(s->http, "GET", url, &header, &a);
    result = take(&a, "the EC2 instance's credentials: ", out, s->error);
    http_release(&a);
    return result;
}

enum credential_result metadata_instance(struct http *h, struct credential *out,
                                         char error[CREDENTIAL_ERROR_MAX])
{
    struct session s = {.http = h};
    s.error = error;
    enum credential_result result = session_open(&s);
    if (result == CREDENTIAL_OK)
        result = session_get_keys(&s, out);
    explicit_bzero(s.token, sizeof s.token);
    return result;
}

bool metadata_region(struct http *h, char *out, size_t size)
{
    char error[CREDENTIAL_ERROR_MAX];
    struct session s = {.http = h, .error = error};
    bool found =
        session_open(&s) == CREDENTIAL_OK &&
        session_get_line(&s, "/latest/meta-data/placement/region", out, size) == CREDENTIAL_OK;
    explicit_bzero(s.token, sizeof s.token);
    return found;
}
