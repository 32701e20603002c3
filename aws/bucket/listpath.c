#include "aws/bucket/listpath.h"

#include "aws/s3/percent.h"
#include "handler/shared/json/write.h"

#define RESOURCE "/list-bucket-content"

/* What stands behind the resource and its slash; NULL when `path` is of another one. */
static const char *behind(const char *path, char end)
{
    size_t len = sizeof RESOURCE - 1;
    if (strncmp(path, RESOURCE, len) != 0)
        return NULL;
    path += len;
    if (*path == '/')
        return path + 1;
    return *path == '\0' || *path == end ? path : NULL;
}

static bool is_utf8(const char *text, size_t len)
{
    for (size_t n; len > 0; text += n, len -= n)
        if ((n = utf8_length(text, len)) == 0)
            return false;
    return true;
}

static enum verdict bad_path(const struct buf *out, struct fault *f)
{
    if (out->failed)
        return fault_set(f, V_BAD_REQUEST, "the prefix is too long: a key has at most 1024 bytes");
    return fault_set(
        f, V_BAD_REQUEST,
        "the prefix must be percent-encoded: two hex digits behind each %%, and no %%00");
}

enum verdict listpath_read(const struct request *r, struct buf *out, struct fault *f)
{
    const char *rest = behind(r->uri, '?');
    buf_reset(out);
    if (rest) {
        if (!canon_decode_path(out, rest, strcspn(rest, "?")))
            return bad_path(out, f);
    } else if ((rest = behind(r->path, '\0'))) {
        buf_puts(out, rest);
    } else {
        return fault_set(f, V_NOT_FOUND, "no such path; this is " RESOURCE "[/{prefix}]");
    }
    if (out->len > 0 && out->data[out->len - 1] != '/')
        buf_putc(out, '/');
    if (!buf_str(out))
        return bad_path(out, f);
    if (!is_utf8(out->data, out->len))
        return fault_set(f, V_BAD_REQUEST, "the prefix must be UTF-8, as keys are");
    return V_OK;
}
