/*
 * metadata: the credentials that AWS gives to an ECS task or an EC2 instance, and the region.
 *
 * On EC2 only IMDSv2 is used: first a session token, then requests with it. Proxies are never used.
 */
#ifndef AWS_S3_METADATA_H
#define AWS_S3_METADATA_H

#include "aws/s3/credential.h"
#include "aws/s3/http.h"

/*
 * ECS (and EKS): AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, or ..._FULL_URI (https, or http on this
 * machine), with AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE). CREDENTIAL_NONE if neither URI is set.
 */
enum credential_result metadata_container(struct http *h, struct credential *out,
                                          char error[CREDENTIAL_ERROR_MAX]);

/*
 * The keys of the instance's role. AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_DISABLED
 * apply. CREDENTIAL_NONE, with the reason in `error`, if this machine has no instance metadata.
 */
enum credential_result metadata_instance(struct http *h, struct credential *out,
                                         char error[CREDENTIAL_ERROR_MAX]);

/* The region of the instance. False if it is unknown. */
bool metadata_region(struct http *h, char *out, size_t size);

#endif
