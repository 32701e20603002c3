/*
 * url: the URL of a bucket.
 *
 *     https://BUCKET.s3.REGION.amazonaws.com/KEY   AWS
 *     https://s3.REGION.amazonaws.com/BUCKET/KEY   the same in path style
 *     http://127.0.0.1:7480/BUCKET/KEY             an endpoint, in path style
 */
#ifndef AWS_S3_URL_H
#define AWS_S3_URL_H

#include "handler/shared/buf.h"

#include <stdbool.h>

struct s3_place {
    const char *bucket;
    const char *region;     /* for the host name of AWS */
    const char *endpoint;   /* NULL: AWS */
    const char *addressing; /* "path", "virtual", NULL or "auto" */
};

/*
 * Appends the URL of the bucket, including the '/' before a key. False, with one line in `error`,
 * if bucket, region or endpoint is not valid.
 */
bool url_base(const struct s3_place *p, struct buf *out, char error[256]);

#endif
