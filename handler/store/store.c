#include "handler/store/store.h"

#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/shared/random.h"
#include "handler/store/txn.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

static void store_write_receipt(const struct txn *t, struct receipt *out);

enum verdict store_append(struct store *s, const struct batch *b, struct arena *arena,
                          struct receipt *out, struct fault *f)
{
    struct txn t = {.store = s, .batch = b, .fault = f, .today = PAIR_NONE, .tomorrow = PAIR_NONE};
    enum verdict v = txn_begin(&t, arena);
    if (v == V_OK)
        v = txn_open(&t);
    if (v == V_OK)
        v = txn_heal(&t);
    if (v == V_OK)
        v = txn_look_back(&t);
    if (v == V_OK)
        v = txn_write(&t);
    if (v == V_OK)
        v = txn_sync(&t);
    if (v == V_OK)
        store_write_receipt(&t, out);
    else
        txn_undo(&t);
    txn_close(&t);
    return v;
}

/* While the name of a file or directory keeps changing, so long beyond the lock's time limit. */
enum { MOVED_MS = 1000, MOVED_PAUSE_US = 100, MOVED_PAUSE_MAX_US = 20000 };

/* Near midnight, a machine whose clock is ahead may have stored a copy in tomorrow's file. */
static bool store_needs_tomorrow(const struct txn *t)
{
    int64_t midnight = clock_day_start(t->now) + CLOCK_DAY_MS;
    return t->resend.twins && t->batch->retry_ms >= 0 && t->now + RESEND_SLACK_MS >= midnight;
}

/* One attempt. V_OK and today's state is not PAIR_OPEN: something moved, try again. */
static enum verdict store_try_open(struct txn *t)
{
    char date[CLOCK_DATE_LEN + 1];
    struct pair_of of = {&t->store->dirs, t->batch->ip, t->deadline};
    t->now = t->store->clock();
    if (store_needs_tomorrow(t)) {
        clock_date(t->now + CLOCK_DAY_MS, date);
        enum verdict v = pair_find(&t->tomorrow, &of, date, t->fault);
        if (v != V_OK || t->tomorrow.state == PAIR_MOVED)
            return v;
    }
    clock_date(t->now, date);
    enum verdict v = pair_make(&t->today, &of, date, t->fault);
    t->now = t->store->clock();
    clock_date(t->now, date);
    if (v == V_OK && strcmp(date, t->today.date) != 0)
        t->today.state = PAIR_MOVED; /* midnight passed during the wait */
    return v;
}

enum verdict txn_open(struct txn *t)
{
    int64_t pause = MOVED_PAUSE_US;
    t->deadline = clock_monotonic() + t->store->config->lock_timeout_ms;
    for (;;) {
        enum verdict v = store_try_open(t);
        if (v != V_OK || t->today.state == PAIR_OPEN)
            return v;
        txn_close(t);
        if (clock_monotonic() >= t->deadline + MOVED_MS) {
            log_event(LOG_ERROR, "store_failed", "what=open error=%s",
                      "the day's directory keeps being removed or renamed");
            return fault_set(t->fault, V_STORE_FAILED,
                             "the day's directory keeps changing; try again");
        }
        clock_sleep_us(pause);
        pause = pause * 2 < MOVED_PAUSE_MAX_US ? pause * 2 : MOVED_PAUSE_MAX_US;
    }
}

void txn_close(struct txn *t)
{
    if (t->today.json >= 0 && t->today.json_size == 0 && t->today.csv_size == 0)
        pair_remove(&t->today); /* created for this request, which stored nothing */
    pair_close(&t->today);
    pair_close(&t->tomorrow);
    dirs_release(&t->store->dirs);
}

/* The receipt is that of the last line written; if none was, that of the last record's copy. */
static void store_write_receipt(const struct txn *t, struct receipt *out)
{
    *out = (struct receipt){.records = t->batch->count - t->resend.duplicates,
                            .duplicates = t->resend.duplicates,
                            .seq = t->last.line.seq,
                            .durable = t->store->config->sync != SYNC_OFF};
    memcpy(out->date, t->today.date, sizeof out->date);
    memcpy(out->chain, t->last.line.chain, sizeof out->chain);
    if (out->records > 0)
        return;
    const struct twin *twin = &t->resend.twins[t->batch->count - 1];
    if (twin->place == TWIN_REQUEST)
        twin = &t->resend.twins[twin->first];
    memcpy(out->date, twin->date, sizeof out->date);
    out->seq = twin->seq;
    memcpy(out->chain, twin->chain, sizeof out->chain);
}

void store_init(struct store *s, const struct config *config, clock_fn clock, struct digest *digest)
{
    *s = (struct store){.config = config, .clock = clock, .digest = digest, .boot = clock_boot};
    dirs_init(&s->dirs, config->records_dir);
    buf_init(&s->lines, SIZE_MAX / 2);
    buf_init(&s->rows, SIZE_MAX / 2);
}

void store_release(struct store *s)
{
    dirs_release(&s->dirs);
    buf_release(&s->lines);
    buf_release(&s->rows);
}

void store_trim(struct store *s, size_t keep)
{
    buf_trim(&s->lines, keep);
    buf_trim(&s->rows, keep);
}

/* A file without a name leaves nothing on disk, whatever happens. Where the file system has none
 * (NFS), one with a name. */
static int store_open_probe(int dir)
{
    int fd = openat(dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0640);
    if (fd >= 0 || (errno != EOPNOTSUPP && errno != EISDIR && errno != ENOENT))
        return fd;
    char name[32];
    snprintf(name, sizeof name, ".probe-%016" PRIx64, random_bits());
    fd = openat(dir, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd >= 0)
        unlinkat(dir, name, 0);
    return fd;
}

static enum verdict store_unusable(struct fault *f)
{
    return fault_set(f, V_UNAVAILABLE, "the store cannot be written: %s", strerror(errno));
}

static enum verdict store_write_probe(const struct store *s, int fd, struct fault *f)
{
    static const char block[4096];
    struct statvfs fs;
    if (!io_pwrite(fd, block, sizeof block, 0) ||
        (s->config->sync != SYNC_OFF && fdatasync(fd) != 0) || fstatvfs(fd, &fs) != 0)
        return store_unusable(f);
    if ((uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)s->config->min_free_bytes)
        return fault_set(f, V_UNAVAILABLE, "less than min_free_bytes is left on the store's disk");
    return V_OK;
}

enum verdict store_probe(struct store *s, struct fault *f)
{
    char date[CLOCK_DATE_LEN + 1];
    clock_date(s->clock(), date);
    int dir = dirs_open(&s->dirs, date);
    int fd = dir < 0 ? -1 : store_open_probe(dir);
    enum verdict v = fd < 0 ? store_unusable(f) : store_write_probe(s, fd, f);
    if (fd >= 0)
        close(fd);
    dirs_release(&s->dirs);
    return v;
}
