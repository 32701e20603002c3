/*
 * credential: an access key, and when it ends; and how asking a source for one may end.
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
    char token[CREDENTIAL_TOKEN_MAX]; /* "" when it is no temporary key */
    int64_t expires;                  /* ms since the epoch; 0: never */
};

enum credential_result {
    CREDENTIAL_OK,
    CREDENTIAL_NONE,  /* this source is not there: ask the next */
    CREDENTIAL_BAD,   /* it is there, and wrong: the error says what would be right */
    CREDENTIAL_LATER, /* it is there, and does not answer now */
};

/*
 * Fills `out`; false (and an error that names no secret) when a part is missing, too long, or holds
 * what cannot be in a header. An empty token is none.
 */
bool credential_set(struct credential *out, const char *access, const char *secret,
                    const char *token, char error[CREDENTIAL_ERROR_MAX]);

/*
 * Reads {"AccessKeyId":...,"SecretAccessKey":...,"Token":...,"Expiration":...}, as ECS and EC2 give
 * it. `json` is spoilt.
 */
bool credential_from_json(struct buf *json, struct credential *out,
                          char error[CREDENTIAL_ERROR_MAX]);

/* Sets when the keys expire, from "2026-11-21T05:00:00Z"; false with an error if it is no time. */
bool credential_expires(struct credential *out, const char *text, char error[CREDENTIAL_ERROR_MAX]);

/* An environment variable; NULL also when it is empty. */
const char *credential_env(const char *name);

/* Leaves nothing of it in memory. */
void credential_clear(struct credential *c);

#endif
