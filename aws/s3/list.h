/*
 * list: lists the keys of a bucket that begin with a prefix.
 */
#ifndef AWS_S3_LIST_H
#define AWS_S3_LIST_H

#include "aws/s3/s3.h"

struct s3_entry {
    const char *key;  /* the whole key, not encoded; a level ends with '/'. Borrowed for the call */
    bool is_level;    /* a "directory": one entry for all keys that begin with it */
    uint64_t size;    /* of an object */
    const char *etag; /* of an object, with its quotes */
};

/* False ends the listing, with S3_OK. */
typedef bool (*s3_take_entry)(void *context, const struct s3_entry *entry);

struct s3_listing {
    const char *prefix; /* "" for all keys */
    bool one_level;     /* keys with a '/' after the prefix become levels */
    s3_take_entry take;
    void *context;
};

/*
 * Lists the keys that begin with the prefix, from all pages, in the order of the store (by bytes).
 * The objects of a page come first, then its levels. If there is no key, the result is S3_OK and
 * `take` is not called. A page is received whole before `take` is called, so a page that is
 * requested again gives no entry twice.
 */
enum s3_result s3_list(struct s3 *s, const struct s3_listing *listing, struct s3_fault *fault);

#endif
