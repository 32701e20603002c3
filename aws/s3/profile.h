/*
 * profile: the shared files that all of AWS's tools read: ~/.aws/credentials
 * (AWS_SHARED_CREDENTIALS_FILE) and ~/.aws/config (AWS_CONFIG_FILE), of the profile that
 * AWS_PROFILE names, else "default".
 *
 * Keys are taken from the credentials file first, then from the config file. Profiles that point
 * elsewhere (role_arn, sso_*, credential_process) are not followed.
 */
#ifndef AWS_S3_PROFILE_H
#define AWS_S3_PROFILE_H

#include "aws/s3/credential.h"

/* CREDENTIAL_NONE when no profile was asked for by name and there is no "default" with keys. */
enum credential_result profile_credential(struct credential *out, char error[CREDENTIAL_ERROR_MAX]);

/* The profile's region; false when it has none. */
bool profile_region(char *out, size_t size);

#endif
