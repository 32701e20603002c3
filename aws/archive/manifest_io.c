#include "aws/archive/manifest_io.h"

#include "aws/s3/names.h"
#include "aws/s3/object.h"
#include "handler/shared/io.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

enum s3_result manifest_io_get(struct s3 *s, const char *prefix, struct manifest *m,
                               struct s3_fault *fault)
{
    char key[NAMES_MAX];
    struct buf text;
    buf_init(&text, MANIFEST_BYTES_MAX);
    names_manifest(prefix, m->branch, m->date, key);
    enum s3_result result = s3_get_small(s, key, &text, fault);
    enum manifest_result read = result == S3_OK ? manifest_read(m, &text) : MANIFEST_OK;
    if (read != MANIFEST_OK)
        result = s3_bad_answer(fault, key, manifest_explain(read));
    buf_release(&text);
    return result;
}

enum s3_result manifest_io_put(struct s3 *s, const char *prefix, const struct manifest *m,
                               struct s3_fault *fault)
{
    char key[NAMES_MAX];
    struct buf text;
    enum s3_result result = S3_LOCAL;
    *fault = (struct s3_fault){.result = S3_LOCAL, .text = "the manifest: out of memory"};
    buf_init(&text, MANIFEST_BYTES_MAX);
    manifest_write(m, &text);
    names_manifest(prefix, m->branch, m->date, key);
    if (buf_str(&text)) {
        struct s3_source source = {.bytes = text.data, .fd = -1, .len = text.len};
        if (s3_source_hash(&source))
            result =
                s3_put(s, key, &source, &(const struct s3_about){"application/json", NULL}, fault);
    }
    buf_release(&text);
    return result;
}

bool manifest_io_make_directory(const char *records_dir)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/archived", records_dir) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    return mkdir(path, 0750) == 0 || errno == EEXIST;
}

static bool write_synced(const char *path, const struct buf *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    bool ok = fd >= 0 && io_pwrite(fd, text->data, text->len, 0) && fsync(fd) == 0;
    int saved = errno;
    if (fd >= 0)
        close(fd);
    errno = saved;
    return ok;
}

bool manifest_io_mark(const char *records_dir, const struct manifest *m)
{
    char mark[MANIFEST_MARK_MAX], path[PATH_MAX], new[PATH_MAX];
    struct buf text;
    manifest_mark(m->branch, m->date, mark);
    errno = ENAMETOOLONG;
    if (snprintf(path, sizeof path, "%s/%s", records_dir, mark) >= PATH_MAX ||
        snprintf(new, sizeof new, "%s/archived/.new", records_dir) >= PATH_MAX)
        return false;
    buf_init(&text, MANIFEST_BYTES_MAX);
    manifest_write(m, &text);
    errno = ENOMEM;
    bool ok = buf_str(&text) && manifest_io_make_directory(records_dir) &&
              write_synced(new, &text) && rename(new, path) == 0;
    buf_release(&text);
    return ok;
}
