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

/* NULL if there is no memory. */
struct credentials *credentials_new(void);
void credentials_free(struct credentials *c);

/* CREDENTIAL_BAD if no source exists; never CREDENTIAL_NONE. */
enum credential_result credentials_get(struct credentials *c, struct credential *out,
                                       char error[CREDENTIAL_ERROR_MAX]);

/* Call when the server says that `used` has expired: the next credentials_get() fetches new keys.
 * False if the source has no others. */
bool credentials_expired(struct credentials *c, const struct credential *used);

/* The region: AWS_REGION, AWS_DEFAULT_REGION, the profile's, the EC2 instance's. False if none is
 * set. */
bool credentials_region(struct credentials *c, bool ask_instance, char *out, size_t size);

#endif
