/*
 * rollcall-cleanup: removes what is older than the configuration keeps. See rollcall-cleanup(8).
 */
#include "handler/cleanup/purge.h"
#include "handler/config.h"
#include "handler/shared/io.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <sysexits.h>

static const char usage[] =
    "usage: rollcall-cleanup [--dry-run] [--quiet] [--help] [--version]\n"
    "\n"
    "Removes the days of records_dir that are older than keep_days (records, 0: for ever) and\n"
    "keep_listing_days (listings) of the handler's configuration: the file named by\n"
    "ROLLCALL_CONFIG, else /etc/rollcall/handler.json. With s3 configured, a day goes only when\n"
    "rollcall-archive has shipped all of it.\n"
    "\n"
    "  --dry-run  say what would be removed, and remove nothing\n"
    "  --quiet    say only what is wrong\n"
    "  --help     this text\n"
    "  --version  the version\n"
    "\n"
    "Exit status: 0 done, 1 something could not be removed, 64 wrong usage, 78 bad "
    "configuration.\n";

/* True to go on; else *status is the exit status. */
static bool read_options(int argc, char **argv, struct purge *p, int *status)
{
    static const struct option options[] = {{"dry-run", no_argument, NULL, 'n'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    p->verbose = true;
    for (int c; (c = getopt_long(argc, argv, "nq", options, NULL)) != -1;) {
        if (c == 'n') {
            p->dry_run = true;
        } else if (c == 'q') {
            p->verbose = false;
        } else if (c == 'h' || c == 'v') {
            fputs(c == 'h' ? usage : "rollcall-cleanup " ROLLCALL_VERSION "\n", stdout);
            return false;
        } else {
            *status = EX_USAGE;
            return false;
        }
    }
    if (optind < argc) {
        fprintf(stderr, "rollcall-cleanup: unexpected argument; see --help\n");
        *status = EX_USAGE;
    }
    return optind == argc;
}

/* Removes the days before the last `keep` whole ones. */
static void clean(struct purge *p, const struct config *c, const char *branch, int64_t keep)
{
    char first[CLOCK_DATE_LEN + 1];
    clock_date(clock_now() - keep * CLOCK_DAY_MS, first);
    purge_branch(p, c->records_dir, branch, first);
}

static void clean_all(struct purge *p, const struct config *c)
{
    p->archive = c->s3.bucket != NULL;
    if (c->keep_days > 0)
        clean(p, c, "data", c->keep_days);
    if (c->keep_listing_days > 0)
        clean(p, c, "record", c->keep_listing_days);
    if (p->verbose)
        printf("%s %" PRIu64 " days, %" PRIu64 " files, %" PRIu64 " bytes\n",
               p->dry_run ? "would remove" : "removed", p->days, p->files, p->bytes);
    if (p->kept > 0 && p->verbose)
        printf("kept %" PRIu64 " days that are not archived: see rollcall-archive(8)\n", p->kept);
}

int main(int argc, char **argv)
{
    struct purge purge = {.days = 0};
    struct config config;
    char error[CONF_ERROR_LEN];
    int status = 0;
    io_fill_descriptors();
    if (!read_options(argc, argv, &purge, &status))
        return status;
    if (!config_load(config_path(), &config, error)) {
        fprintf(stderr, "rollcall-cleanup: %s\n", error);
        return EX_CONFIG;
    }
    clean_all(&purge, &config);
    return purge.failed ? 1 : 0;
}
