#include "handler/store/pair.h"

#include "handler/shared/lock.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

/* O_NONBLOCK: should a FIFO stand there, opening it must not hang. */
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

static enum verdict not_ours(const char *name, const char *why, struct fault *f)
{
    log_event(LOG_ERROR, "file_not_ours", "file=%s offset=0 reason=%s", name, why);
    return fault_set(f, V_STORE_FAILED, "the file of the day is not one of rollcall's");
}

static void name_files(struct pair *p, const struct ip *ip, const char *date)
{
    memcpy(p->date, date, sizeof p->date);
    layout_file(ip, date, LAYOUT_JSON, p->json_name);
    layout_file(ip, date, LAYOUT_CSV, p->csv_name);
}

static enum verdict lock(int fd, const char *name, int64_t deadline, struct fault *f)
{
    if (lock_wait(fd, deadline))
        return V_OK;
    if (errno != EWOULDBLOCK)
        return pair_failed("flock", name, f);
    log_event(LOG_WARN, "lock_timeout", "file=%s", name);
    f->retry_after = 1;
    return fault_set(f, V_UNAVAILABLE, "another writer holds this address's file");
}

/* Reading is no use to be noted (O_NOATIME), but only a file's owner may ask for that. */
static int open_at(int dir, const char *name, int flags)
{
    int fd = openat(dir, name, FILE_FLAGS | O_NOATIME | flags, 0640);
    return fd < 0 && errno == EPERM ? openat(dir, name, FILE_FLAGS | flags, 0640) : fd;
}

static enum verdict open_file(const struct pair *p, const char *name, int flags, int *fd,
                              struct fault *f)
{
    *fd = open_at(p->dir, name, flags);
    if (*fd < 0 && errno == ENOENT)
        return V_NOT_FOUND;
    if (*fd < 0 && (errno == ELOOP || errno == EISDIR || errno == ENXIO))
        return not_ours(name, "not a regular file", f);
    return *fd < 0 ? pair_failed("open", name, f) : V_OK;
}

static enum verdict check_file(const char *name, const struct stat *st, struct fault *f)
{
    if (!S_ISREG(st->st_mode))
        return not_ours(name, "not a regular file", f);
    if (st->st_nlink != 1)
        return not_ours(name, "the file has more than one name", f);
    return V_OK;
}

/* Under the lock: does the name still lead to the open file? */
static bool same_file(const struct pair *p, const struct stat *opened)
{
    struct stat named;
    return fstatat(p->dir, p->json_name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           named.st_ino == opened->st_ino && named.st_dev == opened->st_dev;
}

static int64_t milliseconds(struct timespec t)
{
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void note_json(struct pair *p, const struct stat *st)
{
    p->json_size = st->st_size;
    p->json_mtime = milliseconds(st->st_mtim);
    p->ids.json = (struct kept_file){p->json, st->st_dev, st->st_ino};
}

static void note_csv(struct pair *p, const struct stat *st)
{
    p->csv_size = st->st_size;
    p->csv_mtime = milliseconds(st->st_mtim);
    p->ids.csv = (struct kept_file){p->csv, st->st_dev, st->st_ino};
}

/* One try: V_NOT_FOUND means that something moved meanwhile, and to start over. */
static enum verdict open_locked(struct pair *p, int flags, int64_t deadline, struct fault *f)
{
    struct stat st;
    enum verdict v = open_file(p, p->json_name, flags, &p->json, f);
    if (v == V_OK)
        v = lock(p->json, p->json_name, deadline, f);
    if (v != V_OK)
        return v;
    if (fstat(p->json, &st) != 0)
        return pair_failed("fstat", p->json_name, f);
    if (!same_file(p, &st)) {
        close(p->json);
        p->json = -1;
        return V_NOT_FOUND;
    }
    note_json(p, &st);
    return check_file(p->json_name, &st, f);
}

static enum verdict open_csv(struct pair *p, int flags, struct fault *f)
{
    struct stat st;
    enum verdict v = open_file(p, p->csv_name, flags, &p->csv, f);
    if (v != V_OK)
        return v;
    if (fstat(p->csv, &st) != 0)
        return pair_failed("fstat", p->csv_name, f);
    note_csv(p, &st);
    return check_file(p->csv_name, &st, f);
}

/* The CSV file, too. A JSON file that was made for nothing goes again. */
static enum verdict open_both(struct pair *p, struct fault *f)
{
    enum verdict v = open_csv(p, O_CREAT, f);
    if (v != V_OK && p->json_size == 0)
        unlinkat(p->dir, p->json_name, 0);
    return v;
}

/* Does the name still lead to the file that was kept, and no other name? */
static bool leads_to(const struct pair *p, const char *name, const struct kept_file *file,
                     struct stat *st)
{
    return fstatat(p->dir, name, st, AT_SYMLINK_NOFOLLOW) == 0 && st->st_ino == file->ino &&
           st->st_dev == file->dev && st->st_nlink == 1;
}

/* Locks files that were kept. V_NOT_FOUND when they are no longer the ones that the names lead to.
 * Before it waits for a lock, it looks whether it is the right one. */
static enum verdict lock_kept(struct pair *p, int64_t deadline, struct fault *f)
{
    struct stat json, csv;
    if (!lock_wait(p->json, 0)) {
        if (!leads_to(p, p->json_name, &p->ids.json, &json))
            return V_NOT_FOUND;
        enum verdict v = lock(p->json, p->json_name, deadline, f);
        if (v != V_OK)
            return v;
    }
    if (!leads_to(p, p->json_name, &p->ids.json, &json) || json.st_size == 0 ||
        !leads_to(p, p->csv_name, &p->ids.csv, &csv))
        return V_NOT_FOUND;
    note_json(p, &json);
    note_csv(p, &csv);
    return V_OK;
}

static void clear(struct pair *p)
{
    *p = (struct pair){.json = -1, .csv = -1, .dir = -1};
}

static void close_files(struct pair *p)
{
    if (p->csv >= 0)
        close(p->csv);
    if (p->json >= 0)
        close(p->json);
    p->json = p->csv = -1;
}

/* The pair from an earlier request; V_NOT_FOUND when there is none, or none that still serves. */
static enum verdict take_kept(struct pair *p, struct kept *kept, const struct ip *ip,
                              unsigned opened, int64_t deadline, struct fault *f)
{
    if (!kept_take(kept, ip->file, opened, &p->ids))
        return V_NOT_FOUND;
    p->json = p->ids.json.fd;
    p->csv = p->ids.csv.fd;
    enum verdict v = lock_kept(p, deadline, f);
    if (v == V_NOT_FOUND)
        close_files(p);
    return v;
}

enum verdict pair_open(struct pair *p, struct dirs *days, struct kept *kept, const struct ip *ip,
                       clock_fn clock, int64_t timeout_ms, struct fault *f)
{
    int64_t deadline = clock_monotonic() + timeout_ms;
    for (;;) {
        char date[CLOCK_DATE_LEN + 1], then[CLOCK_DATE_LEN + 1];
        clear(p);
        clock_date(clock(), date);
        name_files(p, ip, date);
        p->dir = dirs_open(days, date);
        if (p->dir < 0)
            return pair_failed("open the day's directory", date, f);
        enum verdict v = take_kept(p, kept, ip, days->opened, deadline, f);
        if (v == V_NOT_FOUND)
            v = open_locked(p, O_CREAT, deadline, f);
        p->now = clock();
        clock_date(p->now, then);
        if (v == V_OK && strcmp(then, date) != 0)
            v = V_NOT_FOUND; /* midnight passed while we waited */
        else if (v == V_OK && p->csv < 0)
            v = open_both(p, f);
        if (v == V_OK)
            return V_OK;
        pair_close(p);
        if (v != V_NOT_FOUND)
            return v;
        if (clock_monotonic() >= deadline + 1000)
            return fault_set(f, V_STORE_FAILED, "the day's directory does not keep still");
    }
}

enum verdict pair_open_past(struct pair *p, const struct dirs *days, const struct ip *ip,
                            const char *date, int64_t timeout_ms, struct fault *f)
{
    clear(p);
    name_files(p, ip, date);
    p->past = true;
    p->dir = dirs_open_past(days, date);
    if (p->dir < 0)
        return errno == ENOENT ? V_NOT_FOUND : pair_failed("open the day's directory", date, f);
    enum verdict v = open_locked(p, 0, clock_monotonic() + timeout_ms, f);
    if (v == V_OK)
        v = open_csv(p, 0, f);
    if (v == V_NOT_FOUND && p->json >= 0)
        return V_OK; /* the CSV file alone is missing */
    if (v != V_OK)
        pair_close(p);
    return v;
}

enum verdict pair_make_csv(struct pair *p, struct fault *f)
{
    return p->csv >= 0 ? V_OK : open_csv(p, O_CREAT, f);
}

void pair_close(struct pair *p)
{
    close_files(p);
    if (p->past && p->dir >= 0)
        close(p->dir);
    clear(p);
}

void pair_keep(struct pair *p, const struct dirs *days, struct kept *kept, const struct ip *ip)
{
    bool keep = !p->past && !days->remote && p->json_size > 0 && p->csv >= 0;
    if (!keep || kept->room == 0 || flock(p->json, LOCK_UN) != 0) {
        pair_close(p);
        return;
    }
    kept_put(kept, ip->file, &p->ids);
    clear(p);
}

void pair_remove(struct pair *p)
{
    unlinkat(p->dir, p->csv_name, 0);
    unlinkat(p->dir, p->json_name, 0);
}
