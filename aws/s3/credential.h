/*
 * credential: an access key with its expiry, and the results of asking a source for one.
 */
#ifndef AWS_S3_CREDENTIAL_H
#define AWS_S3_CREDENTIAL_H

#include "handler/shared/buf.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CREDENTIAL_KEY_MAX = 256,
    CREDENTIAL_TOKEN_MAX = 8 << 10,
    CREDENTIAL_ERROR_MAX = 512,
};

struct credential {
    char access[CREDENTIAL_KEY_MAX];
    char secret[CREDENTIAL_KEY_MAX];
    char token[CREDENTIAL_TOKEN_MAX]; /* "" unless the key is temporary */
    int64_t expires;                  /* ms since the epoch; 0: never */
};

enum credential_result {
    CREDENTIAL_OK,
    CREDENTIAL_NONE,  /* the source does not exist: ask the next one */
    CREDENTIAL_BAD,   /* the source is wrong; the error says what would be right */
    CREDENTIAL_LATER, /* the source does not respond now */
};

/*
 * Fills `out`. False, with an error that contains no secret, if a part is missing or too long, or
 * contains a byte that cannot be in a header. `token` may be NULL or "".
 */
bool credential_set(struct credential *out, const char *access, const char *secret,
                    const char *token, char error[CREDENTIAL_ERROR_MAX]);

/*
 * Reads {"AccessKeyId":...,"SecretAccessKey":...,"Token":...,"Expiration":...}, as ECS and EC2 send
 * it. Changes `json`.
 */
bool credential_from_json(struct buf *json, struct credential *out,
                          char error[CREDENTIAL_ERROR_MAX]);

/* Sets the expiry from a time such as "2026-11-21T05:00:00Z". False with an error. */
bool credential_expires(struct credential *out, const char *text, char error[CREDENTIAL_ERROR_MAX]);

/* An environment variable. NULL if it is not set, or empty. */
const char *credential_env(const char *name);

/* Overwrites the memory. */
void credential_clear(struct credential *c);

#endif
