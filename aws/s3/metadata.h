/*
 * metadata: what the machine that this runs on knows: credentials of an ECS task or an EC2
 * instance, and the region. EC2 is asked by IMDSv2 only: a session token first, no request
 * without it. No proxy is ever asked.
 */
#ifndef AWS_S3_METADATA_H
#define AWS_S3_METADATA_H

#include "aws/s3/credential.h"
#include "aws/s3/http.h"

/*
 * ECS (and EKS): AWS_CONTAINER_CREDENTIALS_RELATIVE_URI, or ..._FULL_URI (https, or http on this
 * machine), with AWS_CONTAINER_AUTHORIZATION_TOKEN(_FILE). CREDENTIAL_NONE when neither is set.
 */
enum credential_result metadata_container(struct http *h, struct credential *out,
                                          char error[CREDENTIAL_ERROR_MAX]);

/*
 * The instance's role. AWS_EC2_METADATA_SERVICE_ENDPOINT and AWS_EC2_METADATA_DISABLED count.
 * CREDENTIAL_NONE when there is no instance metadata here; `error` then says what happened.
 */
enum credential_result metadata_instance(struct http *h, struct credential *out,
                                         char error[CREDENTIAL_ERROR_MAX]);

/* The region the instance is in. */
bool metadata_region(struct http *h, char *out, size_t size);

#endif
