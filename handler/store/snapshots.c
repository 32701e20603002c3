#include "handler/store/snapshots.h"

#include "handler/shared/dir.h"
#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/shared/random.h"
#include "handler/store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

enum {
    CLOCKS_DIFFER_MS = 2000, /* of machines that share the directory */
    AGAIN_MS = 2000,         /* how long a directory that keeps being removed is created again */
    PAUSE_US = 1000,
    DRAFT_NAME_LEN = 32,
};

/* A listing on its way to its name. */
struct put {
    struct snapshots *to;
    const struct snapshot *new;
    char path[LAYOUT_LISTING_MAX]; /* below records_dir */
    const char *name;              /* the last part of it */
    const char *what;              /* the step that failed; its errno is left as it is */
};

enum put_result {
    PUT_STORED,
    PUT_FOUND,    /* the same listing has the name, and is on disk */
    PUT_CONFLICT, /* another listing has the name */
    PUT_ABSENT,   /* nothing has the name */
    PUT_MOVED,    /* something was removed or created meanwhile: start again */
    PUT_FAILED,   /* with `what` and errno */
};

void snapshots_init(struct snapshots *s, const struct config *config, clock_fn clock)
{
    *s = (struct snapshots){.config = config, .clock = clock};
    dirs_init(&s->days, config->records_dir);
    s->days.branch = LAYOUT_RECORD;
}

void snapshots_release(struct snapshots *s)
{
    dirs_release(&s->days);
}

/* ---- storing */

static void put_name(struct put *p, const char *date)
{
    layout_listing(date, p->new->uuid, p->new->timestamp, p->path);
    p->name = strrchr(p->path, '/') + 1;
}

static enum put_result put_failed(struct put *p, const char *what)
{
    p->what = what;
    return PUT_FAILED;
}

/* Below an open directory, these mean that a clean-up has removed it (ESTALE: on NFS). */
static bool is_removed(int error)
{
    return error == ENOENT || error == ESTALE;
}

static enum put_result put_failed_or_moved(struct put *p, const char *what)
{
    return is_removed(errno) ? PUT_MOVED : put_failed(p, what);
}

/* Compares the rest of the file, byte for byte; false with errno when it cannot be read. */
static bool snapshot_equals(int fd, const struct snapshot *new, bool *equal)
{
    char bytes[16384];
    size_t at = 0;
    ssize_t n;
    *equal = true;
    while (*equal && at < new->len) {
        size_t want = new->len - at < sizeof bytes ? new->len - at : sizeof bytes;
        n = io_pread(fd, bytes, want, (off_t)at);
        if (n < 0)
            return false;
        *equal = (size_t)n == want && memcmp(bytes, new->data + at, want) == 0;
        at += want;
    }
    n = *equal ? io_pread(fd, bytes, 2, (off_t)at) : 0;
    *equal = *equal && n == 1 && bytes[0] == '\n';
    return n >= 0;
}

static enum put_result put_compare(struct put *p, int fd)
{
    struct stat st;
    bool equal = false;
    if (fstat(fd, &st) != 0)
        return put_failed(p, "fstat");
    if (!S_ISREG(st.st_mode)) {
        errno = EEXIST;
        return put_failed(p, "compare");
    }
    if ((uint64_t)st.st_size == (uint64_t)p->new->len + 1 && !snapshot_equals(fd, p->new, &equal))
        return put_failed(p, "compare");
    if (equal && p->to->config->sync && fdatasync(fd) != 0)
        return put_failed(p, "fdatasync");
    return equal ? PUT_FOUND : PUT_CONFLICT;
}

/*
 * Looks for the listing's name in the directory. A process that died, or that failed to sync, may
 * have linked it: what is found is synced before it is acknowledged.
 */
static enum put_result put_find(struct put *p, int dir)
{
    int fd = openat(dir, p->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno == ENOENT ? PUT_ABSENT : put_failed_or_moved(p, "open");
    enum put_result result = put_compare(p, fd);
    int error = errno;
    close(fd);
    errno = error;
    if (result == PUT_FOUND && p->to->config->sync && !dirs_sync_at(dir))
        return put_failed_or_moved(p, "fsync the day's directory");
    return result;
}

/* The same on another day, whose directory need not exist. */
static enum put_result put_find_on(struct put *p, int64_t time)
{
    char date[CLOCK_DATE_LEN + 1];
    clock_date(time, date);
    put_name(p, date);
    int dir = dirs_open_past(&p->to->days, date);
    if (dir < 0)
        return errno == ENOENT ? PUT_ABSENT : put_failed(p, "open the day's directory");
    enum put_result result = put_find(p, dir);
    int error = errno;
    close(dir);
    errno = error;
    return result;
}

/*
 * A new file in the directory; `name` is "" if it has none. Without /proc a file that has no name
 * cannot be given one.
 */
static int draft_create(int dir, char name[DRAFT_NAME_LEN])
{
    int fd = -1;
    name[0] = '\0';
    if (access("/proc/self/fd", X_OK) == 0)
        fd = openat(dir, ".", O_TMPFILE | O_WRONLY | O_CLOEXEC, 0640);
    for (int tries = 0; fd < 0 && tries < 8; tries++) {
        snprintf(name, DRAFT_NAME_LEN, ".new-%016" PRIx64, random_bits());
        fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
        if (fd < 0 && errno != EEXIST)
            break;
    }
    return fd;
}

static bool draft_link(int dir, int fd, const char *draft, const char *name)
{
    char path[DRAFT_NAME_LEN];
    if (*draft)
        return linkat(dir, draft, dir, name, 0) == 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    return linkat(AT_FDCWD, path, dir, name, AT_SYMLINK_FOLLOW) == 0;
}

static bool draft_has_room(int fd, const struct put *p)
{
    struct statvfs fs;
    if (fstatvfs(fd, &fs) != 0)
        return false;
    if ((uint64_t)fs.f_bavail * fs.f_frsize >=
        (uint64_t)p->to->config->min_free_bytes + p->new->len)
        return true;
    errno = ENOSPC;
    return false;
}

static bool draft_write(int fd, const struct put *p)
{
    struct timespec now[2];
    if (!draft_has_room(fd, p) || !io_pwrite(fd, p->new->data, p->new->len, 0) ||
        !io_pwrite(fd, "\n", 1, (off_t)p->new->len))
        return false;
    /* The kernel stamps a file with the time of its last tick, which others share. */
    if (clock_gettime(CLOCK_REALTIME, &now[0]) == 0) {
        now[1] = now[0];
        futimens(fd, now);
    }
    return !p->to->config->sync || fdatasync(fd) == 0;
}

static enum put_result put_new(struct put *p, int dir)
{
    char draft[DRAFT_NAME_LEN];
    int fd = draft_create(dir, draft);
    if (fd < 0)
        return put_failed_or_moved(p, "create");
    enum put_result result = PUT_STORED;
    if (!draft_write(fd, p))
        result = put_failed(p, "write");
    else if (!draft_link(dir, fd, draft, p->name))
        result = errno == EEXIST ? PUT_MOVED : put_failed_or_moved(p, "link");
    int error = errno;
    if (*draft)
        unlinkat(dir, draft, 0);
    close(fd);
    errno = error;
    if (result == PUT_STORED && p->to->config->sync && !dirs_sync_at(dir))
        return put_failed_or_moved(p, "fsync the day's directory");
    return result;
}

static enum put_result put_try(struct put *p)
{
    char date[CLOCK_DATE_LEN + 1];
    int64_t now = p->to->clock(), midnight = clock_day_start(now) + CLOCK_DAY_MS;
    enum put_result result = PUT_ABSENT;
    if (now + CLOCKS_DIFFER_MS >= midnight)
        result = put_find_on(p, midnight);
    if (result == PUT_ABSENT)
        result = put_find_on(p, clock_day_start(now) - 1);
    if (result != PUT_ABSENT)
        return result;
    clock_date(now, date);
    put_name(p, date);
    int dir = dirs_open(&p->to->days, date);
    if (dir < 0)
        return put_failed_or_moved(p, "open the day's directory");
    result = put_find(p, dir);
    return result == PUT_ABSENT ? put_new(p, dir) : result;
}

/* Says so once per worker and day. */
static void put_note_environ(const struct put *p)
{
    char *last = p->to->environ_date;
    const char *date = p->path + strlen("record/");
    if (!p->new->has_environ || strncmp(last, date, CLOCK_DATE_LEN) == 0)
        return;
    memcpy(last, date, CLOCK_DATE_LEN);
    log_event(LOG_WARN, "environ_stored",
              "file=%s hint=\"a listing holds environments; drop_environ removes them\"", p->path);
}

enum verdict snapshots_put(struct snapshots *s, const struct snapshot *new, struct fault *f)
{
    struct put p = {.to = s, .new = new};
    int64_t end = clock_monotonic() + AGAIN_MS;
    enum put_result result = put_try(&p);
    for (; result == PUT_MOVED && clock_monotonic() < end; result = put_try(&p))
        clock_sleep_us(PAUSE_US);
    int error = errno;
    if (result == PUT_STORED)
        put_note_environ(&p);
    if (result == PUT_STORED || result == PUT_FOUND)
        return V_OK;
    if (result == PUT_CONFLICT)
        return fault_set(f, V_CONFLICT,
                         "a listing with this uuid and timestamp is already stored, with other "
                         "data; send a new timestamp with new data");
    log_event(LOG_ERROR, "store_failed", "what=%s file=%s error=%s",
              result == PUT_MOVED ? "the day's directory keeps being removed" : p.what, p.path,
              strerror(error));
    return fault_set(f, fault_of_errno(error), "Could not write to %s", p.path);
}

/* ---- count and latest */

static int snapshots_open(const struct snapshots *s)
{
    char path[PATH_MAX];
    int len = snprintf(path, sizeof path, "%s/record", s->config->records_dir);
    if (len > 0 && len < PATH_MAX)
        return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    errno = ENAMETOOLONG;
    return -1;
}

/* A directory that does not exist, or not any more, is empty. */
static bool visit_existing(int fd, dir_visit_fn visit, void *to)
{
    return dir_visit(fd, visit, to) || is_removed(errno);
}

static bool count_entry(int dir, const char *name, void *to)
{
    (void)dir;
    *(uint64_t *)to += layout_is_listing(name);
    return true;
}

static bool count_day(int dir, const char *name, void *to)
{
    return !layout_is_day(name) || visit_existing(dir_open(dir, name), count_entry, to);
}

enum verdict snapshots_count(struct snapshots *s, uint64_t *count, struct fault *f)
{
    *count = 0;
    if (visit_existing(snapshots_open(s), count_day, count))
        return V_OK;
    log_event(LOG_ERROR, "count_failed", "error=%s", strerror(errno));
    return fault_set(f, V_STORE_FAILED, "the listings could not be counted; see the log");
}

/* The newest day before `before` that has a listing, and its newest listing. */
struct newest {
    const struct snapshots *in;
    char before[CLOCK_DATE_LEN + 1], day[CLOCK_DATE_LEN + 1];
    char name[NAME_MAX + 1];
    struct timespec time;
};

static bool newest_day(int dir, const char *name, void *to)
{
    (void)dir;
    struct newest *n = to;
    if (layout_is_day(name) && strcmp(name, n->day) > 0 && strcmp(name, n->before) < 0)
        memcpy(n->day, name, sizeof n->day);
    return true;
}

static bool is_later(struct timespec a, struct timespec b)
{
    return a.tv_sec != b.tv_sec ? a.tv_sec > b.tv_sec : a.tv_nsec > b.tv_nsec;
}

static bool newest_entry(int dir, const char *name, void *to)
{
    struct newest *n = to;
    struct stat st;
    if (!layout_is_listing(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0 ||
        !S_ISREG(st.st_mode) || (*n->name && !is_later(st.st_mtim, n->time)))
        return true;
    snprintf(n->name, sizeof n->name, "%s", name);
    n->time = st.st_mtim;
    return true;
}

/* Fills `n`; its name is "" if there is no listing. False with errno. */
static bool newest_find(struct newest *n)
{
    memcpy(n->before, "~", sizeof "~"); /* after any date */
    for (;;) {
        n->day[0] = n->name[0] = '\0';
        if (!visit_existing(snapshots_open(n->in), newest_day, n))
            return false;
        if (!*n->day)
            return true;
        if (!visit_existing(dirs_open_past(&n->in->days, n->day), newest_entry, n))
            return false;
        if (*n->name)
            return true;
        memcpy(n->before, n->day, sizeof n->before);
    }
}

/* Reads the file that was found. False with errno. */
static bool newest_read(const struct newest *n, struct buf *content)
{
    int dir = dirs_open_past(&n->in->days, n->day);
    int fd = dir < 0 ? -1 : openat(dir, n->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    buf_reset(content);
    bool ok = fd >= 0 && io_read_file(fd, content);
    if (ok && !buf_str(content)) {
        ok = false;
        errno = content->full ? EFBIG : ENOMEM;
    }
    int error = errno;
    if (fd >= 0)
        close(fd);
    if (dir >= 0)
        close(dir);
    errno = error;
    return ok;
}

enum verdict snapshots_latest(struct snapshots *s, char path[LAYOUT_LISTING_MAX],
                              struct buf *content, struct fault *f)
{
    struct newest n = {.in = s};
    bool ok;
    do { /* again if a clean-up has removed what was found */
        ok = newest_find(&n);
        if (ok && !*n.name)
            return fault_set(f, V_NOT_FOUND, "no listing is stored");
        ok = ok && newest_read(&n, content);
    } while (!ok && is_removed(errno));
    if (ok &&
        snprintf(path, LAYOUT_LISTING_MAX, "record/%s/%s", n.day, n.name) < LAYOUT_LISTING_MAX)
        return V_OK;
    int error = ok ? ENAMETOOLONG : errno;
    log_event(LOG_ERROR, "latest_failed", "file=record/%s/%s error=%s", n.day, n.name,
              strerror(error));
    return fault_set(f, V_STORE_FAILED,
                     error == EFBIG ? "the latest listing is over max_body_bytes"
                                    : "the latest listing could not be read; see the log");
}
