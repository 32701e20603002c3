#include "handler/store/store.h"

#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/store/append.h"
#include "handler/store/heal.h"
#include "handler/store/ids.h"
#include "handler/store/resend.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

void store_init(struct store *s, const struct config *config, clock_fn clock, struct digest *digest)
{
    *s = (struct store){.config = config, .clock = clock, .digest = digest};
    dirs_init(&s->days, config->records_dir);
    kept_init(&s->kept);
    buf_init(&s->lines, SIZE_MAX / 2);
    s->boot = clock_boot;
}

void store_keep_files(struct store *s)
{
    kept_start(&s->kept);
}

void store_rest(struct store *s)
{
    kept_close(&s->kept);
    dirs_release(&s->days);
}

void store_release(struct store *s)
{
    kept_release(&s->kept);
    dirs_release(&s->days);
    buf_release(&s->lines);
}

void store_trim(struct store *s, size_t keep)
{
    buf_trim(&s->lines, keep);
}

/* May a power loss, here or on another machine, have taken what was written there last? */
static bool is_doubtful(const struct store *s, const struct pair *p)
{
    int64_t boot = s->boot();
    return s->days.remote || (p->json_size > 0 && p->json_mtime < boot) ||
           (p->csv_size > 0 && p->csv_mtime < boot);
}

/* Finds twins in yesterday's file. One of somebody else's has none. */
static enum verdict find_yesterday(struct store *s, const struct ids *ids, int64_t since,
                                   struct resend *r, struct fault *f)
{
    struct hop h;
    struct commit last;
    const struct pair *p = &r->yesterday;
    switch (commit_find(p->json, p->json_size, is_doubtful(s, p) ? s->digest : NULL, &h, &last)) {
    case COMMIT_FOUND:
        return resend_look(r, ids, &h, p, since, 0, f);
    case COMMIT_FAILED:
        return pair_failed("read", p->json_name, f);
    case COMMIT_NONE:
    case COMMIT_NOT_OURS:
        break;
    }
    return V_OK;
}

/* Yesterday's file, when the window reaches back to it. Twins there are to be written again: so it
 * is healed first, as by any writer. */
static enum verdict look_at_yesterday(struct store *s, const struct batch *b, const struct ids *ids,
                                      const struct pair *today, int64_t since, struct resend *r,
                                      struct fault *f)
{
    char date[CLOCK_DATE_LEN + 1];
    size_t before = r->duplicates;
    struct hop h;
    struct commit last;
    clock_date(clock_day_start(today->now) - 1, date);
    enum verdict v =
        pair_open_past(&r->yesterday, &s->days, b->ip, date, s->config->lock_timeout_ms, f);
    if (v != V_OK)
        return v == V_NOT_FOUND ? V_OK : v;
    v = find_yesterday(s, ids, since, r, f);
    if (v != V_OK || r->duplicates == before)
        return v;
    v = pair_make_csv(&r->yesterday, f);
    return v == V_OK
               ? heal(&r->yesterday, is_doubtful(s, &r->yesterday) ? s->digest : NULL, &h, &last, f)
               : v;
}

static enum verdict look_back(struct store *s, const struct batch *b, const struct ids *ids,
                              const struct pair *p, struct hop *h, const struct commit *last,
                              struct resend *r, struct fault *f)
{
    if (!r->twins)
        return V_OK;
    int64_t since = b->retry_ms < 0 ? INT64_MAX : p->now - b->retry_ms - RESEND_SLACK_MS;
    enum verdict v = V_OK;
    if (last->end > 0)
        v = resend_look(r, ids, h, p, since, RESEND_LINES, f);
    if (v == V_OK && since < clock_day_start(p->now))
        v = look_at_yesterday(s, b, ids, p, since, r, f);
    return v;
}

/* Twins are duplicates only once they are on disk, too. */
static enum verdict confirm(const struct store *s, const struct batch *b, const struct pair *p,
                            const struct resend *r, struct fault *f)
{
    if (!s->config->sync || r->duplicates == 0)
        return V_OK;
    enum verdict v = resend_confirm(r, b, p, TWIN_TODAY, f);
    return v == V_OK ? resend_confirm(r, b, &r->yesterday, TWIN_YESTERDAY, f) : v;
}

static void make_receipt(const struct store *s, const struct batch *b, const struct pair *p,
                         const struct resend *r, const struct commit *last, struct receipt *out)
{
    *out = (struct receipt){.records = b->count - r->duplicates,
                            .duplicates = r->duplicates,
                            .seq = last->line.seq,
                            .durable = s->config->sync};
    memcpy(out->date, p->date, sizeof out->date);
    memcpy(out->chain, last->line.chain, sizeof out->chain);
    if (out->records > 0)
        return;
    /* Nothing written: the receipt is that of the line that is there. */
    const struct twin *t = &r->twins[b->count - 1];
    if (t->place == TWIN_REQUEST)
        t = &r->twins[t->first];
    if (t->place == TWIN_YESTERDAY)
        memcpy(out->date, r->yesterday.date, sizeof out->date);
    out->seq = t->seq;
    memcpy(out->chain, t->chain, sizeof out->chain);
}

/* Everything that happens under the lock. */
static enum verdict append_locked(struct store *s, const struct batch *b, const struct ids *ids,
                                  struct pair *p, struct resend *r, struct receipt *out,
                                  struct fault *f)
{
    struct hop h;
    struct commit last;
    enum verdict v = heal(p, is_doubtful(s, p) ? s->digest : NULL, &h, &last, f);
    if (v != V_OK)
        return v;
    v = look_back(s, b, ids, p, &h, &last, r, f);
    if (v == V_OK)
        v = confirm(s, b, p, r, f);
    if (v == V_OK && r->duplicates < b->count) {
        struct append a = {.days = &s->days,
                           .digest = s->digest,
                           .lines = &s->lines,
                           .sync = s->config->sync,
                           .max_file_bytes = s->config->max_file_bytes,
                           .min_free_bytes = s->config->min_free_bytes};
        v = append(&a, p, b, r, &last, f);
    }
    if (v == V_OK)
        make_receipt(s, b, p, r, &last, out);
    if (p->json_size == 0 && p->csv_size == 0)
        pair_remove(p); /* made for this request, which wrote nothing */
    return v;
}

enum verdict store_append(struct store *s, const struct batch *b, struct arena *arena,
                          struct receipt *out, struct fault *f)
{
    struct ids ids;
    struct resend r;
    struct pair p;
    enum verdict v = resend_begin(&r, b, &ids, arena, f);
    if (v == V_OK)
        v = pair_open(&p, &s->days, &s->kept, b->ip, s->clock, s->config->lock_timeout_ms, f);
    if (v != V_OK)
        return v;
    v = append_locked(s, b, &ids, &p, &r, out, f);
    pair_close(&r.yesterday);
    if (v == V_OK)
        pair_keep(&p, &s->days, &s->kept, b->ip);
    else
        pair_close(&p);
    return v;
}

/* A file without a name leaves nothing behind, whatever happens; where the file system knows none
 * (NFS), one with a name. */
static int open_probe(int dir)
{
    int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0640);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    char name[32];
    snprintf(name, sizeof name, ".probe-%d", (int)getpid());
    fd = openat(dir, name, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd >= 0)
        unlinkat(dir, name, 0);
    return fd;
}

static enum verdict probe_write(const struct store *s, int fd, struct fault *f)
{
    static const char block[4096];
    struct statvfs fs;
    if (!io_pwrite(fd, block, sizeof block, 0) || (s->config->sync && fdatasync(fd) != 0) ||
        fstatvfs(fd, &fs) != 0)
        return fault_set(f, V_UNAVAILABLE, "the store cannot be written: %s", strerror(errno));
    if ((uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)s->config->min_free_bytes)
        return fault_set(f, V_UNAVAILABLE, "less than min_free_bytes is left on the store's disk");
    return V_OK;
}

enum verdict store_probe(struct store *s, struct fault *f)
{
    char date[CLOCK_DATE_LEN + 1];
    clock_date(s->clock(), date);
    int dir = dirs_open(&s->days, date);
    kept_in(&s->kept, s->days.opened);
    int fd = dir < 0 ? -1 : open_probe(dir);
    if (fd < 0)
        return fault_set(f, V_UNAVAILABLE, "the store cannot be written: %s", strerror(errno));
    enum verdict v = probe_write(s, fd, f);
    close(fd);
    return v;
}
