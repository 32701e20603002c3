#include "handler/store/pair.h"

#include "handler/shared/lock.h"
#include "handler/shared/log.h"
#include "handler/store/crowd.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: opening a FIFO must not block. */
enum { FILE_FLAGS = O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY | O_NONBLOCK };

enum verdict pair_failed(const char *what, const char *name, struct fault *f)
{
    int error = errno;
    log_event(LOG_ERROR, "store_failed", "what=%s file=%s error=%s", what, name, strerror(error));
    enum verdict v = fault_of_errno(error);
    return fault_set(f, v,
                     v == V_NO_SPACE ? "no space left to store the record"
                                     : "the record could not be stored");
}

enum verdict pair_not_ours(const char *name, off_t offset, const char *why, struct fault *f)
{
    log_event(LOG_ERROR, "file_not_ours", "file=%s offset=%lld reason=%s", name, (long long)offset,
              why);
    return fault_set(f, V_STORE_FAILED,
                     "today's file for this address was not written by rollcall; nothing was "
                     "stored; the operator must move the file away");
}

static enum verdict pair_refuse_crowd(const struct pair *p, const struct pair_of *of, int64_t now,
                                      struct fault *f)
{
    if (crowd_add_refusal(of->dirs->records_dir, of->ip, now))
        log_event(LOG_WARN, "address_busy", "file=%s", p->json_name);
    f->retry_after = 1;
    return fault_set(f, V_UNAVAILABLE,
                     "too many requests from this address wait for its file; try again");
}

/* On NFS a wait is not counted: the machines do not share a clock. */
static enum verdict pair_lock(struct pair *p, const struct pair_of *of, struct fault *f)
{
    const char *store = of->dirs->records_dir;
    bool remote = of->dirs->remote;
    if (lock_try(p->json))
        return V_OK;
    int64_t start = clock_monotonic();
    if (errno == EWOULDBLOCK && !remote && crowd_is_full(store, of->ip, start))
        return pair_refuse_crowd(p, of, start, f);
    bool ok = remote ? lock_poll(p->json, of->deadline) : lock_wait(p->json, of->deadline);
    int64_t now = clock_monotonic();
    if (!remote && now - start > CROWD_WAIT_MS)
        crowd_add_wait(store, of->ip, now);
    if (ok)
        return V_OK;
    if (errno != EWOULDBLOCK)
        return pair_failed("flock", p->json_name, f);
    log_event(LOG_WARN, "lock_timeout", "file=%s", p->json_name);
    f->retry_after = 1;
    return fault_set(f, V_UNAVAILABLE,
                     "another writer held this address's file for lock_timeout_ms; try again");
}

/* O_NOATIME saves a write for each read, but only a file's owner may ask for it. */
static int pair_openat(int dir, const char *name, int flags)
{
    int fd = openat(dir, name, FILE_FLAGS | O_NOATIME | flags, 0640);
    return fd < 0 && errno == EPERM ? openat(dir, name, FILE_FLAGS | flags, 0640) : fd;
}

/* V_OK with *fd -1: there is no such file, or, with O_CREAT, its directory was removed. */
static enum verdict pair_open_file(const struct pair *p, const char *name, int flags, int *fd,
                                   struct fault *f)
{
    *fd = pair_openat(p->dir, name, flags);
    if (*fd >= 0 || errno == ENOENT)
        return V_OK;
    if (errno == ELOOP || errno == EISDIR || errno == ENXIO)
        return pair_not_ours(name, 0, "not a regular file", f);
    return pair_failed("open", name, f);
}

static enum verdict pair_check_file(const char *name, const struct stat *st, struct fault *f)
{
    if (!S_ISREG(st->st_mode))
        return pair_not_ours(name, 0, "not a regular file", f);
    if (st->st_nlink != 1)
        return pair_not_ours(name, 0,
                             "the file has more than one name (a hard-linked backup?); "
                             "copy backups instead of linking them",
                             f);
    return V_OK;
}

static int64_t pair_milliseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* Under the lock: compares the open JSON file with the one that the name leads to. */
static enum verdict pair_check_name(struct pair *p, const struct stat *opened, struct fault *f)
{
    struct stat named;
    if (fstatat(p->dir, p->json_name, &named, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            return pair_failed("fstatat", p->json_name, f);
        p->state = PAIR_MOVED;
    } else if (named.st_ino != opened->st_ino || named.st_dev != opened->st_dev) {
        p->state = PAIR_MOVED;
    }
    return V_OK;
}

static enum verdict pair_open_json(struct pair *p, const struct pair_of *of, int flags,
                                   struct fault *f)
{
    struct stat st;
    enum verdict v = pair_open_file(p, p->json_name, flags, &p->json, f);
    if (v == V_OK && p->json < 0) {
        p->state = flags & O_CREAT ? PAIR_MOVED : PAIR_ABSENT;
        return V_OK;
    }
    if (v == V_OK)
        v = pair_lock(p, of, f);
    if (v != V_OK)
        return v;
    if (fstat(p->json, &st) != 0)
        return pair_failed("fstat", p->json_name, f);
    p->json_size = st.st_size;
    p->json_mtime = pair_milliseconds(st.st_mtim);
    v = pair_check_name(p, &st, f);
    return v == V_OK && p->state == PAIR_OPEN ? pair_check_file(p->json_name, &st, f) : v;
}

static enum verdict pair_open_csv(struct pair *p, int flags, struct fault *f)
{
    struct stat st;
    enum verdict v = pair_open_file(p, p->csv_name, flags, &p->csv, f);
    if (v != V_OK || p->csv < 0)
        return v;
    if (fstat(p->csv, &st) != 0)
        return pair_failed("fstat", p->csv_name, f);
    p->csv_size = st.st_size;
    p->csv_mtime = pair_milliseconds(st.st_mtim);
    return pair_check_file(p->csv_name, &st, f);
}

static void pair_begin(struct pair *p, const struct ip *ip, const char *date)
{
    *p = PAIR_NONE;
    p->state = PAIR_OPEN;
    memcpy(p->date, date, sizeof p->date);
    layout_file(ip, date, LAYOUT_JSON, p->json_name);
    layout_file(ip, date, LAYOUT_CSV, p->csv_name);
}

/* Closes everything unless the pair is open and there was no fault. */
static enum verdict pair_opened(struct pair *p, enum verdict v)
{
    enum pair_state state = p->state;
    if (v == V_OK && state == PAIR_OPEN)
        return V_OK;
    pair_close(p);
    p->state = v == V_OK ? state : PAIR_CLOSED;
    return v;
}

enum verdict pair_make(struct pair *p, const struct pair_of *of, const char *date, struct fault *f)
{
    pair_begin(p, of->ip, date);
    p->dir = dirs_open(of->dirs, date);
    if (p->dir < 0) {
        if (errno != ENOENT)
            return pair_opened(p, pair_failed("open the day's directory", date, f));
        p->state = PAIR_MOVED; /* removed between its creation and its opening */
        return pair_opened(p, V_OK);
    }
    enum verdict v = pair_open_json(p, of, O_CREAT, f);
    if (v == V_OK && p->state == PAIR_OPEN) {
        v = pair_open_csv(p, O_CREAT, f);
        if (v == V_OK && p->csv < 0)
            p->state = PAIR_MOVED;
        if (v != V_OK && p->json_size == 0)
            unlinkat(p->dir, p->json_name, 0); /* created for nothing */
    }
    return pair_opened(p, v);
}

enum verdict pair_find(struct pair *p, const struct pair_of *of, const char *date, struct fault *f)
{
    pair_begin(p, of->ip, date);
    p->own_dir = true;
    p->dir = dirs_open_past(of->dirs, date);
    if (p->dir < 0) {
        bool absent = errno == ENOENT;
        p->state = PAIR_ABSENT;
        return pair_opened(p, absent ? V_OK : pair_failed("open the day's directory", date, f));
    }
    enum verdict v = pair_open_json(p, of, 0, f);
    if (v == V_OK && p->state == PAIR_OPEN)
        v = pair_open_csv(p, 0, f);
    return pair_opened(p, v);
}

enum verdict pair_make_csv(struct pair *p, struct fault *f)
{
    enum verdict v = p->csv >= 0 ? V_OK : pair_open_csv(p, O_CREAT, f);
    if (v == V_OK && p->csv < 0) {
        errno = ENOENT;
        v = pair_failed("create", p->csv_name, f);
    }
    return v;
}

void pair_close(struct pair *p)
{
    if (p->csv >= 0)
        close(p->csv);
    if (p->json >= 0)
        close(p->json);
    if (p->own_dir && p->dir >= 0)
        close(p->dir);
    *p = PAIR_NONE;
}

void pair_remove(struct pair *p)
{
    unlinkat(p->dir, p->csv_name, 0);
    unlinkat(p->dir, p->json_name, 0);
}
