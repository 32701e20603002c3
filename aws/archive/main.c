/*
 * rollcall-archive: ships days to S3, verifies them there, restores them. See rollcall-archive(8).
 */
#include "aws/archive/catalogue.h"
#include "aws/archive/day.h"
#include "aws/archive/manifest_io.h"
#include "aws/archive/restore.h"
#include "aws/archive/ship.h"
#include "aws/archive/verify.h"
#include "aws/s3/http.h"
#include "aws/s3/list.h"
#include "handler/config.h"
#include "handler/shared/io.h"
#include "handler/store/layout.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: rollcall-archive [--today] [--listings] [--dry-run] [--jobs N] [--quiet] [DATE...]\n"
    "       rollcall-archive --verify [--listings] [--jobs N] [--quiet] [DATE...]\n"
    "       rollcall-archive --catalogue [--listings] [--quiet] [DATE...]\n"
    "       rollcall-archive --restore DATE [--listings] [--jobs N] [--quiet] DIRECTORY\n"
    "\n"
    "Ships the finished days in records_dir, or the given days, to the bucket in the handler's\n"
    "configuration. Only files that are missing there, or grew, are sent. The configuration file "
    "is\n"
    "named by ROLLCALL_CONFIG, else it is /etc/rollcall/handler.json. Credentials are searched "
    "for\n"
    "where AWS's own tools search.\n"
    "\n"
    "  --today         also ship the current day, up to its last record\n"
    "  --listings      also ship, verify or restore full process listings\n"
    "  --dry-run       show what would be shipped, ship nothing\n"
    "  --verify        read the archive back and compare it with the files here\n"
    "  --catalogue     write the catalogue of each day in the archive again\n"
    "  --restore DATE  restore a day to DIRECTORY; existing files are never overwritten\n"
    "  --jobs N        how many files at a time (4)\n"
    "  --quiet         print problems only\n"
    "  -h, --help      show this text\n"
    "  -V, --version   show the version\n"
    "\n"
    "Exit status: 0 done, 1 a problem of a file or an object, 64 wrong usage, 66 the archive has "
    "no\n"
    "such day, 75 the store or the network failed: run it again, 77 the store refuses the\n"
    "credentials, 78 bad configuration.\n";

static const char *const branches[] = {"data", "record"};

static volatile sig_atomic_t stop;

struct invocation {
    struct pool_options options;
    bool verify, catalogue;
    const char *restore; /* NULL, or the date */
    char **operands;     /* dates, or the directory; ends with NULL */
};

static void on_signal(int number)
{
    (void)number;
    stop = 1;
}

static void catch_signals(void)
{
    struct sigaction action = {.sa_handler = on_signal};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
    sigaction(SIGPIPE, &ignore, NULL);
}

static int complain(int status, const char *what, const char *detail)
{
    fprintf(stderr, "rollcall-archive: %s%s\n", what, detail);
    return status;
}

/* ---- options */

static bool read_jobs(const char *text, unsigned *out)
{
    char *end;
    unsigned long n = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end || n < 1 || n > POOL_JOBS_MAX)
        return false;
    *out = (unsigned)n;
    return true;
}

/* False if the program must exit with *status. */
static bool take_option(struct invocation *c, int option, int *status)
{
    *status = EX_USAGE;
    switch (option) {
    case 't':
        c->options.today = true;
        return true;
    case 'l':
        c->options.listings = true;
        return true;
    case 'n':
        c->options.dry_run = true;
        return true;
    case 'q':
        c->options.quiet = true;
        return true;
    case 'y':
        c->verify = true;
        return true;
    case 'c':
        c->catalogue = true;
        return true;
    case 'r':
        c->restore = optarg;
        return true;
    case 'j':
        if (read_jobs(optarg, &c->options.jobs))
            return true;
        complain(EX_USAGE, "--jobs takes a number from 1 to 64, not ", optarg);
        return false;
    case 'h':
        fputs(usage, stdout);
        *status = EX_OK;
        return false;
    case 'V':
        puts("rollcall-archive " ROLLCALL_VERSION);
        *status = EX_OK;
        return false;
    default:
        return false;
    }
}

/* EX_OK, or the status of a usage error. */
static int check_operands(const struct invocation *c)
{
    if (c->verify && (c->restore || c->options.dry_run || c->options.today))
        return complain(EX_USAGE, "--verify excludes --restore, --dry-run and --today", "");
    if (c->catalogue && (c->verify || c->restore || c->options.dry_run || c->options.today))
        return complain(EX_USAGE, "--catalogue excludes --verify, --restore, --dry-run and --today",
                        "");
    if (c->restore && (c->options.dry_run || c->options.today))
        return complain(EX_USAGE, "--restore excludes --dry-run and --today", "");
    if (c->restore && !layout_is_day(c->restore))
        return complain(EX_USAGE, "--restore takes a date such as 2026-11-20, not ", c->restore);
    if (c->restore && (!c->operands[0] || c->operands[1]))
        return complain(EX_USAGE, "--restore takes one directory to restore to", "");
    for (char **date = c->operands; !c->restore && *date; date++)
        if (!layout_is_day(*date))
            return complain(EX_USAGE, "a day is a date such as 2026-11-20, not ", *date);
    return EX_OK;
}

/* False if the program must exit with *status. */
static bool read_options(int argc, char **argv, struct invocation *c, int *status)
{
    static const struct option options[] = {{"today", no_argument, NULL, 't'},
                                            {"listings", no_argument, NULL, 'l'},
                                            {"dry-run", no_argument, NULL, 'n'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"verify", no_argument, NULL, 'y'},
                                            {"catalogue", no_argument, NULL, 'c'},
                                            {"restore", required_argument, NULL, 'r'},
                                            {"jobs", required_argument, NULL, 'j'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    for (int option; (option = getopt_long(argc, argv, "nqj:hV", options, NULL)) != -1;)
        if (!take_option(c, option, status))
            return false;
    c->operands = argv + optind;
    *status = check_operands(c);
    return *status == EX_OK;
}

/* ---- which days */

static bool is_named(const struct invocation *c, const char *date)
{
    if (!c->operands[0])
        return true;
    for (char **named = c->operands; *named; named++)
        if (strcmp(*named, date) == 0)
            return true;
    return false;
}

/* Adds the day of a level such as "<prefix>manifest/date=2026-11-20/". */
static bool note_day(void *context, const struct s3_entry *e)
{
    char date[CLOCK_DATE_LEN + 1];
    const char *at = e->is_level ? strstr(e->key, "manifest/date=") : NULL;
    if (!at || strlen(at) != strlen("manifest/date=") + CLOCK_DATE_LEN + 1)
        return true;
    snprintf(date, sizeof date, "%s", at + strlen("manifest/date="));
    return !layout_is_day(date) || day_list_add(context, date);
}

/* Lists the local days of a branch, and with --verify those in the archive too. */
static bool list_days(struct pool *r, const struct invocation *c, const char *branch,
                      struct day_list *list)
{
    struct s3_fault fault;
    char prefix[NAMES_MAX];
    if (!c->catalogue && !day_list_local(list, r->options.records_dir, branch)) {
        pool_problem(r, branch, strerror(errno));
        return false;
    }
    snprintf(prefix, sizeof prefix, "%smanifest/", r->prefix);
    if ((c->verify || c->catalogue) &&
        s3_list(r->lanes[0].s3, &(const struct s3_listing){prefix, true, note_day, list}, &fault) !=
            S3_OK) {
        pool_fault(r, &fault);
        return false;
    }
    day_list_sort(list);
    return true;
}

static void do_branch(struct pool *r, const struct invocation *c, const char *branch)
{
    struct day_list list = {.count = 0};
    char today[CLOCK_DATE_LEN + 1];
    bool ok = list_days(r, c, branch, &list);
    clock_date(clock_now(), today);
    for (size_t i = 0; ok && i < list.count && !pool_over(r); i++) {
        const char *date = list.dates[i];
        bool over = strcmp(date, today) < 0;
        if (!is_named(c, date))
            continue;
        if (c->catalogue)
            catalogue_day(r, branch, date);
        else if (c->verify)
            verify_day(r, branch, date, over);
        else if (over || (r->options.today && strcmp(date, today) == 0))
            ship_day(r, branch, date, over);
    }
    free(list.dates);
}

/* ---- the work */

static int restore(struct pool *r, const struct invocation *c)
{
    bool found = restore_day(r, "data", c->restore, c->operands[0]);
    if (r->options.listings && !pool_over(r))
        found = restore_day(r, "record", c->restore, c->operands[0]) || found;
    if (!found && pool_status(r) == 0)
        return complain(EX_NOINPUT, "the archive has no manifest of ", c->restore);
    return pool_status(r);
}

static int work(struct pool *r, const struct invocation *c)
{
    if (c->restore)
        return restore(r, c);
    for (size_t i = 0; i < (r->options.listings ? 2 : 1); i++)
        do_branch(r, c, branches[i]);
    if (r->options.stop && *r->options.stop)
        progress_complain(&r->progress, "interrupted; run it again");
    progress_say(&r->progress, false, "%" PRIu64 " files%s, %" PRIu64 " bytes", r->files,
                 c->catalogue         ? " catalogued"
                 : c->verify          ? " checked"
                 : r->options.dry_run ? " to ship"
                                      : " shipped",
                 r->bytes);
    return pool_status(r);
}

/* Makes sure that one process at a time ships the same records. Returns the exit status. The lock
 * is held until the process exits. */
static int take_lock(const char *records_dir)
{
    char path[PATH_MAX];
    if (access(records_dir, F_OK) != 0 && errno == ENOENT)
        return EX_OK; /* nothing was ever stored */
    if (!manifest_io_make_directory(records_dir) ||
        snprintf(path, sizeof path, "%s/archived/.lock", records_dir) >= PATH_MAX)
        return complain(EX_NOPERM, "records_dir/archived: ", strerror(errno));
    int fd = open(path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0640);
    if (fd < 0)
        return complain(EX_NOPERM, "records_dir/archived/.lock: ", strerror(errno));
    if (flock(fd, LOCK_EX | LOCK_NB) != 0)
        return complain(EX_TEMPFAIL, "another rollcall-archive is at work on ", records_dir);
    return EX_OK;
}

static int with_store(struct invocation *c, const struct config *config)
{
    const struct s3_config s3 = {.bucket = config->s3.bucket,
                                 .region = config->s3.region,
                                 .endpoint = config->s3.endpoint,
                                 .addressing = config->s3.addressing_style,
                                 .stop = &stop};
    struct s3_fault fault;
    struct pool run;
    struct s3_site *site = s3_site_open(&s3, &fault);
    if (!site)
        return complain(EX_CONFIG, fault.text, "");
    c->options.bucket = config->s3.bucket;
    c->options.records_dir = config->records_dir;
    c->options.stop = &stop;
    int status = EX_IOERR;
    if (pool_open(&run, &c->options, site)) {
        status =
            names_prefix(config->s3.prefix, run.prefix)
                ? work(&run, c)
                : complain(EX_CONFIG, "s3.prefix: at most 500 bytes, and no part . or .., not ",
                           config->s3.prefix);
        pool_close(&run);
    }
    s3_site_free(site);
    return status;
}

int main(int argc, char **argv)
{
    struct invocation command = {.options = {.jobs = POOL_JOBS}};
    struct config config;
    char error[CONF_ERROR_LEN];
    io_fill_descriptors();
    int status;
    if (!read_options(argc, argv, &command, &status))
        return status;
    if (!config_load(config_path(), &config, error))
        return complain(EX_CONFIG, error, "");
    if (!config.s3.bucket)
        return complain(EX_CONFIG, config_path(), ": s3: needed, such as {\"bucket\":\"records\"}");
    if (!http_global(error))
        return complain(EX_CONFIG, error, "");
    catch_signals();
    if (!command.verify && !command.catalogue && !command.restore && !command.options.dry_run)
        status = take_lock(config.records_dir);
    return status ? status : with_store(&command, &config);
}
