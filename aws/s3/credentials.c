#include "aws/s3/credentials.h"

#include "aws/s3/metadata.h"
#include "aws/s3/profile.h"
#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ASK_AGAIN_MS = 10000, CHAIN_MAX = 5 };

struct credentials {
    pthread_mutex_t lock;
    struct http *http;
    struct credential key;
    bool have, fetchable;             /* `fetchable`: asking again may give another key */
    int64_t asked;                    /* clock_monotonic() when the sources were last asked */
    char error[CREDENTIAL_ERROR_MAX]; /* of a role's source */
};

struct credentials *credentials_new(void)
{
    struct credentials *c = calloc(1, sizeof *c);
    if (!c)
        return NULL;
    c->http = http_new();
    if (c->http && pthread_mutex_init(&c->lock, NULL) == 0)
        return c;
    http_free(c->http);
    free(c);
    return NULL;
}

void credentials_free(struct credentials *c)
{
    if (!c)
        return;
    http_free(c->http);
    pthread_mutex_destroy(&c->lock);
    credential_clear(&c->key);
    free(c);
}

static enum credential_result environment(struct credential *out, char error[CREDENTIAL_ERROR_MAX])
{
    const char *access = credential_env("AWS_ACCESS_KEY_ID");
    const char *secret = credential_env("AWS_SECRET_ACCESS_KEY");
    char why[CREDENTIAL_ERROR_MAX];
    if (!access && !secret)
        return CREDENTIAL_NONE;
    if (credential_set(out, access, secret, credential_env("AWS_SESSION_TOKEN"), why))
        return CREDENTIAL_OK;
    snprintf(error, CREDENTIAL_ERROR_MAX,
             "AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN: %.200s", why);
    return CREDENTIAL_BAD;
}

/* The following functions set c->error. */
static enum credential_result from_profile(struct credentials *c, const char *name, unsigned depth,
                                           struct credential *out);

/* The keys with which a profile's role is assumed. */
static enum credential_result source_keys(struct credentials *c, const char *name,
                                          const struct profile_role *p, unsigned depth,
                                          struct credential *out)
{
    char *error = c->error;
    enum credential_result result = CREDENTIAL_BAD;
    if (p->source == SOURCE_ENVIRONMENT)
        result = environment(out, error);
    else if (p->source == SOURCE_INSTANCE)
        result = metadata_instance(c->http, out, error);
    else if (p->source == SOURCE_CONTAINER)
        result = metadata_container(c->http, out, error);
    else if (strcmp(p->source_profile, name) == 0)
        result = profile_keys(name, out, error);
    else
        result = from_profile(c, p->source_profile, depth + 1, out);
    if (result != CREDENTIAL_NONE)
        return result;
    snprintf(error, CREDENTIAL_ERROR_MAX, "AWS profile %.64s: no keys from %s%s%.64s", name,
             profile_source_names[p->source], p->source == SOURCE_PROFILE ? " " : "",
             p->source_profile);
    return CREDENTIAL_BAD;
}

/* The role's region: the environment's, the profile's, or the instance's. STS exists in all
 * regions. */
static void role_region(struct credentials *c, struct role *role)
{
    const char *said = credential_env("AWS_REGION");
    said = said ? said : credential_env("AWS_DEFAULT_REGION");
    if (said)
        snprintf(role->region, sizeof role->region, "%s", said);
    if (!role->region[0] && !metadata_region(c->http, role->region, sizeof role->region))
        snprintf(role->region, sizeof role->region, "us-east-1");
}

/* Gets the profile's keys, or those of the role that it names. */
static enum credential_result from_profile(struct credentials *c, const char *name, unsigned depth,
                                           struct credential *out)
{
    struct profile_role p;
    struct credential base;
    if (depth >= CHAIN_MAX) {
        snprintf(c->error, sizeof c->error,
                 "AWS profile %.64s: source_profile leads through more than %d profiles", name,
                 CHAIN_MAX);
        return CREDENTIAL_BAD;
    }
    enum credential_result result = profile_role(name, &p, c->error);
    if (result == CREDENTIAL_NONE)
        return profile_keys(name, out, c->error);
    if (result != CREDENTIAL_OK)
        return result;
    result = source_keys(c, name, &p, depth, &base);
    if (result == CREDENTIAL_OK) {
        role_region(c, &p.role);
        result = role_assume(c->http, &p.role, &base, out, c->error);
        c->fetchable = true;
    }
    credential_clear(&base);
    return result;
}

static enum credential_result profile_credential(struct credentials *c, struct credential *out,
                                                 char error[CREDENTIAL_ERROR_MAX])
{
    c->error[0] = '\0';
    enum credential_result result = from_profile(c, profile_name(), 0, out);
    memcpy(error, c->error, CREDENTIAL_ERROR_MAX);
    return result;
}

/* True if AWS_PROFILE names a role that is assumed with the environment's keys. Then these keys do
 * not sign requests to S3. */
static bool environment_is_a_source(void)
{
    char ignored[CREDENTIAL_ERROR_MAX];
    struct profile_role p;
    return credential_env("AWS_PROFILE") &&
           profile_role(profile_name(), &p, ignored) == CREDENTIAL_OK &&
           p.source == SOURCE_ENVIRONMENT;
}

/* Asks the sources, in their order. */
static enum credential_result fetch(struct credentials *c, struct credential *out,
                                    char error[CREDENTIAL_ERROR_MAX])
{
    char last[CREDENTIAL_ERROR_MAX] = "";
    c->fetchable = false;
    enum credential_result result =
        environment_is_a_source() ? CREDENTIAL_NONE : environment(out, error);
    if (result == CREDENTIAL_NONE)
        result = profile_credential(c, out, error);
    c->fetchable = c->fetchable || result == CREDENTIAL_NONE || result == CREDENTIAL_LATER;
    if (result == CREDENTIAL_NONE)
        result = metadata_container(c->http, out, error);
    if (result == CREDENTIAL_NONE)
        result = metadata_instance(c->http, out, error);
    if (result != CREDENTIAL_NONE)
        return result;
    memcpy(last, error, sizeof last);
    snprintf(error, CREDENTIAL_ERROR_MAX,
             "no credentials: neither AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, nor a shared "
             "credentials file, nor an ECS task's; %.240s",
             last);
    return CREDENTIAL_BAD;
}

static bool ends_within(const struct credential *key, int64_t ms)
{
    return key->expires > 0 && key->expires - clock_now() <= ms;
}

/* Makes c->key valid; the result says whether it is. Call with the lock. */
static enum credential_result renew(struct credentials *c, char error[CREDENTIAL_ERROR_MAX])
{
    struct credential key;
    if (c->have && !ends_within(&c->key, 0) && clock_monotonic() - c->asked < ASK_AGAIN_MS)
        return CREDENTIAL_OK; /* a source may return the same key until shortly before it expires */
    enum credential_result result = fetch(c, &key, error);
    c->asked = clock_monotonic();
    if (result == CREDENTIAL_OK && ends_within(&key, 0)) {
        snprintf(error, CREDENTIAL_ERROR_MAX,
                 "the source gave credentials that have expired already");
        result = CREDENTIAL_LATER;
    }
    if (result == CREDENTIAL_OK) {
        c->key = key;
        c->have = true;
    } else if (c->have && !ends_within(&c->key, 0)) {
        log_event(LOG_WARN, "credentials_not_renewed", "reason=%s", error);
        result = CREDENTIAL_OK;
    }
    credential_clear(&key);
    return result;
}

enum credential_result credentials_get(struct credentials *c, struct credential *out,
                                       char error[CREDENTIAL_ERROR_MAX])
{
    enum credential_result result = CREDENTIAL_OK;
    pthread_mutex_lock(&c->lock);
    if (!c->have || ends_within(&c->key, CREDENTIALS_EARLY_MS))
        result = renew(c, error);
    if (result == CREDENTIAL_OK)
        *out = c->key;
    else
        credential_clear(out);
    pthread_mutex_unlock(&c->lock);
    return result;
}

bool credentials_expired(struct credentials *c, const struct credential *used)
{
    pthread_mutex_lock(&c->lock);
    bool can_help = c->fetchable;
    if (can_help && c->have && strcmp(c->key.access, used->access) == 0)
        c->have = false;
    pthread_mutex_unlock(&c->lock);
    return can_help;
}

bool credentials_region(struct credentials *c, bool ask_instance, char *out, size_t size)
{
    const char *said = credential_env("AWS_REGION");
    said = said ? said : credential_env("AWS_DEFAULT_REGION");
    if (said && strlen(said) < size) {
        memcpy(out, said, strlen(said) + 1);
        return true;
    }
    if (profile_region(out, size))
        return true;
    if (!ask_instance)
        return false;
    pthread_mutex_lock(&c->lock);
    bool found = metadata_region(c->http, out, size);
    pthread_mutex_unlock(&c->lock);
    return found;
}
