#include "aws/archive/restore.h"

#include "aws/archive/manifest_io.h"
#include "aws/s3/object.h"
#include "handler/shared/random.h"
#include "handler/store/dirs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_CLOEXEC };

struct restore {
    struct manifest m;
    int dir;
};

/* Reads the object of job->entry. If that fails, or the object is wrong, reports it and returns
 * false. */
static bool fetch(struct pool *r, struct lane *lane, const struct restore *x,
                  const struct unpack_job *job)
{
    const struct s3_sink sink = {unpack_restart, unpack_take, lane->unpack};
    struct s3_fault fault;
    char key[NAMES_MAX];
    names_file(r->prefix, x->m.branch, x->m.date, job->entry->name, key);
    unpack_begin(lane->unpack, job);
    enum s3_result result = s3_get(lane->s3, key, &sink, &fault);
    const char *wrong = result == S3_OK || result == S3_LOCAL ? unpack_end(lane->unpack) : NULL;
    if (result == S3_NOT_FOUND)
        wrong = "it is in the manifest, but not in the archive";
    if (wrong)
        pool_problem(r, job->entry->name, wrong);
    else if (result != S3_OK)
        pool_fault(r, &fault);
    return result == S3_OK && !wrong;
}

/* Compares the existing file with the archive. */
static void compare_existing(struct pool *r, struct lane *lane, const struct restore *x,
                             const struct manifest_entry *e, int fd)
{
    const struct unpack_job job = {.entry = e, .compare = fd, .write = -1};
    struct stat st;
    if (fstat(fd, &st) == 0 && (uint64_t)st.st_size == e->size)
        fetch(r, lane, x, &job);
    else
        pool_problem(r, e->name, "another file of that name exists; it is left as it is");
}

/* The file gets its name when it is complete and on disk. link(2) does not replace a file. */
static bool give_name(const struct restore *x, int fd, const char *temporary, const char *name)
{
    return fsync(fd) == 0 && linkat(x->dir, temporary, x->dir, name, 0) == 0;
}

static void restore_new(struct pool *r, struct lane *lane, const struct restore *x,
                        const struct manifest_entry *e)
{
    char temporary[32];
    snprintf(temporary, sizeof temporary, ".new-%016" PRIx64, random_bits());
    struct unpack_job job = {.entry = e, .compare = -1};
    job.write = openat(x->dir, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (job.write < 0) {
        pool_problem(r, e->name, strerror(errno));
        return;
    }
    if (fetch(r, lane, x, &job)) {
        if (give_name(x, job.write, temporary, e->name))
            pool_count(r, e->size, e->gzip_size);
        else
            pool_problem(r, e->name,
                         errno == EEXIST ? "a file of that name exists" : strerror(errno));
    }
    unlinkat(x->dir, temporary, 0);
    close(job.write);
}

static void restore_one(struct pool *r, struct lane *lane, size_t i, void *context)
{
    const struct restore *x = context;
    const struct manifest_entry *e = &x->m.entries[i];
    int fd = openat(x->dir, e->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        compare_existing(r, lane, x, e, fd);
        close(fd);
    } else if (errno == ENOENT) {
        restore_new(r, lane, x, e);
    } else {
        pool_problem(r, e->name, strerror(errno));
    }
    progress_file(&r->progress, e->size);
}

static bool open_directory(struct restore *x, const char *directory)
{
    char path[PATH_MAX];
    if (snprintf(path, sizeof path, "%s/%s/%s", directory, x->m.branch, x->m.date) >= PATH_MAX) {
        errno = ENAMETOOLONG;
        return false;
    }
    if (!dirs_make_path(path))
        return false;
    x->dir = open(path, DIR_FLAGS);
    return x->dir >= 0;
}

static void restore_all(struct pool *r, struct restore *x, const char *directory)
{
    uint64_t bytes = 0, before = r->files;
    if (!open_directory(x, directory)) {
        pool_problem(r, directory, strerror(errno));
        return;
    }
    for (size_t i = 0; i < x->m.count; i++)
        bytes += x->m.entries[i].size;
    progress_begin(&r->progress, x->m.count, bytes);
    pool_each(r, x->m.count, restore_one, x);
    if (fsync(x->dir) != 0)
        pool_problem(r, directory, strerror(errno));
    close(x->dir);
    progress_say(&r->progress, false, "%s/%s: %" PRIu64 " of %zu files restored to %s", x->m.branch,
                 x->m.date, r->files - before, x->m.count, directory);
}

bool restore_day(struct pool *r, const char *branch, const char *date, const char *directory)
{
    struct restore x = {.dir = -1};
    struct s3_fault fault;
    manifest_init(&x.m, branch, date);
    enum s3_result result = manifest_io_get(r->lanes[0].s3, r->prefix, &x.m, &fault);
    if (result == S3_OK)
        restore_all(r, &x, directory);
    else if (result != S3_NOT_FOUND)
        pool_fault(r, &fault);
    manifest_release(&x.m);
    return result != S3_NOT_FOUND;
}
