#include "handler/cleanup/purge.h"

#include "handler/cleanup/archived.h"
#include "handler/store/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { DIR_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

/* The day that is being taken away. */
struct day {
    struct purge *purge;
    const char *records_dir;
    const char *branch;
    const char *date;
    int fd;
    uint64_t files, bytes, left;
};

static void complain(struct day *d, const char *name, const char *what)
{
    fprintf(stderr, "rollcall-cleanup: %s/%s/%s: %s\n", d->branch, d->date, name, what);
    d->left++;
}

static void fail(struct day *d, const char *name)
{
    complain(d, name, strerror(errno));
    d->purge->failed = true;
}

static void unlink_file(struct day *d, const char *name)
{
    struct stat st;
    if (fstatat(d->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0) {
        if (errno != ENOENT)
            fail(d, name);
        return;
    }
    if (S_ISDIR(st.st_mode)) {
        complain(d, name, "a directory; left alone");
        return;
    }
    if (!d->purge->dry_run && unlinkat(d->fd, name, 0) != 0) {
        if (errno != ENOENT)
            fail(d, name);
        return;
    }
    d->files++;
    d->bytes += (uint64_t)st.st_size;
}

/* Both files of an address, under the lock of the JSON file. */
static void unlink_pair(struct day *d, const char *name)
{
    char csv[NAME_MAX + 1];
    int fd = openat(d->fd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) {
        if (errno == ELOOP)
            complain(d, name, "a symbolic link; left alone");
        else if (errno != ENOENT)
            fail(d, name);
        return;
    }
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        complain(d, name, "in use; next time");
    } else {
        snprintf(csv, sizeof csv, "%.*scsv", (int)(strlen(name) - 4), name);
        unlink_file(d, csv);
        unlink_file(d, name);
    }
    close(fd);
}

/* Is there a JSON file that this CSV file goes with? */
static bool has_json(const struct day *d, const char *name)
{
    char json[NAME_MAX + 1];
    struct stat st;
    snprintf(json, sizeof json, "%.*sjson", (int)(strlen(name) - 3), name);
    return fstatat(d->fd, json, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static void take_entry(struct day *d, const char *name)
{
    struct layout_name parsed;
    if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return;
    if (layout_parse(name, ".json", &parsed)) {
        unlink_pair(d, name);
    } else if (layout_parse(name, ".csv", &parsed)) {
        if (!has_json(d, name))
            unlink_file(d, name);
    } else if (layout_is_listing(name) || layout_is_temporary(name)) {
        unlink_file(d, name);
    } else {
        complain(d, name, "not one of rollcall's; left alone");
    }
}

static void report(const struct day *d)
{
    if (d->purge->verbose)
        printf("%s/%s: %s%" PRIu64 " files, %" PRIu64 " bytes\n", d->branch, d->date,
               d->purge->dry_run ? "would remove " : "removed ", d->files, d->bytes);
}

/* With an archive, a day stays until all of it is there. */
static bool may_go(struct day *d)
{
    char why[ARCHIVED_WHY_MAX];
    if (!d->purge->archive || archived_day(d->records_dir, d->branch, d->date, d->fd, why))
        return true;
    d->purge->kept++;
    if (d->purge->verbose)
        printf("%s/%s: kept: %s\n", d->branch, d->date, why);
    return false;
}

static void take_entries(struct day *d)
{
    int copy = fcntl(d->fd, F_DUPFD_CLOEXEC, 0);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    if (!dir) {
        fail(d, "");
        if (copy >= 0)
            close(copy);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));)
        take_entry(d, e->d_name);
    closedir(dir);
}

static void drop_directory(struct day *d, int branch_fd)
{
    if (d->left > 0 || d->purge->dry_run)
        return;
    if (unlinkat(branch_fd, d->date, AT_REMOVEDIR) == 0)
        archived_forget(d->records_dir, d->branch, d->date);
    else if (errno != ENOENT && errno != ENOTEMPTY)
        fail(d, "");
}

static void take_day(struct purge *p, int branch_fd, const char *records_dir, const char *branch,
                     const char *date)
{
    struct day d = {.purge = p, .records_dir = records_dir, .branch = branch, .date = date};
    d.fd = openat(branch_fd, date, DIR_FLAGS);
    if (d.fd < 0) {
        fail(&d, "");
        p->left += d.left;
        return;
    }
    bool going = may_go(&d);
    if (going) {
        take_entries(&d);
        drop_directory(&d, branch_fd);
    }
    close(d.fd);
    if (!going)
        return;
    p->days += d.left == 0;
    p->files += d.files;
    p->bytes += d.bytes;
    p->left += d.left;
    report(&d);
}

void purge_branch(struct purge *p, const char *records_dir, const char *branch,
                  const char first[CLOCK_DATE_LEN + 1])
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/%s", records_dir, branch);
    int fd = open(path, DIR_FLAGS);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (errno != ENOENT) {
            fprintf(stderr, "rollcall-cleanup: %s: %s\n", path, strerror(errno));
            p->failed = true;
        }
        if (fd >= 0)
            close(fd);
        return;
    }
    for (struct dirent *e; (e = readdir(dir));)
        if (layout_is_day(e->d_name) && strcmp(e->d_name, first) < 0)
            take_day(p, fd, records_dir, branch, e->d_name);
    closedir(dir);
}
