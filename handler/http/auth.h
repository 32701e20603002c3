/*
 * auth: may this request do this? Decided by the token (RFC 6750) and the client's address,
 * before anything of the body is read.
 */
#ifndef HANDLER_HTTP_AUTH_H
#define HANDLER_HTTP_AUTH_H

#include "handler/fault.h"
#include "handler/http/request.h"
#include "handler/http/tokens.h"

/*
 * V_OK, or V_UNAUTHORIZED (no token, or one that nobody knows), V_FORBIDDEN (a known one without
 * `scope`, or from an address that it is not for), V_UNAVAILABLE (no tokens file: nobody gets in).
 * `d` is the worker's digest, free to use here.
 */
enum verdict auth_check(struct tokens *tokens, struct digest *d, const struct request *r,
                        const struct ip *ip, enum scope scope, struct fault *f);

/* The same, once `ip` is set to the client's address; V_STORE_FAILED where the web server gave
 * none. */
enum verdict auth_admit(struct tokens *tokens, struct digest *d, const struct request *r,
                        struct ip *ip, enum scope scope, struct fault *f);

#endif
