/*
 * role: assumes an IAM role by STS, with the credentials of somebody who may.
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
    char seconds[16];                /* of the new keys' life */
    char region[ROLE_REGION_MAX];    /* whose STS is called; AWS_ENDPOINT_URL_STS overrides it */
};

/*
 * Calls AssumeRole, signed with `base`. The new keys go to `out`. CREDENTIAL_BAD if STS refuses,
 * CREDENTIAL_LATER if it does not answer or is busy.
 */
enum credential_result role_assume(struct http *h, const struct role *role,
                                   const struct credential *base, struct credential *out,
                                   char error[CREDENTIAL_ERROR_MAX]);

#endif
