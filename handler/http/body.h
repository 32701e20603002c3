/*
 * body: the request's body, read whole, bounded, and unpacked.
 *
 * The order of the checks is the contract's: media type and coding (415), length (411, 413), only
 * then is anything read. Bytes that are not there are 400.
 */
#ifndef HANDLER_HTTP_BODY_H
#define HANDLER_HTTP_BODY_H

#include "handler/fault.h"
#include "handler/http/request.h"
#include "handler/shared/buf.h"

struct libdeflate_decompressor;

struct body {
    bool ndjson;                              /* application/x-ndjson, else application/json */
    struct buf *text;                         /* what came, unpacked: NUL behind it, not counted */
    struct buf *packed;                       /* gzip as it came; scratch */
    struct libdeflate_decompressor *unpacker; /* made at first need, the worker's */
};

/*
 * Reads the body of `r` into b->text (both buffers are the caller's; at most `max` bytes unpacked).
 */
enum verdict body_read(struct body *b, struct request *r, size_t max, struct fault *f);

/* Releases the unpacker. */
void body_release(struct body *b);

#endif
