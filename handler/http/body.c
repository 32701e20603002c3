#include "handler/http/body.h"

#include "handler/shared/text.h"

#include <errno.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BLANKS " \t"

/* True if the header's first part, up to `;` or its end, is `word` in any case. */
static bool header_is(const char *value, const char *word)
{
    value += strspn(value, BLANKS);
    size_t len = strcspn(value, ";");
    while (len > 0 && strchr(BLANKS, value[len - 1]))
        len--;
    return len == strlen(word) && strncasecmp(value, word, len) == 0;
}

static enum verdict check_type(struct body *b, const struct request *r, struct fault *f)
{
    b->ndjson = false;
    if (header_is(r->content_type, "application/json"))
        return V_OK;
    b->ndjson = header_is(r->content_type, "application/x-ndjson");
    if (b->ndjson)
        return V_OK;
    f->headers = "Accept-Post: application/json, application/x-ndjson\r\n";
    return fault_set(f, V_MEDIA_TYPE,
                     "Content-Type must be application/json (one record) or application/x-ndjson "
                     "(one per line), not \"%.60s\"",
                     r->content_type);
}

static enum verdict check_coding(const struct request *r, bool *gzip, struct fault *f)
{
    const char *coding = r->content_encoding;
    *gzip = *coding && (header_is(coding, "gzip") || header_is(coding, "x-gzip"));
    if (*gzip || !*coding || header_is(coding, "identity"))
        return V_OK;
    f->headers = "Accept-Encoding: gzip\r\n";
    return fault_set(f, V_MEDIA_TYPE, "Content-Encoding must be gzip or absent, not \"%.60s\"",
                     coding);
}

static enum verdict too_large(size_t max, const char *what, struct fault *f)
{
    return fault_set(f, V_TOO_LARGE, "the body is over %zu bytes%s; send fewer records at once",
                     max, what);
}

static enum verdict check_length(const struct request *r, size_t max, size_t *len, struct fault *f)
{
    const char *text = r->content_length;
    if (!*text || strcmp(text, "-1") == 0) /* Caddy sends it for an unknown length */
        return fault_set(f, V_LENGTH_REQUIRED, "Content-Length is required");
    if (text[strspn(text, "0123456789")] != '\0')
        return fault_set(f, V_BAD_REQUEST, "Content-Length must be a number");
    errno = 0;
    unsigned long long n = strtoull(text, NULL, 10);
    if (errno || n > max)
        return too_large(max, "", f);
    *len = (size_t)n;
    return V_OK;
}

/* Reads exactly `len` bytes: bytes after them are not part of the body (RFC 3875 section 4.2). */
static enum verdict read_exactly(struct request *r, struct buf *to, size_t len, struct fault *f)
{
    if (!buf_reserve(to, len + 1))
        return fault_memory(f);
    to->len = r->read(r->source, to->data, len);
    r->body_read = true;
    if (to->len < len)
        return fault_set(f, V_BAD_REQUEST, "the body ends after %zu of %zu bytes", to->len, len);
    return V_OK;
}

/* RFC 1952 section 2.3.1: ISIZE, the last four bytes; a hint of the size, no more. */
static size_t size_hint(const struct buf *packed, size_t max)
{
    if (packed->len < 4)
        return 0;
    unsigned char tail[4];
    memcpy(tail, packed->data + packed->len - 4, 4);
    size_t hint =
        (size_t)tail[0] | (size_t)tail[1] << 8 | (size_t)tail[2] << 16 | (size_t)tail[3] << 24;
    return hint < max ? hint : max;
}

/* Appends the gzip member that `in` starts with, decompressed, to b->text; `*used` is its
 * compressed length. */
static enum verdict unpack_member(struct body *b, struct text in, size_t max, size_t *used,
                                  struct fault *f)
{
    for (;;) {
        size_t room = b->text->cap - b->text->len - 1; /* one byte stays for the NUL */
        if (room > max - b->text->len)
            room = max - b->text->len;
        size_t made = 0;
        enum libdeflate_result result = libdeflate_gzip_decompress_ex(
            b->unpacker, in.ptr, in.len, b->text->data + b->text->len, room, used, &made);
        if (result == LIBDEFLATE_SUCCESS) {
            b->text->len += made;
            return V_OK;
        }
        if (result != LIBDEFLATE_INSUFFICIENT_SPACE)
            return fault_set(f, V_BAD_REQUEST, "the body is not complete gzip data (RFC 1952)");
        if (room == max - b->text->len)
            return too_large(max, " after decompression", f);
        size_t more = b->text->cap < max / 2 ? b->text->cap * 2 : max + 1;
        if (!buf_reserve(b->text, more - b->text->len))
            return fault_memory(f);
    }
}

static enum verdict unpack(struct body *b, size_t max, struct fault *f)
{
    if (!b->unpacker)
        b->unpacker = libdeflate_alloc_decompressor();
    if (!b->unpacker || !buf_reserve(b->text, size_hint(b->packed, max) + 1))
        return fault_memory(f);
    size_t at = 0;
    do {
        size_t used = 0;
        struct text left = {b->packed->data + at, b->packed->len - at};
        enum verdict v = unpack_member(b, left, max, &used, f);
        if (v != V_OK)
            return v;
        at += used;
    } while (at < b->packed->len);
    return V_OK;
}

enum verdict body_read(struct body *b, struct request *r, size_t max, struct fault *f)
{
    bool gzip = false;
    size_t len = 0;
    enum verdict v = check_type(b, r, f);
    if (v == V_OK)
        v = check_coding(r, &gzip, f);
    if (v == V_OK)
        v = check_length(r, max, &len, f);
    buf_reset(b->text);
    buf_reset(b->packed);
    if (v == V_OK)
        v = read_exactly(r, gzip ? b->packed : b->text, len, f);
    if (v == V_OK && gzip)
        v = unpack(b, max, f);
    if (v != V_OK)
        return v;
    return buf_str(b->text) ? V_OK : fault_memory(f);
}

void body_release(struct body *b)
{
    libdeflate_free_decompressor(b->unpacker);
    b->unpacker = NULL;
}
