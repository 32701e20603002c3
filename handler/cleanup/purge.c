#include "handler/cleanup/purge.h"

#include "handler/cleanup/archived.h"
#include "handler/shared/dir.h"
#include "handler/shared/text.h"
#include "handler/store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    /* NFS may skip entries of a directory that is read while its entries are removed. */
    PURGE_PASSES = 3
};

/* A day that is being removed. */
struct purge_day {
    struct purge *purge;
    struct archived_day day;
    uint64_t files, bytes;
    uint64_t left; /* entries that stay */
    bool removed;
};

/* Names an entry that stays; an empty name is the directory itself. */
static void purge_leave(struct purge_day *d, const char *name, const char *why)
{
    fprintf(stderr, "rollcall-cleanup: %s/%s%s%s: %s\n", d->day.branch, d->day.date,
            *name ? "/" : "", name, why);
    d->left++;
}

static void purge_fail(struct purge_day *d, const char *name)
{
    purge_leave(d, name, strerror(errno));
    d->purge->failed = true;
}

/* An entry that was removed meanwhile is none of our concern. */
static void purge_fail_unless_gone(struct purge_day *d, const char *name)
{
    if (errno != ENOENT)
        purge_fail(d, name);
}

/* False for what is not a regular file, and for what is no longer there. */
static bool purge_is_file(struct purge_day *d, const char *name, struct stat *st)
{
    if (fstatat(d->day.fd, name, st, AT_SYMLINK_NOFOLLOW) != 0) {
        purge_fail_unless_gone(d, name);
        return false;
    }
    if (S_ISREG(st->st_mode))
        return true;
    purge_leave(d, name, "not a regular file; left in place");
    return false;
}

static void purge_unlink(struct purge_day *d, const char *name)
{
    struct stat st;
    if (!purge_is_file(d, name, &st))
        return;
    if (!d->purge->dry_run && unlinkat(d->day.fd, name, 0) != 0) {
        purge_fail_unless_gone(d, name);
        return;
    }
    d->files++;
    d->bytes += (uint64_t)st.st_size;
}

/* On NFS only a file that is open for writing can be locked. */
static int purge_open(const struct purge_day *d, const char *name)
{
    int flags = O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    int fd = openat(d->day.fd, name, O_RDWR | flags);
    return fd < 0 && errno == EACCES ? openat(d->day.fd, name, O_RDONLY | flags) : fd;
}

/* Under the lock: true if the name still leads to the file that is locked. */
static bool purge_is_same(const struct purge_day *d, const char *name, int fd)
{
    struct stat locked, named;
    return fstat(fd, &locked) == 0 && fstatat(d->day.fd, name, &named, AT_SYMLINK_NOFOLLOW) == 0 &&
           locked.st_ino == named.st_ino && locked.st_dev == named.st_dev;
}

static void purge_unlink_pair(struct purge_day *d, const char *json)
{
    char csv[NAME_MAX + 1];
    if (layout_other(json, csv, sizeof csv))
        purge_unlink(d, csv);
    purge_unlink(d, json);
}

static void purge_pair(struct purge_day *d, const char *json)
{
    struct stat st;
    if (!purge_is_file(d, json, &st))
        return;
    if (d->purge->dry_run) {
        purge_unlink_pair(d, json);
        return;
    }
    int fd = purge_open(d, json);
    if (fd < 0) {
        purge_fail_unless_gone(d, json);
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (purge_is_same(d, json, fd))
            purge_unlink_pair(d, json);
        else
            purge_leave(d, json, "replaced meanwhile; left for the next run");
    } else if (errno == EWOULDBLOCK) {
        purge_leave(d, json, "in use; left for the next run");
    } else {
        purge_fail(d, json);
    }
    close(fd);
}

/* A CSV file is removed with its JSON file, or alone if there is none. */
static void purge_csv(struct purge_day *d, const char *csv)
{
    char json[NAME_MAX + 1];
    struct stat st;
    if (!layout_other(csv, json, sizeof json) ||
        fstatat(d->day.fd, json, &st, AT_SYMLINK_NOFOLLOW) != 0)
        purge_unlink(d, csv);
}

/* NFS keeps a file that is removed while it is open under such a name until it is closed. */
static bool purge_is_nfs_remnant(const char *name)
{
    return strncmp(name, ".nfs", 4) == 0;
}

static bool purge_entry(int dir, const char *name, void *to)
{
    (void)dir;
    struct purge_day *d = to;
    switch (layout_kind(d->day.branch, d->day.date, name)) {
    case LAYOUT_IS_JSON:
        purge_pair(d, name);
        break;
    case LAYOUT_IS_CSV:
        purge_csv(d, name);
        break;
    case LAYOUT_IS_LISTING:
    case LAYOUT_IS_TEMPORARY:
        purge_unlink(d, name);
        break;
    case LAYOUT_IS_FOREIGN:
        if (!purge_is_nfs_remnant(name))
            purge_leave(d, name, "not written by rollcall; left in place");
        break;
    }
    return true;
}

/* Removes the entries, then the directory. */
static void purge_contents(struct purge_day *d, int branch_fd)
{
    for (int pass = 0; pass < PURGE_PASSES; pass++) {
        if (!dir_visit(dir_open(d->day.fd, "."), purge_entry, d)) {
            purge_fail(d, "");
            return;
        }
        d->removed = d->left == 0 &&
                     (d->purge->dry_run || unlinkat(branch_fd, d->day.date, AT_REMOVEDIR) == 0);
        if (d->removed || d->left > 0)
            return;
        if (errno != ENOTEMPTY && errno != EEXIST) {
            purge_fail_unless_gone(d, "");
            return;
        }
    }
    purge_leave(d, "", "in use; left for the next run");
}

/* With an archive, a day stays until all of it is there. */
static bool purge_may(struct purge_day *d)
{
    char why[ARCHIVED_WHY_MAX];
    enum archived_result result = d->purge->archive ? archived_check(&d->day, why) : ARCHIVED_WHOLE;
    if (result == ARCHIVED_WHOLE)
        return true;
    d->purge->kept++;
    if (result == ARCHIVED_UNKNOWN) {
        fprintf(stderr, "rollcall-cleanup: %s/%s: kept: %s\n", d->day.branch, d->day.date, why);
        d->purge->failed = true;
    } else if (d->purge->verbose) {
        printf("%s/%s: kept: %s\n", d->day.branch, d->day.date, why);
    }
    return false;
}

static void purge_report(const struct purge_day *d)
{
    struct purge *p = d->purge;
    p->days += d->removed;
    p->files += d->files;
    p->bytes += d->bytes;
    if (p->verbose)
        printf("%s/%s: %s %" PRIu64 " file%s, %" PRIu64 " byte%s\n", d->day.branch, d->day.date,
               p->dry_run ? "would remove" : "removed", d->files, text_plural(d->files), d->bytes,
               text_plural(d->bytes));
}

/* The branch that is being read. */
struct purge_walk {
    struct purge *purge;
    const char *branch, *first;
};

static bool purge_day(int branch_fd, const char *name, void *to)
{
    const struct purge_walk *w = to;
    if (!layout_is_day(name) || strcmp(name, w->first) >= 0)
        return true;
    struct purge_day d = {.purge = w->purge,
                          .day = {.records_dir = w->purge->records_dir,
                                  .branch = w->branch,
                                  .date = name,
                                  .fd = dir_open(branch_fd, name)}};
    if (d.day.fd < 0) {
        if (errno == ELOOP || errno == ENOTDIR)
            purge_leave(&d, "", "not a directory; left in place");
        else
            purge_fail_unless_gone(&d, "");
        return true;
    }
    if (purge_may(&d)) {
        purge_contents(&d, branch_fd);
        if (d.removed && !w->purge->dry_run)
            archived_forget(&d.day);
        purge_report(&d);
    }
    close(d.day.fd);
    return true;
}

void purge_branch(struct purge *p, const char *branch, const char first[CLOCK_DATE_LEN + 1])
{
    char path[PATH_MAX];
    struct purge_walk walk = {.purge = p, .branch = branch, .first = first};
    errno = ENAMETOOLONG;
    bool ok = snprintf(path, sizeof path, "%s/%s", p->records_dir, branch) < PATH_MAX &&
              dir_visit(dir_open(AT_FDCWD, path), purge_day, &walk);
    if (ok || errno == ENOENT)
        return;
    fprintf(stderr, "rollcall-cleanup: %s: %s\n", path, strerror(errno));
    p->failed = true;
}
