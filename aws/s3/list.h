/*
 * s3list: what a bucket holds below a prefix.
 */
#ifndef AWS_S3_LIST_H
#define AWS_S3_LIST_H

#include "aws/s3/s3.h"

struct s3_entry {
    const char *key;  /* all of it, as text; a level's ends with '/'. Borrowed for the call */
    bool is_level;    /* a "directory": all keys that begin so stand together for one entry */
    uint64_t size;    /* of an object */
    const char *etag; /* of an object, in its quotes */
};

/* False ends the listing, with S3_OK. */
typedef bool (*s3_take_entry)(void *context, const struct s3_entry *entry);

struct s3_listing {
    const char *prefix; /* "" for all keys */
    bool one_level;     /* keys with a '/' after the prefix are one entry, a level, up to it */
    s3_take_entry take;
    void *context;
};

/*
 * Lists the keys that begin with the prefix, all pages, in the order of the store (by bytes). The
 * objects of a page come first, then its levels. No key is S3_OK without an entry. A page is read
 * whole before its entries are given, so a page that is fetched again gives none twice.
 */
enum s3_result s3_list(struct s3 *s, const struct s3_listing *listing, struct s3_fault *fault);

#endif
