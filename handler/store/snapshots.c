#include "handler/store/snapshots.h"

#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/store/layout.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* A listing on its way: `path` is below records_dir, `name` the last part of it. */
struct listing {
    char path[LISTING_NAME_LEN];
    const char *name;
    const char *data;
    size_t len;
};

void listings_init(struct listings *l, const struct config *config, clock_fn clock)
{
    *l = (struct listings){.config = config, .clock = clock};
    dirs_init(&l->days, config->records_dir);
    l->days.branch = LAYOUT_RECORD;
}

void listings_release(struct listings *l)
{
    dirs_release(&l->days);
}

static void name_listing(struct listing *it, const char *date, const char *uuid,
                         const char *timestamp)
{
    snprintf(it->path, sizeof it->path, "record/%s/%s_%s.json", date, uuid, timestamp);
    it->name = strrchr(it->path, '/') + 1;
}

static enum verdict failed(const struct listing *it, const char *what, struct fault *f)
{
    int error = errno;
    log_event(LOG_ERROR, "store_failed", "what=%s file=%s error=%s", what, it->path,
              strerror(error));
    return fault_set(f, fault_of_errno(error), "Could not write to %s", it->path);
}

/* 1 when the file holds the listing's bytes, 0 when others, -1 with errno (ENOENT: no such file).
 */
static int same_listing(int dir, const struct listing *it)
{
    int fd = openat(dir, it->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0)
        return -1;
    struct buf stored;
    buf_init(&stored, it->len + 16384); /* room to see that it is longer */
    bool read_whole = io_read_file(fd, &stored);
    bool same = read_whole && stored.len == it->len + 1 &&
                memcmp(stored.data, it->data, it->len) == 0 && stored.data[it->len] == '\n';
    int error = errno;
    buf_release(&stored);
    close(fd);
    if (read_whole || error == EFBIG)
        return same;
    errno = error;
    return -1;
}

/* V_NOT_FOUND when no such listing is there yet. */
static enum verdict find_twin(int dir, const struct listing *it, struct fault *f)
{
    int same = same_listing(dir, it);
    if (same < 0)
        return errno == ENOENT ? V_NOT_FOUND : failed(it, "compare", f);
    if (same)
        return V_OK;
    return fault_set(f, V_CONFLICT, "this uuid and timestamp are there already, with other data");
}

static enum verdict find_yesterday(const struct listings *l, int64_t now, const char *uuid,
                                   const char *timestamp, struct listing *it, struct fault *f)
{
    char date[CLOCK_DATE_LEN + 1];
    clock_date(clock_day_start(now) - 1, date);
    int dir = dirs_open_past(&l->days, date);
    if (dir < 0 && errno == ENOENT)
        return V_NOT_FOUND;
    name_listing(it, date, uuid, timestamp);
    enum verdict v = dir < 0 ? failed(it, "open the day's directory", f) : find_twin(dir, it, f);
    if (dir >= 0)
        close(dir);
    return v;
}

static bool write_temporary(const struct listings *l, int dir, const char *temporary,
                            const struct listing *it)
{
    int fd = openat(dir, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return false;
    struct statvfs fs;
    bool ok = fstatvfs(fd, &fs) == 0;
    if (ok && (uint64_t)fs.f_bavail * fs.f_frsize < (uint64_t)l->config->min_free_bytes + it->len) {
        errno = ENOSPC;
        ok = false;
    }
    ok = ok && io_pwrite(fd, it->data, it->len, 0) && io_pwrite(fd, "\n", 1, (off_t)it->len) &&
         (!l->config->sync || fdatasync(fd) == 0);
    int saved = errno;
    close(fd);
    errno = saved;
    return ok;
}

/* Lets record/latest lead to the listing; who fails at this has stored it all the same. */
static void point_latest(const struct listings *l, int dir, const char *temporary,
                         const struct listing *it)
{
    if (!l->config->test_api)
        return;
    if (symlinkat(it->path + strlen("record/"), dir, temporary) != 0 ||
        renameat(dir, temporary, dir, "../latest") != 0)
        log_event(LOG_WARN, "latest_not_set", "error=%s", strerror(errno));
}

static enum verdict store_new(struct listings *l, int dir, const struct listing *it,
                              struct fault *f)
{
    char temporary[64];
    snprintf(temporary, sizeof temporary, ".new-%d-%u", (int)getpid(), l->serial++);
    unlinkat(dir, temporary, 0); /* of a process with our number that was killed */
    bool ok = write_temporary(l, dir, temporary, it);
    const char *what = "write";
    if (ok) {
        ok = linkat(dir, temporary, dir, it->name, 0) == 0;
        what = "link";
    }
    int error = errno;
    unlinkat(dir, temporary, 0);
    if (ok && l->config->sync && !dirs_sync(&l->days)) {
        error = errno;
        ok = false;
        what = "fsync the day's directory";
        unlinkat(dir, it->name, 0);
    }
    errno = error;
    if (!ok)
        return error == EEXIST ? find_twin(dir, it, f) : failed(it, what, f);
    point_latest(l, dir, temporary, it);
    return V_OK;
}

/* A twin was perhaps linked by a process that died before its directory was on disk. */
static enum verdict confirm(const struct listings *l, const struct listing *it, struct fault *f)
{
    if (l->config->sync && !dirs_sync(&l->days))
        return failed(it, "fsync the day's directory", f);
    return V_OK;
}

enum verdict listings_put(struct listings *l, const char *uuid, const char *timestamp,
                          const char *data, size_t len, struct fault *f)
{
    struct listing it = {.data = data, .len = len};
    char date[CLOCK_DATE_LEN + 1];
    int64_t now = l->clock();
    enum verdict v = find_yesterday(l, now, uuid, timestamp, &it, f);
    if (v != V_NOT_FOUND)
        return v;
    clock_date(now, date);
    name_listing(&it, date, uuid, timestamp);
    int dir = dirs_open(&l->days, date);
    if (dir < 0)
        return failed(&it, "open the day's directory", f);
    v = find_twin(dir, &it, f);
    if (v == V_NOT_FOUND)
        return store_new(l, dir, &it, f);
    return v == V_OK ? confirm(l, &it, f) : v;
}

/* What is done with each entry of a directory; false ends the walk. */
typedef bool (*visit_fn)(int dir, const char *name, void *to);

/* Walks a directory; a missing one is empty. Closes `fd`. False with errno. */
static bool walk(int fd, visit_fn visit, void *to)
{
    if (fd < 0)
        return errno == ENOENT;
    DIR *dir = fdopendir(fd);
    if (!dir) {
        close(fd);
        return false;
    }
    bool go_on = true;
    errno = 0;
    for (struct dirent *e; go_on && (e = readdir(dir)); errno = 0)
        go_on = visit(fd, e->d_name, to);
    int error = errno;
    closedir(dir);
    errno = error;
    return go_on && error == 0;
}

static int open_branch(const struct listings *l)
{
    char path[PATH_MAX];
    snprintf(path, sizeof path, "%s/record", l->config->records_dir);
    return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static bool count_entry(int dir, const char *name, void *to)
{
    (void)dir;
    *(uint64_t *)to += layout_is_listing(name);
    return true;
}

static bool count_day(int dir, const char *name, void *to)
{
    if (!layout_is_day(name))
        return true;
    return walk(openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC), count_entry,
                to);
}

enum verdict listings_count(struct listings *l, uint64_t *count, struct fault *f)
{
    *count = 0;
    if (walk(open_branch(l), count_day, count))
        return V_OK;
    log_event(LOG_ERROR, "count_failed", "error=%s", strerror(errno));
    return fault_set(f, V_STORE_FAILED, "the listings could not be counted");
}

/* The newest of what a walk has seen. */
struct newest {
    char name[NAME_MAX + 1];
    struct timespec time;
};

static bool newest_day(int dir, const char *name, void *to)
{
    (void)dir;
    struct newest *n = to;
    if (layout_is_day(name) && strcmp(name, n->name) > 0)
        memcpy(n->name, name, CLOCK_DATE_LEN + 1);
    return true;
}

static bool newest_entry(int dir, const char *name, void *to)
{
    struct newest *n = to;
    struct stat st;
    if (!layout_is_listing(name) || fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) != 0)
        return true;
    if (*n->name && (st.st_mtim.tv_sec < n->time.tv_sec ||
                     (st.st_mtim.tv_sec == n->time.tv_sec && st.st_mtim.tv_nsec < n->time.tv_nsec)))
        return true;
    snprintf(n->name, sizeof n->name, "%s", name);
    n->time = st.st_mtim;
    return true;
}

/* Without the link: the newest file of the newest day. False when there is none, or with errno. */
static bool search_latest(const struct listings *l, char name[LISTING_NAME_LEN])
{
    struct newest day = {.name = ""}, file = {.name = ""};
    if (!walk(open_branch(l), newest_day, &day) || !*day.name)
        return false;
    if (!walk(dirs_open_past(&l->days, day.name), newest_entry, &file) || !*file.name)
        return false;
    int len = snprintf(name, LISTING_NAME_LEN, "record/%s/%s", day.name, file.name);
    return len < LISTING_NAME_LEN;
}

/* The link's target, when it is as we make it: "<day>/<listing>", and there. */
static bool follow_link(const struct listings *l, char name[LISTING_NAME_LEN])
{
    char target[LISTING_NAME_LEN];
    int dir = open_branch(l);
    ssize_t n = dir < 0 ? -1 : readlinkat(dir, "latest", target, sizeof target - 16);
    bool ok = n > CLOCK_DATE_LEN + 1;
    if (ok) {
        target[n] = '\0';
        struct stat st;
        char *slash = target + CLOCK_DATE_LEN;
        ok = *slash == '/' && !strchr(slash + 1, '/') && layout_is_listing(slash + 1) &&
             fstatat(dir, target, &st, AT_SYMLINK_NOFOLLOW) == 0;
    }
    if (dir >= 0)
        close(dir);
    return ok && snprintf(name, LISTING_NAME_LEN, "record/%s", target) < LISTING_NAME_LEN;
}

enum verdict listings_latest(struct listings *l, char name[LISTING_NAME_LEN], struct buf *content,
                             struct fault *f)
{
    char path[PATH_MAX];
    errno = 0;
    if (!follow_link(l, name) && !search_latest(l, name))
        return fault_set(f, V_NOT_FOUND, "there is no listing yet");
    snprintf(path, sizeof path, "%s/%s", l->config->records_dir, name);
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    buf_reset(content);
    bool ok = fd >= 0 && io_read_file(fd, content) && buf_str(content);
    if (fd >= 0)
        close(fd);
    if (ok)
        return V_OK;
    log_event(LOG_ERROR, "latest_failed", "file=%s error=%s", name, strerror(errno));
    return fault_set(f, V_STORE_FAILED, "the latest listing could not be read");
}
