#include "agent/send/spool.h"

#include "agent/send/gzip.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/io.h"
#include "handler/shared/log.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_PAUSE_MS = 20, FIRST_ROOM = 64, HOLD_TEXT = 24 };

static const char new_name[] = ".new";
static const char lock_name[] = "lock";

static bool fail(char why[SPOOL_WHY_MAX], const char *what)
{
    int error = errno;
    snprintf(why, SPOOL_WHY_MAX, "%s: %s", what, strerror(error));
    return false;
}

void spool_none(struct spool *s)
{
    *s = (struct spool){.path = "", .dir = -1, .lock = -1};
}

void spool_close(struct spool *s)
{
    if (s->lock >= 0)
        close(s->lock);
    if (s->dir >= 0)
        close(s->dir);
    free(s->list);
    spool_none(s);
}

/* Ours alone: whoever else could write here could have us delete, or send, what is not ours. */
static bool open_directory(struct spool *s, char why[SPOOL_WHY_MAX])
{
    struct stat st;
    if (mkdir(s->path, 0700) != 0 && errno != EEXIST)
        return fail(why, "cannot be made");
    s->dir = open(s->path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (s->dir < 0 || fstat(s->dir, &st) != 0)
        return fail(why, "cannot be opened");
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH))) {
        snprintf(why, SPOOL_WHY_MAX,
                 "must belong to the agent's user (uid %lu) and be writable by nobody else",
                 (unsigned long)geteuid());
        return false;
    }
    return true;
}

static bool open_lock(struct spool *s, char why[SPOOL_WHY_MAX])
{
    s->lock = openat(s->dir, lock_name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
    return s->lock >= 0 || fail(why, "its lock cannot be opened");
}

static bool take_lock(const struct spool *s, int64_t wait)
{
    int64_t until = clock_monotonic() + wait;
    while (flock(s->lock, LOCK_EX | LOCK_NB) != 0) {
        if ((errno != EWOULDBLOCK && errno != EINTR) || clock_monotonic() >= until)
            return false;
        clock_sleep(LOCK_PAUSE_MS);
    }
    return true;
}

enum spool_opened spool_open(struct spool *s, const char *path, uint64_t bytes_max, int64_t age_max,
                             int64_t wait, char why[SPOOL_WHY_MAX])
{
    spool_none(s);
    s->path = path;
    s->bytes_max = bytes_max;
    s->age_max = age_max;
    if (!open_directory(s, why) || !open_lock(s, why)) {
        spool_close(s);
        return SPOOL_UNUSABLE;
    }
    if (!take_lock(s, wait)) {
        snprintf(why, SPOOL_WHY_MAX, "another agent uses the spool %.300s", path);
        spool_close(s);
        return SPOOL_BUSY;
    }
    unlinkat(s->dir, new_name, 0);
    return SPOOL_OPEN;
}

static void say(const struct spool *s, const char *event, const struct spoolname *n,
                const char *reason)
{
    char name[SPOOLNAME_MAX];
    spoolname_format(n, name);
    log_event(LOG_WARN, event, "spool=%s file=%s reason=%s", s->path, name, reason);
}

/* ---- the list */

static struct spool_entry *add_entry(struct spool *s)
{
    if (s->count == s->room) {
        size_t room = s->room ? s->room * 2 : FIRST_ROOM;
        struct spool_entry *list = reallocarray(s->list, room, sizeof *list);
        if (!list)
            return NULL;
        s->list = list;
        s->room = room;
    }
    s->list[s->count] = (struct spool_entry){0};
    return &s->list[s->count++];
}

static int by_age(const void *a, const void *b)
{
    const struct spoolname *x = &((const struct spool_entry *)a)->name;
    const struct spoolname *y = &((const struct spool_entry *)b)->name;
    if (x->created != y->created)
        return x->created < y->created ? -1 : 1;
    return (x->serial > y->serial) - (x->serial < y->serial);
}

static void forget(struct spool *s, struct spool_entry *e)
{
    e->gone = true;
    s->bytes -= e->size;
    s->waiting -= !e->name.bad;
}

static void scan_one(struct spool *s, const char *text)
{
    struct stat st;
    struct spoolname name;
    if (!spoolname_parse(text, &name) || fstatat(s->dir, text, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode))
        return;
    struct spool_entry *e = add_entry(s);
    if (!e) /* those that are not listed wait for a beat with more memory */
        return;
    *e = (struct spool_entry){.name = name, .size = (uint64_t)st.st_size};
    s->bytes += e->size;
    s->waiting += !name.bad;
}

/* Removes the oldest while `too_many` says so; returns how many. */
static size_t drop(struct spool *s,
                   bool (*too_many)(const struct spool *, const struct spool_entry *, uint64_t),
                   uint64_t limit)
{
    size_t dropped = 0;
    for (size_t i = 0; i < s->count && too_many(s, &s->list[i], limit); i++) {
        if (s->list[i].gone)
            continue;
        spool_remove(s, &s->list[i]);
        dropped++;
    }
    return dropped;
}

static bool created_before(const struct spool *s, const struct spool_entry *e, uint64_t limit)
{
    (void)s;
    return e->name.created < (int64_t)limit;
}

/* With `more` bytes to come. */
static bool over_bounds(const struct spool *s, const struct spool_entry *e, uint64_t more)
{
    (void)e;
    return s->bytes + more > s->bytes_max || s->waiting >= SPOOL_COUNT_MAX;
}

static void say_dropped(const struct spool *s, size_t count, const char *reason)
{
    if (count)
        log_event(LOG_WARN, "spool_dropped", "spool=%s count=%zu reason=%s", s->path, count,
                  reason);
}

void spool_scan(struct spool *s, int64_t now)
{
    s->count = s->waiting = 0;
    s->bytes = 0;
    int fd = s->dir < 0 ? -1 : openat(s->dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return;
    }
    for (const struct dirent *e; (e = readdir(dir));)
        scan_one(s, e->d_name);
    closedir(dir);
    if (s->count)
        qsort(s->list, s->count, sizeof *s->list, by_age);
    if (now > s->age_max)
        say_dropped(s, drop(s, created_before, (uint64_t)(now - s->age_max)),
                    "older than spool_age");
}

/* ---- one record */

static bool write_new(const struct spool *s, const struct buf *packed, char why[SPOOL_WHY_MAX])
{
    unlinkat(s->dir, new_name, 0);
    int fd = openat(s->dir, new_name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return fail(why, "the spool takes no file");
    bool ok = io_pwrite(fd, packed->data, packed->len, 0) && fsync(fd) == 0;
    int saved = errno;
    if (close(fd) != 0 && ok) {
        saved = errno;
        ok = false;
    }
    errno = saved;
    if (!ok) {
        fail(why, "the spool cannot be written");
        unlinkat(s->dir, new_name, 0);
    }
    return ok;
}

/*
 * Gives ".new" that name unless something has it. Kernels before 3.15, and file systems that know
 * no such flag, make it a second name first.
 */
static bool rename_new(const struct spool *s, const char *name)
{
    if (renameat2(s->dir, new_name, s->dir, name, RENAME_NOREPLACE) == 0)
        return true;
    if ((errno != ENOSYS && errno != EINVAL) || linkat(s->dir, new_name, s->dir, name, 0) != 0)
        return false;
    unlinkat(s->dir, new_name, 0);
    return true;
}

/* Gives ".new" the first name of that millisecond that is free. */
static bool name_new(const struct spool *s, struct spoolname *n, char why[SPOOL_WHY_MAX])
{
    for (n->serial = 0; n->serial <= SPOOLNAME_SERIAL_MAX; n->serial++) {
        char name[SPOOLNAME_MAX];
        spoolname_format(n, name);
        if (rename_new(s, name)) {
            spool_sync(s);
            return true;
        }
        if (errno != EEXIST)
            break;
    }
    fail(why, "the spool cannot rename");
    unlinkat(s->dir, new_name, 0);
    return false;
}

static bool keep(struct spool *s, struct spoolname *n, const struct buf *packed,
                 char why[SPOOL_WHY_MAX])
{
    if (packed->len > s->bytes_max) {
        snprintf(why, SPOOL_WHY_MAX, "it is larger than spool_bytes");
        return false;
    }
    say_dropped(s, drop(s, over_bounds, packed->len), "the spool is full");
    if (!write_new(s, packed, why) || !name_new(s, n, why))
        return false;
    struct spool_entry *e = add_entry(s);
    if (e) {
        *e = (struct spool_entry){.name = *n, .size = packed->len};
        s->bytes += packed->len;
        s->waiting++;
    }
    return true;
}

bool spool_add(struct spool *s, enum spool_kind kind, int64_t created, int64_t tried,
               const char *line, size_t len, char why[SPOOL_WHY_MAX])
{
    struct spoolname name = {.created = created, .tried = tried, .kind = kind};
    struct buf text, packed;
    if (s->dir < 0) {
        snprintf(why, SPOOL_WHY_MAX, "there is no spool");
        return false;
    }
    buf_init(&text, len + 1);
    buf_init(&packed, SPOOL_RECORD_MAX);
    buf_add(&text, line, len);
    buf_putc(&text, '\n');
    bool ok = !text.failed && gzip_bytes(text.data, text.len, &packed);
    if (!ok)
        snprintf(why, SPOOL_WHY_MAX, "no memory to pack it");
    ok = ok && keep(s, &name, &packed, why);
    buf_release(&text);
    buf_release(&packed);
    return ok;
}

static bool read_packed(const struct spool *s, const char *name, struct buf *packed)
{
    struct stat st;
    int fd = openat(s->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
    bool ok = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && io_read_file(fd, packed);
    if (fd >= 0)
        close(fd);
    return ok;
}

bool spool_read(const struct spool *s, const struct spool_entry *e, struct buf *packed,
                struct buf *text)
{
    char name[SPOOLNAME_MAX];
    size_t from = packed->len, start = text->len;
    spoolname_format(&e->name, name);
    if (!read_packed(s, name, packed) ||
        !gzip_unpack(packed->data + from, packed->len - from, text) || text->len < start + 3)
        return false;
    const char *line = text->data + start;
    size_t len = text->len - start;
    return memchr(line, '\n', len) == line + len - 1;
}

static bool rename_entry(struct spool *s, struct spool_entry *e, const struct spoolname *to)
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
    if (e->name.tried == 0 && !rename_entry(s, e, &to))
        say(s, "spool_not_marked", &e->name, strerror(errno));
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
        say(s, "spool_not_removed", &e->name, strerror(errno));
    forget(s, e);
}

void spool_set_aside(struct spool *s, struct spool_entry *e, const char *reason)
{
    struct spoolname to = e->name;
    say(s, "spool_set_aside", &e->name, reason);
    to.bad = true;
    s->waiting--;
    if (rename_entry(s, e, &to))
        return;
    say(s, "spool_not_renamed", &e->name, strerror(errno));
    e->gone = true; /* not in this beat again */
}

/* ---- not before */

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
