#include "agent/send/spool.h"

#include "agent/send/gzip.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/dir.h"
#include "handler/shared/io.h"
#include "handler/shared/lock.h"
#include "handler/shared/log.h"
#include "handler/shared/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ADD_WAIT_MS = 5000, HOLD_TEXT = 24 };

static const char new_name[] = ".new";
static const char lock_name[] = "lock";
static const char adding_name[] = "adding";

static bool spool_fail(char why[SPOOL_WHY_MAX], const char *what)
{
    int error = errno;
    snprintf(why, SPOOL_WHY_MAX, "%s: %s", what, strerror(error));
    return false;
}

void spool_init(struct spool *s, const char *path, uint64_t bytes_max, int64_t age_max)
{
    *s = (struct spool){
        .path = path, .dir = -1, .lock = -1, .bytes_max = bytes_max, .age_max = age_max};
}

void spool_close(struct spool *s)
{
    if (s->lock >= 0)
        close(s->lock);
    if (s->dir >= 0)
        close(s->dir);
    free(s->list);
    spool_init(s, s->path, s->bytes_max, s->age_max);
}

/* Anyone else who can write here could make the agent delete, or send, foreign files. */
static bool spool_open_directory(struct spool *s, char why[SPOOL_WHY_MAX])
{
    struct stat st;
    if (mkdir(s->path, 0700) != 0 && errno != EEXIST)
        return spool_fail(why, "cannot create the directory");
    s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->dir < 0 || fstat(s->dir, &st) != 0)
        return spool_fail(why, "cannot open the directory");
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        snprintf(why, SPOOL_WHY_MAX,
                 "must belong to the agent's user (uid %lu) and be writable by nobody else",
                 (unsigned long)geteuid());
        return false;
    }
    return true;
}

static int spool_open_lock(const struct spool *s, const char *name)
{
    return openat(s->dir, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
}

/* The lock for adding, -1 with errno; close(2) releases it. */
static int spool_begin_adding(const struct spool *s, int64_t wait)
{
    int fd = spool_open_lock(s, adding_name);
    if (fd < 0 || lock_wait(fd, clock_monotonic() + wait))
        return fd;
    int saved = errno;
    close(fd);
    errno = saved;
    return -1;
}

/* Removes what a killed process left, unless another one is writing it now. */
static void spool_remove_new(const struct spool *s)
{
    int adding = spool_begin_adding(s, 0);
    if (adding < 0)
        return;
    unlinkat(s->dir, new_name, 0);
    close(adding);
}

enum spool_opened spool_open(struct spool *s, int64_t wait, char why[SPOOL_WHY_MAX])
{
    if (!spool_open_directory(s, why)) {
        spool_close(s);
        return SPOOL_UNUSABLE;
    }
    s->lock = spool_open_lock(s, lock_name);
    if (s->lock < 0) {
        spool_fail(why, "cannot open the lock file");
        spool_close(s);
        return SPOOL_UNUSABLE;
    }
    if (!lock_wait(s->lock, clock_monotonic() + wait)) {
        snprintf(why, SPOOL_WHY_MAX, "another agent uses the spool %.300s", s->path);
        close(s->lock);
        s->lock = -1;
        return SPOOL_BUSY;
    }
    spool_remove_new(s);
    return SPOOL_OPEN;
}

static void spool_say(const struct spool *s, const char *event, const struct spoolname *n,
                      const char *reason)
{
    char name[SPOOLNAME_MAX];
    spoolname_format(n, name);
    log_event(LOG_WARN, event, "spool=%s file=%s reason=%s", s->path, name, reason);
}

/* ---- the list */

static struct spool_entry *spool_add_entry(struct spool *s)
{
    struct spool_entry *list = vec_grow(s->list, s->count, &s->room, sizeof *list);
    if (!list)
        return NULL;
    s->list = list;
    s->list[s->count] = (struct spool_entry){0};
    return &s->list[s->count++];
}

static int spool_by_age(const void *a, const void *b)
{
    const struct spoolname *x = &((const struct spool_entry *)a)->name;
    const struct spoolname *y = &((const struct spool_entry *)b)->name;
    if (x->created != y->created)
        return x->created < y->created ? -1 : 1;
    return (x->serial > y->serial) - (x->serial < y->serial);
}

static void spool_forget(struct spool *s, struct spool_entry *e)
{
    e->gone = true;
    s->bytes -= e->size;
    s->waiting -= !e->name.bad;
}

static bool spool_scan_one(int dir, const char *text, void *to)
{
    struct spool *s = to;
    struct stat st;
    struct spoolname name;
    if (!spoolname_parse(text, &name) || fstatat(dir, text, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return true;
    struct spool_entry *e = spool_add_entry(s);
    if (!e) /* without memory: the remaining files wait for the next beat */
        return false;
    *e = (struct spool_entry){.name = name, .size = (uint64_t)st.st_size};
    s->bytes += e->size;
    s->waiting += !name.bad;
    return true;
}

static void spool_log_dropped(const struct spool *s, size_t count, const char *reason)
{
    if (count)
        log_event(LOG_WARN, "spool_dropped", "spool=%s count=%zu reason=%s", s->path, count,
                  reason);
}

void spool_scan(struct spool *s)
{
    s->count = s->waiting = 0;
    s->bytes = 0;
    if (s->dir >= 0)
        dir_visit(dir_open(s->dir, "."), spool_scan_one, s);
    if (s->count)
        qsort(s->list, s->count, sizeof *s->list, spool_by_age);
}

void spool_expire(struct spool *s, int64_t now)
{
    size_t dropped = 0;
    for (size_t i = 0; i < s->count && s->list[i].name.created < now - s->age_max; i++) {
        if (s->list[i].gone)
            continue;
        spool_remove(s, &s->list[i]);
        dropped++;
    }
    spool_log_dropped(s, dropped, "older than spool_age");
}

/* Drops the oldest entries until `more` bytes fit. */
static void spool_make_room(struct spool *s, uint64_t more)
{
    size_t dropped = 0;
    for (size_t i = 0; i < s->count; i++) {
        if (s->bytes + more <= s->bytes_max && s->waiting < SPOOL_COUNT_MAX)
            break;
        if (s->list[i].gone)
            continue;
        spool_remove(s, &s->list[i]);
        dropped++;
    }
    spool_log_dropped(s, dropped, "the spool is full");
}

/* ---- one record */

static bool spool_write_new(const struct spool *s, const struct buf *packed,
                            char why[SPOOL_WHY_MAX])
{
    unlinkat(s->dir, new_name, 0);
    int fd = openat(s->dir, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return spool_fail(why, "cannot create a file in the spool");
    bool ok = io_pwrite(fd, packed->data, packed->len, 0) && fsync(fd) == 0;
    int saved = errno;
    if (close(fd) != 0 && ok) {
        saved = errno;
        ok = false;
    }
    errno = saved;
    if (!ok) {
        spool_fail(why, "cannot write to the spool");
        unlinkat(s->dir, new_name, 0);
    }
    return ok;
}

/*
 * Renames ".new" unless the name is taken. Kernels before 3.15, and file systems without that flag,
 * need a second name first.
 */
static bool spool_rename_new(const struct spool *s, const char *name)
{
    if (renameat2(s->dir, new_name, s->dir, name, RENAME_NOREPLACE) == 0)
        return true;
    if ((errno != ENOSYS && errno != EINVAL) || linkat(s->dir, new_name, s->dir, name, 0) != 0)
        return false;
    unlinkat(s->dir, new_name, 0);
    return true;
}

/* Renames ".new" to the first free name of its millisecond. */
static bool spool_name_new(const struct spool *s, struct spoolname *n, char why[SPOOL_WHY_MAX])
{
    for (n->serial = 0; n->serial <= SPOOLNAME_SERIAL_MAX; n->serial++) {
        char name[SPOOLNAME_MAX];
        spoolname_format(n, name);
        if (spool_rename_new(s, name)) {
            spool_sync(s);
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    spool_fail(why, "cannot rename a file in the spool");
    unlinkat(s->dir, new_name, 0);
    return false;
}

static bool spool_keep(struct spool *s, struct spoolname *n, const struct buf *packed,
                       char why[SPOOL_WHY_MAX])
{
    if (packed->len > s->bytes_max) {
        snprintf(why, SPOOL_WHY_MAX, "the record is larger than spool_bytes");
        return false;
    }
    int adding = spool_begin_adding(s, ADD_WAIT_MS);
    if (adding < 0)
        return spool_fail(why, "cannot lock the spool for adding");
    spool_make_room(s, packed->len);
    bool ok = spool_write_new(s, packed, why) && spool_name_new(s, n, why);
    close(adding);
    struct spool_entry *e = ok ? spool_add_entry(s) : NULL;
    if (e) {
        *e = (struct spool_entry){.name = *n, .size = packed->len};
        s->bytes += packed->len;
        s->waiting++;
    }
    return ok;
}

bool spool_add(struct spool *s, const struct spool_record *record, char why[SPOOL_WHY_MAX])
{
    struct spoolname name = {
        .created = record->created, .tried = record->tried, .kind = record->kind};
    struct buf text, packed;
    if (s->dir < 0) {
        snprintf(why, SPOOL_WHY_MAX, "there is no spool");
        return false;
    }
    buf_init(&text, record->len + 1);
    buf_init(&packed, SPOOL_RECORD_MAX);
    buf_add(&text, record->line, record->len);
    buf_putc(&text, '\n');
    bool ok = !text.failed && gzip_bytes(text.data, text.len, &packed);
    if (!ok)
        snprintf(why, SPOOL_WHY_MAX, "out of memory");
    ok = ok && spool_keep(s, &name, &packed, why);
    buf_release(&text);
    buf_release(&packed);
    return ok;
}

/* False with errno. */
static bool spool_read_packed(const struct spool *s, const char *name, struct buf *packed)
{
    struct stat st;
    int fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool ok = fstat(fd, &st) == 0;
    if (ok && !S_ISREG(st.st_mode)) {
        errno = EINVAL;
        ok = false;
    }
    ok = ok && io_read_file(fd, packed);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

enum spool_read spool_read(const struct spool *s, const struct spool_entry *e, struct buf *packed,
                           struct buf *text)
{
    char name[SPOOLNAME_MAX];
    size_t from = packed->len, start = text->len;
    spoolname_format(&e->name, name);
    if (!spool_read_packed(s, name, packed))
        return errno == ENOENT ? SPOOL_GONE : SPOOL_FAILED;
    if (!gzip_unpack(packed->data + from, packed->len - from, text) || text->len < start + 3)
        return SPOOL_FAILED;
    const char *line = text->data + start;
    size_t len = text->len - start;
    return memchr(line, '\n', len) == line + len - 1 ? SPOOL_READ : SPOOL_FAILED;
}

static bool spool_rename_entry(struct spool *s, struct spool_entry *e, const struct spoolname *to)
{
    char from_name[SPOOLNAME_MAX], to_name[SPOOLNAME_MAX];
    spoolname_format(&e->name, from_name);
    spoolname_format(to, to_name);
    if (renameat(s->dir, from_name, s->dir, to_name) != 0)
        return false;
    e->name = *to;
    return true;
}

void spool_mark(struct spool *s, struct spool_entry *e, int64_t tried)
{
    struct spoolname to = e->name;
    to.tried = tried;
    if (e->name.tried == 0 && !spool_rename_entry(s, e, &to) && errno != ENOENT)
        spool_say(s, "spool_not_marked", &e->name, strerror(errno));
}

void spool_sync(const struct spool *s)
{
    if (s->dir >= 0 && fsync(s->dir) != 0)
        log_event(LOG_WARN, "spool_not_synced", "spool=%s reason=%s", s->path, strerror(errno));
}

void spool_remove(struct spool *s, struct spool_entry *e)
{
    char name[SPOOLNAME_MAX];
    spoolname_format(&e->name, name);
    if (unlinkat(s->dir, name, 0) != 0 && errno != ENOENT)
        spool_say(s, "spool_not_removed", &e->name, strerror(errno));
    spool_forget(s, e);
}

void spool_set_aside(struct spool *s, struct spool_entry *e, const char *reason)
{
    struct spoolname to = e->name;
    spool_say(s, "spool_set_aside", &e->name, reason);
    to.bad = true;
    s->waiting--;
    if (spool_rename_entry(s, e, &to))
        return;
    spool_say(s, "spool_not_renamed", &e->name, strerror(errno));
    e->gone = true; /* do not try it again in this beat */
}

/* ---- the pause after a failure */

int64_t spool_hold(const struct spool *s)
{
    char text[HOLD_TEXT] = "";
    if (s->lock < 0 || pread(s->lock, text, sizeof text - 1, 0) <= 0)
        return 0;
    char *end;
    long long until = strtoll(text, &end, 10);
    return *end == '\n' && until > 0 ? until : 0;
}

void spool_set_hold(struct spool *s, int64_t until)
{
    char text[HOLD_TEXT];
    if (s->lock < 0 || until == spool_hold(s))
        return;
    int len = snprintf(text, sizeof text, "%lld\n", (long long)until);
    if (ftruncate(s->lock, 0) != 0 || !io_pwrite(s->lock, text, (size_t)len, 0))
        log_event(LOG_WARN, "spool_not_held", "spool=%s reason=%s", s->path, strerror(errno));
}
