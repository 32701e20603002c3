#include "handler/cleanup/archived.h"

#include "handler/shared/io.h"
#include "handler/store/commit.h"
#include "handler/store/layout.h"
#include "handler/store/manifest.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool mark_path(const char *records_dir, const char *branch, const char *date,
                      char out[PATH_MAX])
{
    char mark[MANIFEST_MARK_MAX];
    manifest_mark(branch, date, mark);
    return snprintf(out, PATH_MAX, "%s/%s", records_dir, mark) < PATH_MAX;
}

static bool read_mark(const char *path, struct manifest *m, char why[ARCHIVED_WHY_MAX])
{
    const char *what = "not archived";
    struct buf text;
    buf_init(&text, MANIFEST_BYTES_MAX);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool ok = fd >= 0 && io_read_file(fd, &text);
    if (!ok && errno != ENOENT)
        what = strerror(errno);
    else if (ok)
        ok = manifest_read(m, &text, &what);
    if (fd >= 0)
        close(fd);
    buf_release(&text);
    if (ok && !m->whole) {
        ok = false;
        what = "it was not archived whole";
    }
    snprintf(why, ARCHIVED_WHY_MAX, "%s", what);
    return ok;
}

/* The last commit of a JSON file: COMMIT_NONE for a file that holds nothing that was acknowledged.
 */
static enum commit_result last_commit(int day, const char *name, struct commit *c)
{
    struct jsonl_back hop;
    struct stat st;
    enum commit_result result = COMMIT_FAILED;
    int fd = openat(day, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
        result = commit_find(fd, st.st_size, NULL, &hop, c);
    if (fd >= 0)
        close(fd);
    return result;
}

static bool same(const struct manifest_entry *e, uint64_t size, const char *chain)
{
    return e && e->size == size && strcmp(e->chain, chain) == 0;
}

/* Both files of an address, by the JSON file's last commit. */
static bool holds_pair(const struct manifest *m, int day, const char *json)
{
    char csv[NAME_MAX + 1];
    struct commit c;
    enum commit_result result = last_commit(day, json, &c);
    if (result != COMMIT_FOUND)
        return result == COMMIT_NONE;
    snprintf(csv, sizeof csv, "%.*scsv", (int)(strlen(json) - 4), json);
    return same(manifest_find(m, json), (uint64_t)c.end, c.line.chain) &&
           same(manifest_find(m, csv), c.line.csv_end, c.line.chain);
}

static bool has_json(int day, const char *csv)
{
    char json[NAME_MAX + 1];
    struct stat st;
    snprintf(json, sizeof json, "%.*sjson", (int)(strlen(csv) - 3), csv);
    return fstatat(day, json, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

static bool holds_size(const struct manifest *m, int day, const char *name)
{
    struct stat st;
    const struct manifest_entry *e = manifest_find(m, name);
    return e && fstatat(day, name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
           e->size == (uint64_t)st.st_size;
}

/* What is not rollcall's is not the archive's either, and is not removed anyway. */
static bool holds(const struct manifest *m, int day, const char *name)
{
    struct layout_name parsed;
    if (layout_parse(name, ".json", &parsed))
        return holds_pair(m, day, name);
    if (layout_parse(name, ".csv", &parsed))
        return has_json(day, name) || holds_size(m, day, name);
    return !layout_is_listing(name) || holds_size(m, day, name);
}

static bool holds_all(const struct manifest *m, int day, char why[ARCHIVED_WHY_MAX])
{
    int copy = openat(day, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy < 0 ? NULL : fdopendir(copy);
    bool ok = dir != NULL;
    if (!dir) {
        snprintf(why, ARCHIVED_WHY_MAX, "%s", strerror(errno));
        if (copy >= 0)
            close(copy);
        return false;
    }
    for (struct dirent *e; ok && (e = readdir(dir));) {
        ok = holds(m, day, e->d_name);
        if (!ok)
            snprintf(why, ARCHIVED_WHY_MAX, "%.100s is not archived as it is now", e->d_name);
    }
    closedir(dir);
    return ok;
}

bool archived_day(const char *records_dir, const char *branch, const char *date, int day,
                  char why[ARCHIVED_WHY_MAX])
{
    char path[PATH_MAX];
    struct manifest m;
    manifest_init(&m, branch, date);
    snprintf(why, ARCHIVED_WHY_MAX, "records_dir is too long");
    bool ok = mark_path(records_dir, branch, date, path) && read_mark(path, &m, why) &&
              holds_all(&m, day, why);
    manifest_release(&m);
    return ok;
}

void archived_forget(const char *records_dir, const char *branch, const char *date)
{
    char path[PATH_MAX];
    if (mark_path(records_dir, branch, date, path))
        unlink(path);
}
