#include "aws/archive/verify.h"

#include "aws/archive/day.h"
#include "aws/archive/manifest_io.h"
#include "aws/s3/object.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <unistd.h>

struct check {
    struct day day;
    struct manifest m;
};

static void check_one(struct pool *r, struct lane *lane, size_t i, void *context)
{
    const struct check *c = context;
    const struct manifest_entry *e = &c->m.entries[i];
    struct unpack_job job = {.entry = e, .write = -1};
    const struct s3_sink sink = {unpack_restart, unpack_take, lane->unpack};
    struct s3_fault fault;
    char key[NAMES_MAX];
    names_file(r->prefix, c->m.branch, c->m.date, e->name, key);
    job.compare = day_file_open(&c->day, e->name);
    if (job.compare < 0 && errno != ENOENT)
        pool_problem(r, e->name, strerror(errno));
    unpack_begin(lane->unpack, &job);
    enum s3_result result = s3_get(lane->s3, key, &sink, &fault);
    const char *wrong = result == S3_OK || result == S3_LOCAL ? unpack_end(lane->unpack) : NULL;
    if (result == S3_NOT_FOUND)
        pool_problem(r, key, "it is in the manifest, but not in the archive");
    else if (wrong)
        pool_problem(r, key, wrong);
    else if (result != S3_OK)
        pool_fault(r, &fault);
    else
        pool_count(r, e->size, e->gzip_size);
    if (job.compare >= 0)
        close(job.compare);
    progress_file(&r->progress, e->size);
}

/* Reports local files that are not in the manifest, or grew. */
static void look_for_missing(struct pool *r, const struct check *c)
{
    for (size_t i = 0; i < c->day.count; i++) {
        const struct shippable *f = &c->day.files[i];
        const struct manifest_entry *e = manifest_find(&c->m, f->now.name);
        if (f->problem)
            pool_problem(r, f->now.name, f->problem);
        else if (!e)
            pool_problem(r, f->now.name, "it is not in the archive");
        else if (e->size < f->now.size)
            pool_problem(r, f->now.name, "it grew after it was shipped");
    }
}

static void check_all(struct pool *r, struct check *c, bool over)
{
    uint64_t bytes = 0, before = r->files;
    for (size_t i = 0; i < c->m.count; i++)
        bytes += c->m.entries[i].size;
    progress_begin(&r->progress, c->m.count, bytes);
    pool_each(r, c->m.count, check_one, c);
    if (over)
        look_for_missing(r, c);
    progress_say(&r->progress, false, "%s/%s: %" PRIu64 " of %zu files are correct", c->m.branch,
                 c->m.date, r->files - before, c->m.count);
}

void verify_day(struct pool *r, const char *branch, const char *date, bool over)
{
    struct check c;
    struct s3_fault fault;
    manifest_init(&c.m, branch, date);
    if (!day_open(&c.day, r->options.records_dir, branch, date))
        pool_problem(r, date, strerror(errno));
    enum s3_result result = manifest_io_get(r->lanes[0].s3, r->prefix, &c.m, &fault);
    if (result == S3_OK || (result == S3_NOT_FOUND && (over || c.day.count == 0)))
        check_all(r, &c, over);
    else if (result != S3_NOT_FOUND)
        pool_fault(r, &fault);
    manifest_release(&c.m);
    day_close(&c.day);
}
