#include "aws/bucket/list.h"

#include "aws/bucket/path.h"
#include "handler/shared/json/write.h"

#include <stdio.h>
#include <stdlib.h>

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

enum verdict level_path(const struct request *r, struct buf *out, struct fault *f)
{
    enum verdict v = path_after(r, LEVEL_RESOURCE, out, f);
    if (v == V_OK && out->len > 0 && out->data[out->len - 1] != '/')
        buf_putc(out, '/');
    return v == V_OK && !buf_str(out) ? path_is_bad(out, f) : v;
}
