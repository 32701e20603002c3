#include "aws/bucket/path.h"

#include "aws/s3/percent.h"
#include "handler/shared/json/write.h"

#include <string.h>

/* The rest of the path after the resource and its slash; NULL if `path` is another one. */
static const char *rest_of(const char *path, const char *resource, char end)
{
    size_t len = strlen(resource);
    if (strncmp(path, resource, len) != 0)
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

enum verdict path_is_bad(const struct buf *out, struct fault *f)
{
    if (out->failed)
        return fault_set(f, V_BAD_REQUEST, "the prefix is too long: a key has at most 1024 bytes");
    return fault_set(
        f, V_BAD_REQUEST,
        "the prefix must be percent-encoded: two hex digits after each %%, and no %%00");
}

enum verdict path_after(const struct request *r, const char *resource, struct buf *out,
                        struct fault *f)
{
    const char *rest = rest_of(r->uri, resource, '?');
    buf_reset(out);
    if (rest) {
        if (!percent_decode_path(out, rest, strcspn(rest, "?")))
            return path_is_bad(out, f);
    } else if ((rest = rest_of(r->path, resource, '\0'))) {
        buf_puts(out, rest);
    } else {
        return fault_set(f, V_NOT_FOUND,
                         "no such path; the paths are "
                         "/list-bucket-content[/{prefix}] and /archive/{key}");
    }
    if (!buf_str(out))
        return path_is_bad(out, f);
    if (!is_utf8(out->data, out->len))
        return fault_set(f, V_BAD_REQUEST, "the prefix must be UTF-8, as keys are");
    return V_OK;
}
