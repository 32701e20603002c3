/*
 * profile: reads the files that all AWS tools share: ~/.aws/credentials
 * (AWS_SHARED_CREDENTIALS_FILE) and ~/.aws/config (AWS_CONFIG_FILE).
 *
 * A profile has keys, or a role that is assumed with the keys of another source. A setting of the
 * credentials file overrides the config file's. A profile that depends on a setting that rollcall
 * does not support is CREDENTIAL_BAD, and the error names the setting.
 */
#ifndef AWS_S3_PROFILE_H
#define AWS_S3_PROFILE_H

#include "aws/s3/role.h"

enum { PROFILE_NAME_MAX = 128 };

enum profile_source { SOURCE_PROFILE, SOURCE_ENVIRONMENT, SOURCE_INSTANCE, SOURCE_CONTAINER };

/* The text of the setting, by enum profile_source. */
extern const char *const profile_source_names[];

struct profile_role {
    struct role role; /* role.region is "" if the profile has none */
    enum profile_source source;
    char source_profile[PROFILE_NAME_MAX]; /* for SOURCE_PROFILE */
};

/* AWS_PROFILE, else "default". */
const char *profile_name(void);

/* The profile's role. CREDENTIAL_NONE if it has no role_arn. */
enum credential_result profile_role(const char *name, struct profile_role *out,
                                    char error[CREDENTIAL_ERROR_MAX]);

/* The profile's keys. CREDENTIAL_NONE if there are none and AWS_PROFILE is not set. */
enum credential_result profile_keys(const char *name, struct credential *out,
                                    char error[CREDENTIAL_ERROR_MAX]);

/* The region of the profile that AWS_PROFILE names. False if it has none. */
bool profile_region(char *out, size_t size);

#endif
