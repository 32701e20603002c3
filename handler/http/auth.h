/*
 * auth: whether a request is allowed. The token (RFC 6750) and the client's address decide, before
 * the body is read. A session's cookie (session.h) counts in place of a token for GET and HEAD with
 * the scope read, and only if the request has no Authorization.
 */
#ifndef HANDLER_HTTP_AUTH_H
#define HANDLER_HTTP_AUTH_H

#include "handler/fault.h"
#include "handler/http/request.h"
#include "handler/http/tokens.h"

/* What a worker checks tokens with. Borrowed; the state of the digest is lost. */
struct auth {
    struct tokens *tokens;
    struct digest *digest;
};

/*
 * V_OK, or V_UNAUTHORIZED (no token, or an unknown one), V_FORBIDDEN (a known token without
 * `scope`, or not valid for the address), V_UNAVAILABLE (no tokens file: all requests are refused).
 */
enum verdict auth_check(const struct auth *a, const struct request *r, const struct ip *ip,
                        enum scope scope, struct fault *f);

/* Sets `ip` to the client's address, then does the same; V_STORE_FAILED if the web server gave no
 * valid address. */
enum verdict auth_admit(const struct auth *a, const struct request *r, struct ip *ip,
                        enum scope scope, struct fault *f);

/* Sets `ip` to the client's address; V_STORE_FAILED if the web server gave no valid one. */
enum verdict auth_address(const struct request *r, struct ip *ip, struct fault *f);

/* As auth_check() with the scope read, but by a bearer token alone, whose hash is set. */
enum verdict auth_token(const struct auth *a, const struct request *r, const struct ip *ip,
                        unsigned char hash[DIGEST_LEN], struct fault *f);

#endif
