/*
 * rollcall-cleanup: removes what is older than the configuration keeps. See rollcall-cleanup(8).
 */
#include "handler/cleanup/purge.h"
#include "handler/config.h"
#include "handler/shared/io.h"
#include "handler/shared/text.h"
#include "handler/store/layout.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

static const char usage[] =
    "usage: rollcall-cleanup [-n | --dry-run] [-q | --quiet]\n"
    "       rollcall-cleanup -h | --help | -V | --version\n"
    "\n"
    "Removes the days of records_dir that are older than keep_days (records, 0: for ever) and\n"
    "keep_listing_days (listings) of the handler's configuration: the file named by\n"
    "ROLLCALL_CONFIG, else /etc/rollcall/handler.json. With s3 configured, a day is removed only\n"
    "after rollcall-archive has shipped all of it.\n"
    "\n"
    "  -n, --dry-run  say what would be removed, and remove nothing\n"
    "  -q, --quiet    print only what is wrong\n"
    "  -h, --help     print this text\n"
    "  -V, --version  print the version\n"
    "\n"
    "Exit status: 0 done, 1 something could not be read or removed, 64 usage error,\n"
    "78 configuration error.\n";

/* True to go on; otherwise *status is the exit status. */
static bool cleanup_options(int argc, char **argv, struct purge *p, int *status)
{
    static const struct option options[] = {{"dry-run", no_argument, NULL, 'n'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'V'},
                                            {NULL, 0, NULL, 0}};
    p->verbose = true;
    for (int c; (c = getopt_long(argc, argv, "nqhV", options, NULL)) != -1;) {
        if (c == 'n') {
            p->dry_run = true;
        } else if (c == 'q') {
            p->verbose = false;
        } else if (c == 'h' || c == 'V') {
            fputs(c == 'h' ? usage : "rollcall-cleanup " ROLLCALL_VERSION "\n", stdout);
            return false;
        } else {
            fputs(usage, stderr);
            *status = EX_USAGE;
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "rollcall-cleanup: unexpected argument: %s\n%s", argv[optind], usage);
        *status = EX_USAGE;
    }
    return optind == argc;
}

/* Keeps today and the `keep` whole days before it. */
static void cleanup_branch(struct purge *p, const char *branch, int64_t keep)
{
    char first[CLOCK_DATE_LEN + 1];
    if (keep == 0)
        return;
    clock_date(clock_now() - keep * CLOCK_DAY_MS, first);
    purge_branch(p, branch, first);
}

static void cleanup_summary(const struct purge *p)
{
    printf("%s %" PRIu64 " day%s, %" PRIu64 " file%s, %" PRIu64 " byte%s\n",
           p->dry_run ? "would remove" : "removed", p->days, text_plural(p->days), p->files,
           text_plural(p->files), p->bytes, text_plural(p->bytes));
    if (p->kept > 0)
        printf("kept %" PRIu64 " day%s that %s not archived; see rollcall-archive(8)\n", p->kept,
               text_plural(p->kept), p->kept == 1 ? "is" : "are");
}

int main(int argc, char **argv)
{
    struct purge purge = {.days = 0};
    struct config config;
    char error[CONF_ERROR_LEN];
    int status = 0;
    io_fill_descriptors();
    if (!cleanup_options(argc, argv, &purge, &status))
        return status;
    if (!config_load(config_path(), &config, error)) {
        fprintf(stderr, "rollcall-cleanup: %s\n", error);
        return EX_CONFIG;
    }
    purge.records_dir = config.records_dir;
    purge.archive = config.s3.bucket != NULL;
    cleanup_branch(&purge, LAYOUT_DATA, config.keep_days);
    cleanup_branch(&purge, LAYOUT_RECORD, config.keep_listing_days);
    if (purge.verbose)
        cleanup_summary(&purge);
    return purge.failed ? 1 : 0;
}
