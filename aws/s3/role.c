#include "aws/s3/role.h"

#include "aws/s3/percent.h"
#include "aws/s3/xml.h"
#include "handler/shared/digest.h"
#include "handler/shared/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BODY_MAX = 8 << 10, RESPONSE_MAX = 64 << 10, URL_MAX = 512 };

/* The response of STS: keys, or an error. */
struct role_response {
    char access[CREDENTIAL_KEY_MAX];
    char secret[CREDENTIAL_KEY_MAX];
    char token[CREDENTIAL_TOKEN_MAX];
    char expires[64];
    char code[64];
    char message[240];
};

static bool take_element(void *context, const char *path, const char *text, size_t len)
{
    struct role_response *r = context;
    const struct {
        const char *path;
        char *out;
        size_t size;
    } fields[] = {
        {"AssumeRoleResponse/AssumeRoleResult/Credentials/AccessKeyId", r->access,
         sizeof r->access},
        {"AssumeRoleResponse/AssumeRoleResult/Credentials/SecretAccessKey", r->secret,
         sizeof r->secret},
        {"AssumeRoleResponse/AssumeRoleResult/Credentials/SessionToken", r->token, sizeof r->token},
        {"AssumeRoleResponse/AssumeRoleResult/Credentials/Expiration", r->expires,
         sizeof r->expires},
        {"ErrorResponse/Error/Code", r->code, sizeof r->code},
        {"ErrorResponse/Error/Message", r->message, sizeof r->message},
        {"Error/Code", r->code, sizeof r->code}, /* from radosgw */
        {"Error/Message", r->message, sizeof r->message},
    };
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (strcmp(path, fields[i].path) == 0 && len < fields[i].size)
            memcpy(fields[i].out, text, len + 1);
    return true;
}

static void write_body(const struct role *role, struct buf *body)
{
    const struct percent_pair pairs[] = {
        {"Action", "AssumeRole"},
        {"DurationSeconds", role->seconds},
        {role->external_id[0] ? "ExternalId" : NULL, role->external_id},
        {"RoleArn", role->arn},
        {"RoleSessionName", role->session},
        {"Version", "2011-06-15"},
    };
    percent_query(body, pairs, sizeof pairs / sizeof *pairs);
}

static void find_url(const struct role *role, char out[URL_MAX])
{
    const char *given = credential_env("AWS_ENDPOINT_URL_STS");
    if (given)
        snprintf(out, URL_MAX, "%.480s%s", given, given[strlen(given) - 1] == '/' ? "" : "/");
    else
        snprintf(out, URL_MAX, "https://sts.%s.amazonaws.com%s/", role->region,
                 strncmp(role->region, "cn-", 3) == 0 ? ".cn" : "");
}

/* `body` is a query; the text after its '?' is sent. */
static bool call(struct http *h, const struct role *role, const struct credential *base,
                 const struct buf *body, struct http_answer *answer)
{
    char url[URL_MAX], hex[DIGEST_HEX_LEN + 1];
    unsigned char sha256[DIGEST_LEN];
    const char *bytes = body->data + 1;
    size_t len = body->len - 1;
    struct digest *d = digest_new();
    bool ok = d && digest_start(d) && digest_add(d, bytes, len) && digest_finish(d, sha256);
    digest_free(d);
    if (!ok)
        return false;
    digest_hex(sha256, hex);
    find_url(role, url);
    const struct http_key sign = {base->access, base->secret, role->region, "sts"};
    const struct http_header headers[] = {
        {"Content-Type", "application/x-www-form-urlencoded"},
        {"x-amz-content-sha256", hex},
        {"x-amz-security-token", base->token[0] ? base->token : NULL},
    };
    const struct http_request request = {
        .method = "POST",
        .url = url,
        .headers = headers,
        .header_count = sizeof headers / sizeof *headers,
        .sign = &sign,
        .has_body = true,
        .bytes = bytes,
        .len = len,
        .body_max = RESPONSE_MAX,
        .ca_bundle = credential_env("AWS_CA_BUNDLE"),
        .connect_ms = 5000,
        .max_ms = 20000,
    };
    http_send(h, &request, answer);
    return true;
}

static enum credential_result refused(const struct role *role, const struct http_answer *a,
                                      const struct role_response *r,
                                      char error[CREDENTIAL_ERROR_MAX])
{
    bool busy = a->end != HTTP_ANSWERED || a->status >= 500 || a->status == 429 ||
                strcmp(r->code, "Throttling") == 0;
    if (a->end != HTTP_ANSWERED)
        snprintf(error, CREDENTIAL_ERROR_MAX, "STS does not assume %.200s: %.200s", role->arn,
                 a->error);
    else
        snprintf(error, CREDENTIAL_ERROR_MAX, "STS does not assume %.200s: %.200s (%ld %.64s)",
                 role->arn, r->message[0] ? r->message : "no reason is given", a->status, r->code);
    text_make_plain(error);
    return busy ? CREDENTIAL_LATER : CREDENTIAL_BAD;
}

static enum credential_result read_keys(const struct role_response *r, struct credential *out,
                                        char error[CREDENTIAL_ERROR_MAX])
{
    char why[CREDENTIAL_ERROR_MAX];
    if (credential_set(out, r->access, r->secret, r->token, why) &&
        credential_expires(out, r->expires, why))
        return CREDENTIAL_OK;
    snprintf(error, CREDENTIAL_ERROR_MAX, "STS's response: %.400s", why);
    return CREDENTIAL_BAD;
}

enum credential_result role_assume(struct http *h, const struct role *role,
                                   const struct credential *base, struct credential *out,
                                   char error[CREDENTIAL_ERROR_MAX])
{
    char ignored[XML_ERROR_MAX];
    struct http_answer answer = {.end = HTTP_SETUP};
    struct role_response response = {.access = ""};
    struct buf body;
    enum credential_result result = CREDENTIAL_LATER;
    snprintf(error, CREDENTIAL_ERROR_MAX, "out of memory");
    buf_init(&body, BODY_MAX);
    write_body(role, &body);
    if (buf_str(&body) && call(h, role, base, &body, &answer)) {
        if (answer.body.len > 0)
            xml_read(answer.body.data, answer.body.len, take_element, &response, ignored);
        bool ok = answer.end == HTTP_ANSWERED && answer.status == 200;
        result = ok ? read_keys(&response, out, error) : refused(role, &answer, &response, error);
        http_release(&answer);
    }
    buf_release(&body);
    explicit_bzero(&response, sizeof response);
    return result;
}
