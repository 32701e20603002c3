#include "aws/archive/ship.h"

#include "aws/archive/catalogue.h"
#include "aws/archive/day.h"
#include "aws/archive/manifest_io.h"
#include "aws/archive/objmeta.h"
#include "aws/s3/list.h"
#include "aws/s3/object.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The state of a file in the archive. */
enum state { MISSING, THERE, GREW, UNKNOWN, DONE, FAILED };

struct ship_file {
    enum state state;
    bool listed;        /* the archive has an object of that name ... */
    uint64_t gzip_size; /* ... of this size */
    struct manifest_entry entry;
};

struct shipment {
    struct day day;
    struct manifest before;
    struct ship_file *files; /* one for each file of the day */
    size_t *todo;            /* the numbers of the files to ship */
    size_t todo_count;
    uint64_t todo_bytes;
    bool over;
};

/* ---- the archive before this run */

static bool note_object(void *context, const struct s3_entry *e)
{
    const struct shipment *s = context;
    char name[MANIFEST_NAME_MAX];
    const char *base = strrchr(e->key, '/');
    size_t len = base ? strlen(++base) : 0;
    if (len <= 3 || len - 3 >= sizeof name || strcmp(base + len - 3, ".gz") != 0)
        return true;
    memcpy(name, base, len - 3);
    name[len - 3] = '\0';
    const struct shippable *f = day_find(&s->day, name);
    if (f) {
        struct ship_file *p = &s->files[f - s->day.files];
        p->listed = true;
        p->gzip_size = e->size;
    }
    return true;
}

static bool list_objects(struct pool *r, struct shipment *s)
{
    char prefix[NAMES_MAX];
    struct s3_fault fault;
    for (const char *const *folder = names_folders(s->day.branch); *folder; folder++) {
        names_day(r->prefix, *folder, s->day.date, prefix);
        if (s3_list(r->lanes[0].s3, &(const struct s3_listing){prefix, true, note_object, s},
                    &fault) != S3_OK) {
            pool_fault(r, &fault);
            return false;
        }
    }
    return true;
}

static bool get_manifest(struct pool *r, struct shipment *s)
{
    struct s3_fault fault;
    enum s3_result result = manifest_io_get(r->lanes[0].s3, r->prefix, &s->before, &fault);
    if (result == S3_OK || result == S3_NOT_FOUND)
        return true;
    pool_fault(r, &fault);
    return false;
}

/* ---- the list */

static bool is_same(const struct manifest_entry *a, const struct manifest_entry *b)
{
    return a->size == b->size && a->seq == b->seq && strcmp(a->chain, b->chain) == 0;
}

/* Compares an entry of the archive with the local file. */
static enum state compare(const struct shipment *s, const struct manifest_entry *old,
                          const struct manifest_entry *now)
{
    if (is_same(old, now))
        return THERE;
    return old->size < now->size && old->seq < now->seq && *now->chain &&
                   day_continues(&s->day, old)
               ? GREW
               : FAILED;
}

static enum state judge(const struct shipment *s, const struct shippable *f, struct ship_file *p)
{
    const struct manifest_entry *old = manifest_find(&s->before, f->now.name);
    if (f->problem)
        return FAILED;
    if (!p->listed)
        return MISSING;
    if (!old)
        return UNKNOWN;
    enum state state = compare(s, old, &f->now);
    if (state == THERE) {
        p->entry = *old;
        return p->gzip_size == old->gzip_size ? THERE : UNKNOWN;
    }
    return p->gzip_size == old->gzip_size ? state : UNKNOWN;
}

static const char not_continued[] = "the archive has another file of that name, which this file "
                                    "does not continue; it is not replaced";

/* Finds the state of every file. False if there is no memory. */
static bool make_list(struct pool *r, struct shipment *s)
{
    s->todo = calloc(s->day.count ? s->day.count : 1, sizeof *s->todo);
    if (!s->todo)
        return false;
    for (size_t i = 0; i < s->day.count; i++) {
        const struct shippable *f = &s->day.files[i];
        struct ship_file *p = &s->files[i];
        p->state = judge(s, f, p);
        if (p->state == FAILED) {
            pool_problem(r, f->now.name, f->problem ? f->problem : not_continued);
        } else if (p->state != THERE) {
            s->todo[s->todo_count++] = i;
            s->todo_bytes += f->now.size;
        }
    }
    return true;
}

/* ---- the work */

/* One file of the day, and the lane that ships it. */
struct ship_job {
    struct lane *lane;
    const struct shipment *s;
    const struct shippable *f;
    struct ship_file *p;
    const char *key;
};

/* Finds the state of a file from the metadata of its object, which is not in the manifest. */
static enum state look_at_object(struct pool *r, const struct ship_job *j)
{
    const struct shippable *f = j->f;
    struct ship_file *p = j->p;
    struct s3_object object;
    struct s3_fault fault;
    enum s3_result result = s3_head(j->lane->s3, j->key, &object, &fault);
    if (result == S3_NOT_FOUND)
        return MISSING;
    if (result != S3_OK) {
        pool_fault(r, &fault);
        return FAILED;
    }
    p->entry = f->now;
    p->entry.gzip_size = object.size;
    enum state state =
        objmeta_read(object.note, &p->entry) ? compare(j->s, &p->entry, &f->now) : FAILED;
    if (state == FAILED)
        pool_problem(r, j->key, not_continued);
    return state;
}

static const char *why_not_packed(void)
{
    if (errno == ENODATA)
        return "it became shorter while it was read";
    return errno == ENOSPC ? "no space for the packed file: set TMPDIR to a directory with more"
                           : strerror(errno);
}

static bool put_packed(struct pool *r, const struct ship_job *j, const struct packed *packed)
{
    struct ship_file *p = j->p;
    char note[OBJMETA_MAX];
    struct s3_fault fault;
    struct s3_source source = {.fd = packed->fd, .len = packed->gzip_size};
    memcpy(source.sha256, packed->gzip_sha256, sizeof source.sha256);
    p->entry = j->f->now;
    p->entry.gzip_size = packed->gzip_size;
    digest_hex(packed->sha256, p->entry.sha256);
    digest_hex(packed->gzip_sha256, p->entry.gzip_sha256);
    objmeta_write(&p->entry, note);
    const struct s3_about about = {"application/gzip", note};
    if (s3_put(j->lane->s3, j->key, &source, &about, &fault) == S3_OK)
        return true;
    pool_fault(r, &fault);
    return false;
}

static enum state pack_and_put(struct pool *r, const struct ship_job *j)
{
    const struct shippable *f = j->f;
    struct packed packed;
    int fd = day_file_open(&j->s->day, f->now.name);
    bool ok = fd >= 0 && pack_file(j->lane->pack, fd, f->now.size, r->options.stop, &packed);
    if (!ok && errno != ECANCELED)
        pool_problem(r, f->now.name, why_not_packed());
    if (fd >= 0)
        close(fd);
    if (!ok || !put_packed(r, j, &packed))
        return FAILED;
    pool_count(r, f->now.size, packed.gzip_size);
    progress_say(&r->progress, true, "%s shipped, %" PRIu64 " bytes, packed %" PRIu64, j->key,
                 f->now.size, packed.gzip_size);
    return DONE;
}

static void ship_one(struct pool *r, struct lane *lane, size_t i, void *context)
{
    struct shipment *s = context;
    const struct shippable *f = &s->day.files[s->todo[i]];
    struct ship_file *p = &s->files[s->todo[i]];
    char key[NAMES_MAX];
    const struct ship_job job = {lane, s, f, p, key};
    names_file(r->prefix, s->day.branch, s->day.date, f->now.name, key);
    if (p->state == UNKNOWN)
        p->state = look_at_object(r, &job);
    if (p->state == MISSING || p->state == GREW) {
        if (r->options.dry_run) {
            pool_count(r, f->now.size, 0);
            progress_say(&r->progress, false, "%s would be shipped, %" PRIu64 " bytes", key,
                         f->now.size);
        } else {
            p->state = pack_and_put(r, &job);
        }
    }
    progress_file(&r->progress, f->now.size);
}

/* ---- the manifest */

/* Writes the manifest after this run: the entries of the files here replace those of the manifest
 * before. */
static bool make_manifest(struct shipment *s, struct manifest *m)
{
    m->whole = s->over;
    for (size_t i = 0; i < s->day.count; i++) {
        struct ship_file *p = &s->files[i];
        if (p->state == THERE || p->state == DONE) {
            memcpy(p->entry.name, s->day.files[i].now.name, sizeof p->entry.name);
            if (!manifest_add(m, &p->entry))
                return false;
        } else {
            m->whole = false;
        }
    }
    manifest_sort(m);
    size_t ours = m->count;
    for (size_t i = 0; i < s->before.count; i++) {
        struct manifest head = {.entries = m->entries, .count = ours};
        if (!manifest_find(&head, s->before.entries[i].name) &&
            !manifest_add(m, &s->before.entries[i]))
            return false;
    }
    manifest_sort(m);
    return true;
}

/* True if the manifest differs from the one before. If the archive had the whole day, a file that
 * is missing here now does not count. */
static bool is_news(const struct manifest *now, const struct manifest *before)
{
    struct buf x, y;
    struct manifest copy = *now;
    copy.whole = now->whole || before->whole;
    buf_init(&x, MANIFEST_BYTES_MAX);
    buf_init(&y, MANIFEST_BYTES_MAX);
    manifest_write(&copy, &x);
    manifest_write(before, &y);
    bool same = !x.failed && !y.failed && x.len == y.len && memcmp(x.data, y.data, x.len) == 0;
    buf_release(&x);
    buf_release(&y);
    return now->count > 0 && !same;
}

static void keep_books(struct pool *r, struct shipment *s)
{
    struct s3_fault fault;
    struct manifest m;
    manifest_init(&m, s->day.branch, s->day.date);
    bool ok = make_manifest(s, &m);
    if (!ok)
        pool_problem(r, s->day.date, strerror(ENOMEM));
    /* The catalogue first: as long as the manifest is old, the next run writes both again. */
    if (ok && is_news(&m, &s->before) &&
        (catalogue_put(r, &m, &fault) != S3_OK ||
         manifest_io_put(r->lanes[0].s3, r->prefix, &m, &fault) != S3_OK)) {
        pool_fault(r, &fault);
        ok = false;
    }
    if (ok && m.whole && !manifest_io_mark(r->options.records_dir, &m))
        pool_problem(r, "records_dir/archived", strerror(errno));
    manifest_release(&m);
}

/* ---- a day */

static void work(struct pool *r, struct shipment *s)
{
    progress_begin(&r->progress, s->todo_count, s->todo_bytes);
    pool_each(r, s->todo_count, ship_one, s);
    if (!r->options.dry_run && !pool_over(r))
        keep_books(r, s);
}

static void summary(struct pool *r, const struct shipment *s, uint64_t shipped)
{
    size_t there = 0;
    for (size_t i = 0; i < s->day.count; i++)
        there += s->files[i].state == THERE;
    progress_say(&r->progress, false, "%s/%s: %zu files, %" PRIu64 " %s, %zu in the archive before",
                 s->day.branch, s->day.date, s->day.count, shipped,
                 r->options.dry_run ? "would be shipped" : "shipped", there);
}

void ship_day(struct pool *r, const char *branch, const char *date, bool over)
{
    struct shipment s = {.over = over};
    uint64_t before = r->files;
    manifest_init(&s.before, branch, date);
    bool ok = day_open(&s.day, r->options.records_dir, branch, date);
    s.files = ok ? calloc(s.day.count ? s.day.count : 1, sizeof *s.files) : NULL;
    if (!s.files) {
        pool_problem(r, date, strerror(errno));
    } else if (s.day.count > 0 && get_manifest(r, &s) && list_objects(r, &s) && make_list(r, &s)) {
        work(r, &s);
        summary(r, &s, r->files - before);
    }
    if (s.day.foreign > 0)
        progress_say(&r->progress, false, "%s/%s: %zu files are not rollcall's and are not shipped",
                     branch, date, s.day.foreign);
    manifest_release(&s.before);
    day_close(&s.day);
    free(s.files);
    free(s.todo);
}
