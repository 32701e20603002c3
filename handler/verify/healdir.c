#include "handler/verify/healdir.h"

#include "handler/shared/dir.h"
#include "handler/store/heal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { LOCK_TIMEOUT_MS = 60000 };

/* One day of a records_dir. */
struct healday {
    struct healdir *total;
    struct dirs dirs;
    struct digest *digest;
    char date[CLOCK_DATE_LEN + 1];
};

static void healdir_problem(struct healday *d, const char *name, const char *what)
{
    printf("%s/" LAYOUT_DATA "/%s/%s: %s\n", d->dirs.records_dir, d->date, name, what);
    d->total->problems++;
}

/* A CSV file that had to be created belongs to the owner of the JSON file. */
static enum verdict healdir_make_csv(struct pair *p, struct fault *f)
{
    struct stat st;
    bool made = p->csv < 0;
    enum verdict v = pair_make_csv(p, f);
    if (v == V_OK && made &&
        (fstat(p->json, &st) != 0 || fchown(p->csv, st.st_uid, st.st_gid) != 0 ||
         fchmod(p->csv, st.st_mode & 0777) != 0))
        v = pair_failed("chown", p->csv_name, f);
    return v;
}

static enum verdict healdir_heal(struct healday *d, struct pair *p, struct fault *f)
{
    struct jsonl_back back;
    struct commit last;
    struct heal h = {.pair = p,
                     .digest = d->digest,
                     .boot = d->total->boot(),
                     .whole = true,
                     .back = &back,
                     .last = &last,
                     .fault = f};
    enum verdict v = healdir_make_csv(p, f);
    if (v == V_OK)
        v = heal_pair(&h);
    if (v != V_OK || h.rebuilt + h.truncated == 0)
        return v;
    if (fdatasync(p->csv) != 0 || fdatasync(p->json) != 0)
        return pair_failed("fdatasync", p->json_name, f);
    printf("%s/" LAYOUT_DATA "/%s/%s: healed: %lld bytes of CSV rebuilt, %lld bytes truncated\n",
           d->dirs.records_dir, d->date, p->json_name, (long long)h.rebuilt,
           (long long)h.truncated);
    d->total->healed++;
    return V_OK;
}

static bool healdir_file(int dir, const char *name, void *to)
{
    (void)dir;
    struct healday *d = to;
    struct layout_name parsed;
    struct fault f;
    struct pair p;
    if (!layout_parse(name, LAYOUT_JSON, &parsed) || strcmp(parsed.date, d->date) != 0)
        return true;
    struct pair_of of = {&d->dirs, &parsed.ip, clock_monotonic() + LOCK_TIMEOUT_MS};
    fault_clear(&f);
    enum verdict v = pair_find(&p, &of, d->date, &f);
    if (v == V_OK && p.state != PAIR_OPEN)
        return true; /* renamed or removed meanwhile */
    d->total->files++;
    if (v == V_OK)
        v = healdir_heal(d, &p, &f);
    if (v != V_OK)
        healdir_problem(d, name, f.reason);
    pair_close(&p);
    return true;
}

static void healdir_day(struct healday *d, int64_t day)
{
    clock_date(day, d->date);
    int fd = dirs_open_past(&d->dirs, d->date);
    if (fd < 0 && errno == ENOENT)
        return;
    if (!dir_visit(fd, healdir_file, d))
        healdir_problem(d, "", strerror(errno));
}

void healdir(struct healdir *total, const char *records_dir)
{
    struct healday d = {.total = total, .digest = digest_new()};
    int64_t today = clock_day_start(total->clock());
    struct stat st;
    dirs_init(&d.dirs, records_dir);
    if (!d.digest || stat(records_dir, &st) != 0) {
        printf("%s: %s\n", records_dir, strerror(errno));
        total->problems++;
    } else {
        healdir_day(&d, today);
        healdir_day(&d, today - CLOCK_DAY_MS);
    }
    digest_free(d.digest);
}
