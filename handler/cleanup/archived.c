#include "handler/cleanup/archived.h"

#include "handler/shared/dir.h"
#include "handler/shared/io.h"
#include "handler/store/commit.h"
#include "handler/store/layout.h"
#include "handler/store/manifest.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* A day that is compared with its mark. */
struct archived {
    const struct archived_day *day;
    struct manifest mark;
    enum archived_result result;
    char *why; /* ARCHIVED_WHY_MAX bytes */
};

static bool archived_path(const struct archived_day *day, char out[PATH_MAX])
{
    char mark[MANIFEST_MARK_MAX];
    manifest_mark(day->branch, day->date, mark);
    return snprintf(out, PATH_MAX, "%s/%s", day->records_dir, mark) < PATH_MAX;
}

/* Notes why the day is not archived; always false. */
__attribute__((format(printf, 3, 4))) static bool
archived_differs(struct archived *a, enum archived_result result, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(a->why, ARCHIVED_WHY_MAX, fmt, ap);
    va_end(ap);
    a->result = result;
    return false;
}

/* A file that cannot be read; one that was removed meanwhile need not be in the archive. */
static bool archived_unreadable(struct archived *a, const char *name)
{
    if (errno == ENOENT)
        return true;
    return archived_differs(a, ARCHIVED_UNKNOWN, "%.100s: %s", name, strerror(errno));
}

static bool archived_load(struct archived *a)
{
    char path[PATH_MAX];
    struct buf text;
    if (!archived_path(a->day, path))
        return archived_differs(a, ARCHIVED_UNKNOWN, "records_dir is too long");
    buf_init(&text, MANIFEST_BYTES_MAX);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool ok = fd >= 0 && io_read_file(fd, &text);
    int error = errno;
    enum manifest_result read = ok ? manifest_read(&a->mark, &text) : MANIFEST_OK;
    if (fd >= 0)
        close(fd);
    buf_release(&text);
    if (!ok && error == ENOENT)
        return archived_differs(a, ARCHIVED_NOT, "not archived");
    if (!ok)
        return archived_differs(a, ARCHIVED_UNKNOWN, "its mark: %s", strerror(error));
    if (read != MANIFEST_OK)
        return archived_differs(a, ARCHIVED_UNKNOWN, "its mark %s", manifest_explain(read));
    if (!a->mark.whole)
        return archived_differs(a, ARCHIVED_NOT, "only a part of it was archived");
    return true;
}

static bool archived_has(struct archived *a, const char *name, uint64_t size, const char *chain)
{
    const struct manifest_entry *e = manifest_find(&a->mark, name);
    if (e && e->size == size && strcmp(e->chain, chain) == 0)
        return true;
    return archived_differs(a, ARCHIVED_NOT, "%.100s differs from what is archived", name);
}

/* Finds the last commit of a JSON file; COMMIT_FAILED with errno. */
static enum commit_result archived_commit(const struct archived *a, const char *json,
                                          struct commit *c)
{
    struct jsonl_back hop;
    struct stat st;
    int fd = openat(a->day->fd, json, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return errno == ELOOP ? COMMIT_NOT_OURS : COMMIT_FAILED;
    enum commit_result result = COMMIT_FAILED;
    if (fstat(fd, &st) == 0)
        result = S_ISREG(st.st_mode) ? commit_find(fd, st.st_size, NULL, &hop, c) : COMMIT_NOT_OURS;
    int error = errno;
    close(fd);
    errno = error;
    return result;
}

/* Both files of an address. A file without a commit has nothing that was acknowledged. */
static bool archived_pair(struct archived *a, const char *json)
{
    char csv[NAME_MAX + 1];
    struct commit c;
    switch (archived_commit(a, json, &c)) {
    case COMMIT_FAILED:
        return archived_unreadable(a, json);
    case COMMIT_NOT_OURS:
        return archived_differs(a, ARCHIVED_NOT, "%.100s was not written by rollcall alone", json);
    case COMMIT_NONE:
        return true;
    case COMMIT_FOUND:
        break;
    }
    return archived_has(a, json, (uint64_t)c.end, c.line.chain) &&
           layout_other(json, csv, sizeof csv) &&
           archived_has(a, csv, c.line.csv_end, c.line.chain);
}

/* A file whose size is all that is compared: a listing, or a CSV file without a JSON file. */
static bool archived_size(struct archived *a, const char *name)
{
    struct stat st;
    const struct manifest_entry *e = manifest_find(&a->mark, name);
    if (fstatat(a->day->fd, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return archived_unreadable(a, name);
    return archived_has(a, name, (uint64_t)st.st_size, e ? e->chain : "");
}

static bool archived_csv(struct archived *a, const char *csv)
{
    char json[NAME_MAX + 1];
    struct stat st;
    if (layout_other(csv, json, sizeof json) &&
        fstatat(a->day->fd, json, &st, AT_SYMLINK_NOFOLLOW) == 0)
        return true; /* is compared with its JSON file */
    return archived_size(a, csv);
}

/* A file that rollcall does not write here is not removed, and not archived either. */
static bool archived_entry(int dir, const char *name, void *to)
{
    (void)dir;
    struct archived *a = to;
    switch (layout_kind(a->day->branch, a->day->date, name)) {
    case LAYOUT_IS_JSON:
        return archived_pair(a, name);
    case LAYOUT_IS_CSV:
        return archived_csv(a, name);
    case LAYOUT_IS_LISTING:
        return archived_size(a, name);
    case LAYOUT_IS_TEMPORARY:
    case LAYOUT_IS_FOREIGN:
        break;
    }
    return true;
}

enum archived_result archived_check(const struct archived_day *day, char why[ARCHIVED_WHY_MAX])
{
    struct archived a = {.day = day, .result = ARCHIVED_WHOLE, .why = why};
    manifest_init(&a.mark, day->branch, day->date);
    why[0] = '\0';
    if (archived_load(&a) && !dir_visit(dir_open(day->fd, "."), archived_entry, &a) &&
        a.result == ARCHIVED_WHOLE)
        archived_differs(&a, ARCHIVED_UNKNOWN, "%s", strerror(errno));
    manifest_release(&a.mark);
    return a.result;
}

void archived_forget(const struct archived_day *day)
{
    char path[PATH_MAX];
    if (archived_path(day, path))
        unlink(path);
}
