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

/*
 * Lists what starts with `prefix` ("" for all), all pages, in the order the store gives it (by
 * bytes). `one_level`: of keys with a '/' behind the prefix, what stands before it is given once,
 * as a level. Of one page the objects come first, then the levels. A prefix that nothing starts
 * with is S3_OK without an entry. A page is taken whole before its entries are given, so that a
 * page that had to be fetched again gives none twice.
 */
enum s3_result s3_list(struct s3 *s, const char *prefix, bool one_level, s3_take_entry take,
                       void *context, struct s3_fault *fault);

#endif
