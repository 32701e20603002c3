/*
 * listpath: which level of the archive a request for /list-bucket-content[/{prefix}] asks for.
 *
 * A key may hold what web servers change in a path ("//", "..", "%2F"), so REQUEST_URI counts,
 * which is as the client wrote it: it is decoded once, and what comes out is text, nothing else.
 * Where it is not that path (it led there over ".."), the path that the web server made of it
 * counts as it is.
 */
#ifndef AWS_BUCKET_LISTPATH_H
#define AWS_BUCKET_LISTPATH_H

#include "handler/fault.h"
#include "handler/http/request.h"
#include "handler/shared/buf.h"

/*
 * V_OK with the level in `out`, NUL-terminated: "" for all, else with its closing slash, which the
 * client may leave out. V_NOT_FOUND when the request is for another path, V_BAD_REQUEST for what
 * can stand in no key: bad encoding, NUL, what is not UTF-8, more than `out` takes.
 */
enum verdict listpath_read(const struct request *r, struct buf *out, struct fault *f);

#endif
