#include "handler/http/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool session_name(const struct request *r, char out[SESSION_NAME_LEN])
{
    const char *port = strrchr(r->host, ':'), *bracket = strrchr(r->host, ']');
    if (request_is_tls(r)) {
        snprintf(out, SESSION_NAME_LEN, "__Host-rollcall");
        return true;
    }
    if (port && bracket && port < bracket) /* [::1] has no port */
        port = NULL;
    port = port ? port + 1 : "80";
    size_t len = strlen(port);
    if (!*r->host || len < 1 || len > 5 || strspn(port, "0123456789") != len)
        return false;
    snprintf(out, SESSION_NAME_LEN, "rollcall-%s", port);
    return true;
}

const char *session_cookie(const struct request *r, size_t *len)
{
    char name[SESSION_NAME_LEN];
    if (!*r->cookie || !session_name(r, name))
        return NULL;
    size_t n = strlen(name);
    for (const char *at = r->cookie; *at; at += *at == ';') {
        at += strspn(at, " \t");
        size_t whole = strcspn(at, ";");
        if (whole > n && at[n] == '=' && strncmp(at, name, n) == 0) {
            *len = whole - n - 1;
            return at + n + 1;
        }
        at += whole;
    }
    return NULL;
}

bool session_make(struct digest *d, const unsigned char hash[DIGEST_LEN], int64_t expiry,
                  char out[SESSION_LEN + 1])
{
    unsigned char sum[DIGEST_LEN];
    char hex[DIGEST_HEX_LEN + 1];
    digest_hex(hash, hex);
    int len = snprintf(out, SESSION_LEN + 1, "v1.%.*s.%" PRId64, SESSION_ID_LEN, hex, expiry);
    if (!digest_hmac(d, hash, out, (size_t)len, sum))
        return false;
    digest_hex(sum, hex);
    snprintf(out + len, (size_t)(SESSION_LEN + 1 - len), ".%s", hex);
    return true;
}

bool session_valid(struct digest *d, const unsigned char hash[DIGEST_LEN], const char *value,
                   size_t len, int64_t now)
{
    enum { EXPIRY_AT = 3 + SESSION_ID_LEN + 1 };
    char right[SESSION_LEN + 1], text[24], hex[DIGEST_HEX_LEN + 1];
    digest_hex(hash, hex);
    if (len <= EXPIRY_AT || len > SESSION_LEN || strncmp(value, "v1.", 3) != 0 ||
        strncmp(value + 3, hex, SESSION_ID_LEN) != 0)
        return false;
    size_t digits = strspn(value + EXPIRY_AT, "0123456789");
    if (digits < 1 || digits > 18 || EXPIRY_AT + digits + 1 + DIGEST_HEX_LEN != len)
        return false;
    snprintf(text, sizeof text, "%.*s", (int)digits, value + EXPIRY_AT);
    int64_t end = strtoll(text, NULL, 10);
    /* The whole value is made again and compared in constant time. */
    if (!session_make(d, hash, end, right) || strlen(right) != len)
        return false;
    unsigned char differ = 0;
    for (size_t i = 0; i < len; i++)
        differ |= (unsigned char)(right[i] ^ value[i]);
    return differ == 0 && end > now;
}
