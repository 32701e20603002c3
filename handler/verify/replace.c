#include "handler/verify/replace.h"

#include "handler/shared/lock.h"
#include "handler/store/commit.h"
#include "handler/store/layout.h"
#include "handler/store/rebuild.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TIMEOUT_MS = 10000 };

static bool fail(const char *path, const char *what)
{
    printf("%s: %s: %s\n", path, what, strerror(errno));
    return false;
}

/* Writes header and rows to `s`; what comes out must end where the last line says. */
static bool fill(int json, const char *path, struct rebuild_file *s)
{
    struct stat st;
    struct jsonl_back h;
    struct commit commit;
    off_t bad = 0;
    if (fstat(json, &st) != 0 || fchown(s->fd, st.st_uid, st.st_gid) != 0 ||
        fchmod(s->fd, st.st_mode & 0777) != 0)
        return fail(path, "cannot take over the owner");
    enum commit_result found = commit_find(json, st.st_size, NULL, &h, &commit);
    if (found == COMMIT_FAILED)
        return fail(path, "cannot be read");
    if (found == COMMIT_NOT_OURS) {
        printf("%s: byte %lld: not a line of rollcall's\n", path, (long long)commit.foreign);
        return false;
    }
    if (found == COMMIT_NONE) {
        printf("%s: byte 0: no record to make the CSV file from\n", path);
        return false;
    }
    if (!rebuild_csv(json, commit.end, rebuild_write, s, &bad)) {
        printf("%s: byte %lld: %s\n", path, (long long)bad,
               errno == EBADMSG ? "not a line of rollcall's" : strerror(errno));
        return false;
    }
    if ((uint64_t)s->at != commit.line.csv_end) {
        printf("%s: the rows come out as %lld bytes, the last line says %llu\n", path,
               (long long)s->at, (unsigned long long)commit.line.csv_end);
        return false;
    }
    return fsync(s->fd) == 0 || fail(path, "cannot be written");
}

/* `dir` is the directory, `json` its locked file. */
static bool replace(int dir, int json, const char *path, const char *name, long long *written)
{
    char csv[NAME_MAX + 1], temporary[NAME_MAX + 1];
    size_t stem = strlen(name) - strlen("json");
    snprintf(csv, sizeof csv, "%.*scsv", (int)stem, name);
    snprintf(temporary, sizeof temporary, ".csv-%d", (int)getpid());
    struct rebuild_file s = {
        .fd = openat(dir, temporary, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600)};
    if (s.fd < 0)
        return fail(path, "no new file can be made beside it");
    bool ok = fill(json, path, &s);
    if (ok && renameat(dir, temporary, dir, csv) != 0)
        ok = fail(path, "the new CSV file cannot be renamed");
    if (!ok)
        unlinkat(dir, temporary, 0);
    else if (fsync(dir) != 0)
        ok = fail(path, "the directory cannot be synced");
    close(s.fd);
    *written = (long long)s.at;
    return ok;
}

bool recsv(const char *json_path, long long *written)
{
    char directory[PATH_MAX], file[PATH_MAX];
    snprintf(directory, sizeof directory, "%s", json_path);
    snprintf(file, sizeof file, "%s", json_path);
    const char *name = basename(file);
    struct layout_name parsed;
    if (!layout_parse(name, ".json", &parsed)) {
        printf("%s: byte 0: the name is not <address>_<YYYY-MM-DD>.json\n", json_path);
        return false;
    }
    int dir = open(dirname(directory), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int json = dir < 0 ? -1 : openat(dir, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    bool ok = false;
    if (json < 0)
        fail(json_path, "cannot be opened");
    else if (!lock_poll(json, clock_monotonic() + LOCK_TIMEOUT_MS))
        fail(json_path, "cannot be locked");
    else
        ok = replace(dir, json, json_path, name, written);
    if (json >= 0)
        close(json);
    if (dir >= 0)
        close(dir);
    return ok;
}
