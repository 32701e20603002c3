/*
 * fetch: GET /archive/{key}, an object of the archive as it is stored, streamed.
 *
 *     200, 206     the object, or one range of it (RFC 9110 section 14)
 *     304, 416     as If-None-Match and Range say
 *     404          no key of the archive, or no such object
 *
 * The object is looked at first (HEAD), then read from there on with If-Match, so that all bytes of
 * a reply are of one object. If the store breaks off, the rest is asked for from that byte on.
 * Memory does not depend on the object's size.
 */
#ifndef AWS_BUCKET_FETCH_H
#define AWS_BUCKET_FETCH_H

#include "aws/s3/object.h"
#include "handler/http/request.h"
#include "handler/shared/buf.h"

struct fetch {
    struct s3 *s3;
    const char *key;  /* in the bucket */
    unsigned seconds; /* for the look at the object */
    const struct request *request;
    struct buf *head; /* where headers are made */
};

/*
 * Sends the answer. Anything but S3_OK means that nothing was sent, and the caller answers with the
 * fault; a reply that was begun and could not be finished ends short, and is logged.
 */
enum s3_result fetch_send(const struct fetch *fetch, struct s3_fault *fault);

#endif
