#include "aws/bucket/list.h"

#include "aws/s3/percent.h"
#include "handler/shared/json/write.h"

#include <stdio.h>
#include <stdlib.h>

#define RESOURCE "/list-bucket-content"

struct taking {
    struct level *level;
    const char *prefix;
    size_t prefix_len;
    bool foreign; /* the store sent a key that does not begin with the prefix */
};

void level_init(struct level *l)
{
    *l = (struct level){.count = 0};
    buf_init(&l->names, LEVEL_MAX);
}

void level_release(struct level *l)
{
    buf_release(&l->names);
}

void level_trim(struct level *l, size_t keep)
{
    buf_trim(&l->names, keep);
}

static bool take_name(void *context, const struct s3_entry *e)
{
    struct taking *t = context;
    if (strncmp(e->key, t->prefix, t->prefix_len) != 0) {
        t->foreign = true;
        return false;
    }
    t->level->exists = true;
    const char *name = e->key + t->prefix_len;
    if (*name) {
        buf_add(&t->level->names, name, strlen(name) + 1);
        t->level->count++;
    }
    return !t->level->names.failed;
}

enum s3_result level_list(struct level *l, struct s3 *s, const char *prefix, struct s3_fault *fault)
{
    struct taking t = {.level = l, .prefix = prefix, .prefix_len = strlen(prefix)};
    buf_reset(&l->names);
    l->count = 0;
    l->exists = false;
    enum s3_result result =
        s3_list(s, &(const struct s3_listing){prefix, true, take_name, &t}, fault);
    if (result == S3_OK && t.foreign)
        return s3_bad_answer(fault, "listing", "a key that does not begin with the prefix");
    if (result == S3_OK && l->names.failed) {
        *fault = (struct s3_fault){.result = S3_LOCAL};
        snprintf(fault->text, sizeof fault->text,
                 "more than %zu names do not fit into one response (%d MiB): use a longer prefix",
                 l->count - 1, LEVEL_MAX >> 20);
        return S3_LOCAL;
    }
    return result;
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

bool level_write(const struct level *l, struct buf *out)
{
    const char **names = calloc(l->count + 1, sizeof *names);
    const char *name = l->names.data;
    if (!names)
        return false;
    for (size_t i = 0; i < l->count; i++, name += strlen(name) + 1)
        names[i] = name;
    qsort(names, l->count, sizeof *names, by_bytes);
    buf_putc(out, '[');
    for (size_t i = 0; i < l->count; i++) {
        if (i > 0)
            buf_putc(out, ',');
        jsonw_str(out, names[i]);
    }
    buf_putc(out, ']');
    free(names);
    return !out->failed;
}

/* ---- the path of a request */

/* The rest of the path after the resource and its slash; NULL if `path` is another one. */
static const char *after_resource(const char *path, char end)
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
        "the prefix must be percent-encoded: two hex digits after each %%, and no %%00");
}

enum verdict level_path(const struct request *r, struct buf *out, struct fault *f)
{
    const char *rest = after_resource(r->uri, '?');
    buf_reset(out);
    if (rest) {
        if (!percent_decode_path(out, rest, strcspn(rest, "?")))
            return bad_path(out, f);
    } else if ((rest = after_resource(r->path, '\0'))) {
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
