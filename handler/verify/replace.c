#include "handler/verify/replace.h"

#include "handler/shared/clock.h"
#include "handler/shared/lock.h"
#include "handler/shared/random.h"
#include "handler/store/commit.h"
#include "handler/store/layout.h"
#include "handler/store/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { REPLACE_LOCK_MS = 10000 };

/* A pair whose CSV file is replaced. */
struct replace {
    const char *path, *name; /* of the JSON file, and the last part of it */
    int dir, json;
    int old; /* the CSV file that is replaced, for its columns; -1: there is none */
    struct rebuild_file new;
};

/* Reports why not, with errno; always false. */
static bool replace_failed(const struct replace *r, const char *what)
{
    printf("%s: %s: %s\n", r->path, what, strerror(errno));
    return false;
}

static bool replace_not_ours(const struct replace *r, off_t at)
{
    printf("%s: byte %lld: not a line that rollcall wrote\n", r->path, (long long)at);
    return false;
}

static bool replace_take_owner(const struct replace *r, struct stat *json)
{
    return (fstat(r->json, json) == 0 && fchown(r->new.fd, json->st_uid, json->st_gid) == 0 &&
            fchmod(r->new.fd, json->st_mode & 0777) == 0) ||
           replace_failed(r, "cannot give the new CSV file the owner and mode of the JSON file");
}

/* Writes header and rows; they must end where the last line says. */
static bool replace_fill(struct replace *r)
{
    struct stat st;
    struct jsonl_back last;
    struct commit commit;
    off_t bad = 0;
    if (!replace_take_owner(r, &st))
        return false;
    switch (commit_find(r->json, st.st_size, NULL, &last, &commit)) {
    case COMMIT_FAILED:
        return replace_failed(r, "cannot be read");
    case COMMIT_NOT_OURS:
        return replace_not_ours(r, commit.foreign);
    case COMMIT_NONE:
        printf("%s: byte 0: there is no record to rebuild the CSV file from\n", r->path);
        return false;
    case COMMIT_FOUND:
        break;
    }
    const struct rebuild_source from = {r->json, r->old, commit.end};
    if (!rebuild_csv(&from, rebuild_write, &r->new, &bad))
        return errno == EBADMSG ? replace_not_ours(r, bad)
                                : replace_failed(r, "cannot be rebuilt from");
    if ((uint64_t)r->new.at != commit.line.csv_end) {
        printf("%s: the rebuilt rows are %lld bytes, but the last line says %" PRIu64 "\n", r->path,
               (long long)r->new.at, commit.line.csv_end);
        return false;
    }
    return fsync(r->new.fd) == 0 || replace_failed(r, "the new CSV file cannot be synced");
}

/* Under the lock: true if the name still leads to the file that is locked. */
static bool replace_is_same(const struct replace *r)
{
    struct stat locked, named;
    if (fstat(r->json, &locked) != 0 || fstatat(r->dir, r->name, &named, AT_SYMLINK_NOFOLLOW) != 0)
        return replace_failed(r, "cannot be looked up");
    if (locked.st_ino == named.st_ino && locked.st_dev == named.st_dev)
        return true;
    printf("%s: was replaced meanwhile; try again\n", r->path);
    return false;
}

static bool replace_locked(struct replace *r)
{
    char csv[NAME_MAX + 1], temporary[32];
    if (!replace_is_same(r) || !layout_other(r->name, csv, sizeof csv))
        return false;
    snprintf(temporary, sizeof temporary, ".csv-%016" PRIx64, random_bits());
    r->new.fd = openat(r->dir, temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (r->new.fd < 0)
        return replace_failed(r, "cannot create a new file beside it");
    r->old = openat(r->dir, csv, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool ok = replace_fill(r);
    if (r->old >= 0)
        close(r->old);
    if (ok && renameat(r->dir, temporary, r->dir, csv) != 0)
        ok = replace_failed(r, "the new CSV file cannot be renamed");
    if (!ok)
        unlinkat(r->dir, temporary, 0);
    else if (fsync(r->dir) != 0)
        ok = replace_failed(r, "the directory cannot be synced");
    close(r->new.fd);
    return ok;
}

bool replace_csv(const char *json_path, long long *written)
{
    char directory[PATH_MAX], file[PATH_MAX];
    struct replace r = {.path = json_path, .dir = -1, .json = -1, .old = -1};
    struct layout_name parsed;
    snprintf(directory, sizeof directory, "%s", json_path);
    snprintf(file, sizeof file, "%s", json_path);
    r.name = basename(file);
    if (!layout_parse(r.name, LAYOUT_JSON, &parsed)) {
        printf("%s: byte 0: the name is not <address>_<YYYY-MM-DD>.json\n", json_path);
        return false;
    }
    r.dir = open(dirname(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (r.dir >= 0)
        r.json = openat(r.dir, r.name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    bool ok = false;
    if (r.json < 0)
        replace_failed(&r, "cannot be opened");
    else if (!lock_wait(r.json, clock_monotonic() + REPLACE_LOCK_MS))
        replace_failed(&r, "cannot be locked");
    else
        ok = replace_locked(&r);
    *written = (long long)r.new.at;
    if (r.json >= 0)
        close(r.json);
    if (r.dir >= 0)
        close(r.dir);
    return ok;
}
