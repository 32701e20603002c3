/*
 * body: reads a request's body as a whole, bounded and decompressed.
 *
 * It checks in this order: media type and coding (415), length (411, 413). Only then it reads.
 * Missing bytes are 400.
 */
#ifndef HANDLER_HTTP_BODY_H
#define HANDLER_HTTP_BODY_H

#include "handler/fault.h"
#include "handler/http/request.h"
#include "handler/shared/buf.h"

struct libdeflate_decompressor;

struct body {
    bool ndjson;        /* application/x-ndjson, else application/json */
    struct buf *text;   /* the decompressed body, with a NUL after it, not counted */
    struct buf *packed; /* gzip as received; scratch */
    struct libdeflate_decompressor
        *unpacker; /* created when first needed; body_release() frees it */
};

/*
 * Reads the body of `r` into b->text (both buffers are the caller's; at most `max` bytes unpacked).
 */
enum verdict body_read(struct body *b, struct request *r, size_t max, struct fault *f);

/* Releases the unpacker. */
void body_release(struct body *b);

#endif
