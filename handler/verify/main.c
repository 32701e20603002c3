/*
 * rollcall-verify: checks what the handler has written. See rollcall-verify(8).
 */
#include "handler/shared/io.h"
#include "handler/verify/filecheck.h"
#include "handler/verify/healdir.h"
#include "handler/verify/replace.h"

#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: rollcall-verify [--receipts FILE] [--rebuild-csv] [--quiet] DIR|FILE...\n"
    "       rollcall-verify --heal [--quiet] DIR\n"
    "\n"
    "Checks the files that rollcall-handler wrote: each JSON file (chain, seq, every record) and\n"
    "the CSV file beside it, cell by cell. A DIR is searched for them.\n"
    "\n"
    "  --receipts FILE  hold these receipts (saved answers, agents' logs) against the files, too\n"
    "  --rebuild-csv    first make each CSV file anew from its JSON file, under the lock\n"
    "  --heal           repair today's and yesterday's files below DIR, a records_dir, as the\n"
    "                   handler would, and compare all lines; the service may run\n"
    "  --quiet          no summary\n"
    "  --help           this text\n"
    "  --version        the version\n"
    "\n"
    "Exit status: 0 all is well, 1 something is wrong (each problem is one line: file, byte,\n"
    "what), 64 wrong usage, 66 a DIR or FILE cannot be read.\n";

struct run {
    struct filecheck check;
    struct receipts receipts;
    const char *receipts_path;
    bool rebuild, heal, quiet;
    bool whole_tree; /* a directory was named: what a receipt tells of should be there */
    int status;
};

static void bad_input(struct run *r, const char *path, int error)
{
    fprintf(stderr, "rollcall-verify: %s: %s\n", path, strerror(error));
    r->status = EX_NOINPUT;
}

static void check_file(struct run *r, const char *path)
{
    long long written = 0;
    if (r->rebuild) {
        if (!recsv(path, &written)) {
            r->check.problems++;
            r->check.files++;
            return;
        }
        if (!r->quiet)
            printf("%s: CSV file made anew, %lld bytes\n", path, written);
    }
    filecheck(&r->check, path);
}

/* A CSV file alone has lost what it was made from. */
static void check_csv(struct run *r, const char *path)
{
    char json[4096];
    struct stat st;
    int len = snprintf(json, sizeof json, "%.*sjson", (int)(strlen(path) - strlen("csv")), path);
    if (len < 0 || (size_t)len >= sizeof json || lstat(json, &st) == 0)
        return;
    printf("%s: byte 0: there is no JSON file beside it\n", path);
    r->check.problems++;
}

static void check_entry(struct run *r, const FTSENT *entry)
{
    struct layout_name name;
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
        bad_input(r, entry->fts_path, entry->fts_errno);
    if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP)
        return;
    if (layout_parse(entry->fts_name, ".json", &name))
        check_file(r, entry->fts_path);
    else if (layout_parse(entry->fts_name, ".csv", &name))
        check_csv(r, entry->fts_path);
}

static int by_name(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void check_tree(struct run *r, char *path)
{
    char *paths[] = {path, NULL};
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, by_name);
    if (!tree) {
        bad_input(r, path, errno);
        return;
    }
    r->whole_tree = true;
    for (FTSENT *entry; (entry = fts_read(tree));)
        check_entry(r, entry);
    fts_close(tree);
}

static void check_path(struct run *r, char *path)
{
    struct stat st;
    size_t len = strlen(path);
    if (stat(path, &st) != 0) {
        bad_input(r, path, errno);
    } else if (S_ISDIR(st.st_mode)) {
        check_tree(r, path);
    } else if (len > 4 && strcmp(path + len - 4, ".csv") == 0) {
        char json[4096]; /* the pair is checked from its JSON file */
        snprintf(json, sizeof json, "%.*sjson", (int)(len - 3), path);
        check_file(r, json);
    } else {
        check_file(r, path);
    }
}

/* Receipts that no line answered to: their end of the file, or the file, is gone. */
static void check_unseen(struct run *r)
{
    for (size_t i = 0; i < r->receipts.count; i++) {
        const struct receipt_line *receipt = &r->receipts.list[i];
        if (receipt->seen || !r->whole_tree)
            continue;
        printf("%s_%s: no line answers to the receipt for seq %" PRIu64
               ": the file, or its end, is gone\n",
               receipt->client_ip, receipt->date, receipt->seq);
        r->check.problems++;
    }
}

/* True to go on; else r->status is the exit status. */
static bool read_options(struct run *r, int argc, char **argv)
{
    static const struct option options[] = {{"receipts", required_argument, NULL, 'r'},
                                            {"rebuild-csv", no_argument, NULL, 'b'},
                                            {"heal", no_argument, NULL, 'H'},
                                            {"quiet", no_argument, NULL, 'q'},
                                            {"help", no_argument, NULL, 'h'},
                                            {"version", no_argument, NULL, 'v'},
                                            {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "q", options, NULL)) != -1;) {
        switch (c) {
        case 'r':
            r->receipts_path = optarg;
            break;
        case 'b':
            r->rebuild = true;
            break;
        case 'H':
            r->heal = true;
            break;
        case 'q':
            r->quiet = true;
            break;
        case 'h':
            fputs(usage, stdout);
            return false;
        case 'v':
            puts("rollcall-verify " ROLLCALL_VERSION);
            return false;
        default:
            r->status = EX_USAGE;
            return false;
        }
    }
    if (optind == argc) {
        fputs(usage, stderr);
        r->status = EX_USAGE;
    }
    return optind < argc;
}

static void summary(const struct run *r)
{
    printf("%" PRIu64 " files, %" PRIu64 " records, %" PRIu64 " CSV rows, %" PRIu64 " problems",
           r->check.files, r->check.lines, r->check.rows, r->check.problems);
    if (r->receipts_path)
        printf(", %zu receipts", r->receipts.count);
    putchar('\n');
}

static int heal_dirs(const struct run *r, int count, char **dirs)
{
    struct healdir total = {.clock = clock_now, .boot = clock_boot};
    for (int i = 0; i < count; i++)
        healdir(&total, dirs[i]);
    if (!r->quiet)
        printf("%" PRIu64 " files, %" PRIu64 " healed, %" PRIu64 " problems\n", total.files,
               total.healed, total.problems);
    return total.problems > 0;
}

int main(int argc, char **argv)
{
    struct run r = {.status = 0};
    io_fill_descriptors();
    if (!read_options(&r, argc, argv))
        return r.status;
    if (r.heal)
        return heal_dirs(&r, argc - optind, argv + optind);
    if (r.receipts_path) {
        if (!receipts_read(&r.receipts, r.receipts_path)) {
            bad_input(&r, r.receipts_path, errno);
            return r.status;
        }
        r.check.receipts = &r.receipts;
    }
    for (int i = optind; i < argc; i++)
        check_path(&r, argv[i]);
    check_unseen(&r);
    if (!r.quiet)
        summary(&r);
    receipts_release(&r.receipts);
    return r.check.problems > 0 ? 1 : r.status;
}
