/*
 * role: assumes an IAM role through STS, with other credentials.
 */
#ifndef AWS_S3_ROLE_H
#define AWS_S3_ROLE_H

#include "aws/s3/credential.h"
#include "aws/s3/http.h"

enum { ROLE_TEXT_MAX = 256, ROLE_REGION_MAX = 64 };

struct role {
    char arn[ROLE_TEXT_MAX];
    char session[ROLE_TEXT_MAX];
    char external_id[ROLE_TEXT_MAX]; /* "" for none */
    char seconds[16];                /* how long the new keys are valid */
    char region[ROLE_REGION_MAX];    /* whose STS is called; AWS_ENDPOINT_URL_STS overrides it */
};

/*
 * Calls AssumeRole, signed with `base`, and sets `out` to the new keys. CREDENTIAL_BAD if STS
 * refuses, CREDENTIAL_LATER if it is busy or does not respond.
 */
enum credential_result role_assume(struct http *h, const struct role *role,
                                   const struct credential *base, struct credential *out,
                                   char error[CREDENTIAL_ERROR_MAX]);

#endif
