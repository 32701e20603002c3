#include "handler/http/auth.h"

#include "handler/http/session.h"
#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <string.h>
#include <strings.h>

/* The token of `Bearer <token>`; NULL for any other header. */
static const char *bearer(const char *authorization)
{
    static const char scheme[] = "Bearer ";
    if (strncasecmp(authorization, scheme, sizeof scheme - 1) != 0)
        return NULL;
    authorization += sizeof scheme - 1;
    authorization += strspn(authorization, " ");
    return *authorization ? authorization : NULL;
}

static enum verdict unauthorized(struct fault *f)
{
    f->headers = "WWW-Authenticate: Bearer\r\n";
    return fault_set(f, V_UNAUTHORIZED, "Unauthorized Access");
}

static bool token_covers(const struct token *t, const struct ip *ip)
{
    bool found = t->prefix_count == 0;
    for (size_t i = 0; i < t->prefix_count && !found; i++)
        found = ip_matches(ip, &t->prefixes[i]);
    return found;
}

static enum verdict check_token(const struct tokens *tokens, const unsigned char hash[DIGEST_LEN],
                                const struct ip *ip, enum scope scope, struct fault *f)
{
    bool known = false, here = false, allowed = false;
    /* Compare every line, so that the time does not reveal which one matches. */
    for (size_t i = 0; i < tokens->count; i++) {
        const struct token *t = &tokens->list[i];
        if (!digest_equal(t->hash, hash) || t->open)
            continue;
        known = true;
        bool from = token_covers(t, ip);
        here |= from;
        allowed |= from && (t->scopes & scope);
    }
    if (allowed)
        return V_OK;
    if (!known)
        return unauthorized(f);
    if (!here)
        return fault_set(f, V_FORBIDDEN, "this token is not valid for the address %s", ip->text);
    return fault_set(f, V_FORBIDDEN, "this token lacks the scope \"%s\"", tokens_scope_name(scope));
}

static bool admits_without_token(const struct tokens *tokens, const struct ip *ip, enum scope scope)
{
    bool found = false;
    for (size_t i = 0; i < tokens->count && !found; i++) {
        const struct token *t = &tokens->list[i];
        found = t->open && (t->scopes & scope) && token_covers(t, ip);
    }
    return found;
}

/* The hash of the token that the request's session belongs to. */
static enum verdict session_token(const struct tokens *tokens, struct digest *d,
                                  const struct request *r, unsigned char hash[DIGEST_LEN])
{
    size_t len;
    const char *value = session_cookie(r, &len);
    for (size_t i = 0; value && i < tokens->count; i++)
        if (!tokens->list[i].open &&
            session_valid(d, tokens->list[i].hash, value, len, clock_now() / 1000)) {
            memcpy(hash, tokens->list[i].hash, DIGEST_LEN);
            return V_OK;
        }
    return V_UNAUTHORIZED;
}

/* The hash of the token that the request names itself; V_UNAUTHORIZED if it names none. */
static enum verdict bearer_token(struct digest *d, const struct request *r,
                                 unsigned char hash[DIGEST_LEN], struct fault *f)
{
    const char *token = bearer(r->authorization);
    if (!token)
        return unauthorized(f);
    if (!digest_start(d) || !digest_add(d, token, strlen(token)) || !digest_finish(d, hash))
        return fault_memory(f);
    return V_OK;
}

static bool takes_session(const struct request *r, enum scope scope)
{
    return scope == SCOPE_READ && *r->cookie &&
           (strcmp(r->method, "GET") == 0 || request_is_head(r));
}

enum verdict auth_check(const struct auth *a, const struct request *r, const struct ip *ip,
                        enum scope scope, struct fault *f)
{
    if (!tokens_refresh(a->tokens))
        return fault_set(f, V_UNAVAILABLE,
                         "the tokens file cannot be read; all requests are refused");
    unsigned char hash[DIGEST_LEN];
    if (*r->authorization) {
        enum verdict v = bearer_token(a->digest, r, hash, f);
        return v == V_OK ? check_token(a->tokens, hash, ip, scope, f) : v;
    }
    if (takes_session(r, scope) && session_token(a->tokens, a->digest, r, hash) == V_OK)
        return check_token(a->tokens, hash, ip, scope, f);
    return admits_without_token(a->tokens, ip, scope) ? V_OK : unauthorized(f);
}

enum verdict auth_token(const struct auth *a, const struct request *r, const struct ip *ip,
                        unsigned char hash[DIGEST_LEN], struct fault *f)
{
    if (!tokens_refresh(a->tokens))
        return fault_set(f, V_UNAVAILABLE,
                         "the tokens file cannot be read; all requests are refused");
    enum verdict v = bearer_token(a->digest, r, hash, f);
    return v == V_OK ? check_token(a->tokens, hash, ip, SCOPE_READ, f) : v;
}

enum verdict auth_address(const struct request *r, struct ip *ip, struct fault *f)
{
    if (ip_parse(r->remote_addr, ip))
        return V_OK;
    log_event(LOG_ERROR, "no_client_address", "remote_addr=%s", r->remote_addr);
    return fault_set(f, V_STORE_FAILED, "the web server gave no client address");
}

enum verdict auth_admit(const struct auth *a, const struct request *r, struct ip *ip,
                        enum scope scope, struct fault *f)
{
    enum verdict v = auth_address(r, ip, f);
    return v == V_OK ? auth_check(a, r, ip, scope, f) : v;
}
