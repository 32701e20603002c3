/*
 * credentials: whose requests these are. The first source that there is, is the one:
 *
 *     AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN
 *     the shared files (profile.h)
 *     ECS, then EC2 (metadata.h)
 *
 * Keys that end are fetched anew CREDENTIALS_EARLY_MS before they do; when that fails, the old ones
 * are used to their end. All calls may come from several threads at once.
 */
#ifndef AWS_S3_CREDENTIALS_H
#define AWS_S3_CREDENTIALS_H

#include "aws/s3/credential.h"

enum { CREDENTIALS_EARLY_MS = 5 * 60 * 1000 };

struct credentials;

/* NULL when memory is out. */
struct credentials *credentials_new(void);
void credentials_free(struct credentials *c);

/* Never CREDENTIAL_NONE: where there is no source at all, that is CREDENTIAL_BAD. */
enum credential_result credentials_get(struct credentials *c, struct credential *out,
                                       char error[CREDENTIAL_ERROR_MAX]);

/* The server says that `used` has ended, whatever its date: fetch it anew the next time. True when
   that can help. */
bool credentials_expired(struct credentials *c, const struct credential *used);

/* AWS_REGION, AWS_DEFAULT_REGION, the profile's, the EC2 instance's; false when none says. */
bool credentials_region(struct credentials *c, bool ask_instance, char *out, size_t size);

#endif
