/*
 * credentials: the keys that sign the requests, from the first source that exists:
 *
 *     AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *     the shared files (profile.h), and the role that the profile assumes (role.h)
 *     ECS, then EC2 (metadata.h)
 *
 * Temporary keys are refreshed CREDENTIALS_EARLY_MS before they expire. If that fails, the old keys
 * are used until they expire. Several threads may call at once.
 */
#ifndef AWS_S3_CREDENTIALS_H
#define AWS_S3_CREDENTIALS_H

#include "aws/s3/credential.h"

enum { CREDENTIALS_EARLY_MS = 5 * 60 * 1000 };

struct credentials;

/* NULL when memory is out. */
struct credentials *credentials_new(void);
void credentials_free(struct credentials *c);

/* Never CREDENTIAL_NONE: no source at all is CREDENTIAL_BAD. */
enum credential_result credentials_get(struct credentials *c, struct credential *out,
                                       char error[CREDENTIAL_ERROR_MAX]);

/* The server says that `used` has expired: the next call refreshes it. False if no source can. */
bool credentials_expired(struct credentials *c, const struct credential *used);

/* AWS_REGION, AWS_DEFAULT_REGION, the profile's, the EC2 instance's; false when none says. */
bool credentials_region(struct credentials *c, bool ask_instance, char *out, size_t size);

#endif
