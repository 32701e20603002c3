#include "aws/s3/credential.h"

#include "handler/shared/clock.h"
#include "handler/shared/json/gate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { VALUE_MAX = CREDENTIAL_TOKEN_MAX };

const char *credential_env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

void credential_clear(struct credential *c)
{
    explicit_bzero(c, sizeof *c);
}

/* Copies a value that can be in a header: visible ASCII, no blanks. */
static bool put(char *out, size_t size, const char *value)
{
    size_t len = strlen(value);
    if (len >= size)
        return false;
    for (size_t i = 0; i < len; i++)
        if (value[i] <= ' ' || value[i] >= 0x7f)
            return false;
    memcpy(out, value, len + 1);
    return true;
}

static bool fail(char error[CREDENTIAL_ERROR_MAX], const char *what)
{
    snprintf(error, CREDENTIAL_ERROR_MAX, "%s", what);
    return false;
}

bool credential_set(struct credential *out, const char *access, const char *secret,
                    const char *token, char error[CREDENTIAL_ERROR_MAX])
{
    credential_clear(out);
    if (!access || !*access)
        return fail(error, "the access key id is missing");
    if (!secret || !*secret)
        return fail(error, "the secret access key is missing");
    if (!put(out->access, sizeof out->access, access))
        return fail(error,
                    "the access key id holds a blank or a control character, or is too long");
    if (!put(out->secret, sizeof out->secret, secret))
        return fail(error, "the secret access key holds a blank or a control character, or is too "
                           "long");
    if (token && !put(out->token, sizeof out->token, token))
        return fail(error,
                    "the session token holds a blank or a control character, or is too long");
    return true;
}

/* Reads a time such as "2026-11-21T05:00:00Z", with or without a fraction. -1 if it is not one. */
static int64_t parse_time(const char *text)
{
    char ours[CLOCK_TIME_LEN + 1];
    size_t len = strlen(text);
    if (len < 20 || text[len - 1] != 'Z')
        return -1;
    snprintf(ours, sizeof ours, "%.19s.000Z", text);
    return clock_parse(ours);
}

bool credential_expires(struct credential *out, const char *text, char error[CREDENTIAL_ERROR_MAX])
{
    out->expires = parse_time(text);
    return out->expires > 0 || fail(error, "expected an Expiration such as 2026-11-21T05:00:00Z");
}

/* Copies the string of a member to `out`, or "" if it is absent or not a string. False if it is too
 * long or contains NUL. */
static bool member(const struct json_doc *doc, const char *name, char *out)
{
    out[0] = '\0';
    for (size_t i = 0; i < doc->member_count && i < JSON_MAX_MEMBERS; i++) {
        const struct json_member *m = &doc->members[i];
        if (!json_name_is(m->name, name) || !json_is_string(m->value))
            continue;
        if (m->value.len >= VALUE_MAX || json_has_nul(m->value))
            return false;
        out[json_unescape(m->value, out)] = '\0';
    }
    return true;
}

static bool read_doc(const struct json_doc *doc, struct credential *out,
                     char error[CREDENTIAL_ERROR_MAX])
{
    char access[VALUE_MAX], secret[VALUE_MAX], token[VALUE_MAX], text[VALUE_MAX];
    if (!member(doc, "Code", text))
        return fail(error, "the answer's Code is too long");
    if (text[0] && strcmp(text, "Success") != 0) {
        snprintf(error, CREDENTIAL_ERROR_MAX, "the answer's Code is %.64s", text);
        return false;
    }
    bool ok = member(doc, "AccessKeyId", access) && member(doc, "SecretAccessKey", secret) &&
              member(doc, "Token", token) && member(doc, "Expiration", text);
    ok = ok ? credential_set(out, access, secret, token, error)
            : fail(error, "a member of the answer is too long");
    explicit_bzero(secret, sizeof secret);
    explicit_bzero(token, sizeof token);
    return ok && text[0] ? credential_expires(out, text, error) : ok;
}

bool credential_from_json(struct buf *json, struct credential *out,
                          char error[CREDENTIAL_ERROR_MAX])
{
    struct json_doc doc;
    struct json_fault fault;
    credential_clear(out);
    if (!buf_str(json) || !json_gate(json->data, json->len, &doc, &fault) ||
        !json_is_object(doc.text))
        return fail(error, "the answer is not a JSON object");
    return read_doc(&doc, out, error);
}
