/*
 * path: what a request names after one of the program's resources.
 */
#ifndef AWS_BUCKET_PATH_H
#define AWS_BUCKET_PATH_H

#include "handler/fault.h"
#include "handler/http/request.h"
#include "handler/shared/buf.h"

/*
 * Reads what follows `resource` and its slash. A key may contain what web servers change in a path
 * ("//", "..", "%2F"), so REQUEST_URI is decoded, once. If REQUEST_URI is another path (it led here
 * by ".."), the path that the web server made of it is used as it is.
 *
 * V_OK with the rest in `out`, NUL-terminated. V_NOT_FOUND if the request is for another path.
 * V_BAD_REQUEST for what cannot be part of a key: bad encoding, NUL, invalid UTF-8, more than `out`
 * takes.
 */
enum verdict path_after(const struct request *r, const char *resource, struct buf *out,
                        struct fault *f);

/* V_BAD_REQUEST: the rest is too long for a key, or badly encoded. */
enum verdict path_is_bad(const struct buf *out, struct fault *f);

#endif
