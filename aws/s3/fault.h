/*
 * fault: what a failed response of S3 means, as a result and as one line of text.
 */
#ifndef AWS_S3_FAULT_H
#define AWS_S3_FAULT_H

#include "aws/s3/s3.h"

/* The request that failed, for the text. */
struct fault_request {
    const char *method, *bucket, *key, *region;
};

/* Sets the fault; returns `result`. */
enum s3_result fault_set_text(struct s3_fault *f, enum s3_result result, const char *text);

/* The store answered with an error. */
enum s3_result fault_refused(const struct fault_request *q, const struct http_answer *a,
                             struct s3_fault *f);

/* There was no complete response. */
enum s3_result fault_no_answer(const struct fault_request *q, const struct http_answer *a,
                               struct s3_fault *f);

#endif
