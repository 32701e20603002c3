/*
 * session: the cookie of a signed-in browser, which is not the token:
 *
 *     v1.<first 16 hex digits of the token's hash>.<expiry>.<HMAC-SHA256 of that, keyed with the
 * hash>
 *
 * The expiry is in seconds since the epoch. Nothing is stored: a cookie is valid as long as the
 * tokens file has the hash. Anyone who can read the tokens file can make one.
 *
 * A request over TLS carries the cookie __Host-rollcall, any other rollcall-<port>: browsers send
 * the cookies of one host to all of its ports.
 */
#ifndef HANDLER_HTTP_SESSION_H
#define HANDLER_HTTP_SESSION_H

#include "handler/http/request.h"
#include "handler/shared/digest.h"

#include <stdint.h>

enum {
    SESSION_SECONDS = 12 * 60 * 60,
    SESSION_ID_LEN = 16,
    SESSION_LEN = 3 + SESSION_ID_LEN + 1 + 20 + 1 + DIGEST_HEX_LEN,
    SESSION_NAME_LEN = 32
};

/* The cookie's name for this request; false if the request names no host. */
bool session_name(const struct request *r, char out[SESSION_NAME_LEN]);

/* The value of this request's cookie, of *len bytes; NULL if it has none. */
const char *session_cookie(const struct request *r, size_t *len);

/* Writes a value for the token of this hash. False if libcrypto failed. */
bool session_make(struct digest *d, const unsigned char hash[DIGEST_LEN], int64_t expiry,
                  char out[SESSION_LEN + 1]);

/* True if `value` was made with this hash and is not over at `now` (seconds). */
bool session_valid(struct digest *d, const unsigned char hash[DIGEST_LEN], const char *value,
                   size_t len, int64_t now);

#endif
