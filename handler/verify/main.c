/*
 * rollcall-verify: checks the files that rollcall-handler wrote. See rollcall-verify(8).
 */
#include "handler/shared/io.h"
#include "handler/shared/text.h"
#include "handler/verify/filecheck.h"
#include "handler/verify/healdir.h"
#include "handler/verify/replace.h"

#include <errno.h>
#include <fts.h>
#include <getopt.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: rollcall-verify [--receipts FILE] [--rebuild-csv] [--allow-empty] [-q | --quiet]\n"
    "                       DIR|FILE...\n"
    "       rollcall-verify --heal [-q | --quiet] DIR...\n"
    "       rollcall-verify -h | --help | -V | --version\n"
    "\n"
    "Checks the files that rollcall-handler wrote: each JSON file (chain, seq, every record) and\n"
    "the CSV file beside it, cell by cell. A DIR is searched for them.\n"
    "\n"
    "  --receipts FILE  also check these receipts (saved responses, agents' logs)\n"
    "  --rebuild-csv    first rebuild each CSV file from its JSON file, under the lock\n"
    "  --heal           repair today's and yesterday's files below DIR, a records_dir, as the\n"
    "                   handler would, and compare all lines; the service may run\n"
    "  --allow-empty    a DIR without such files, and a FILE without receipts, are no errors\n"
    "  -q, --quiet      print no summary\n"
    "  -h, --help       print this text\n"
    "  -V, --version    print the version\n"
    "\n"
    "Exit status: 0 no problem, 1 a problem (one line each: file, byte, what is wrong),\n"
    "64 usage error, 66 a DIR or FILE cannot be read, or there is nothing to check in it.\n";

struct verify {
    struct filecheck check;
    struct receipts receipts;
    const char *receipts_path;
    bool rebuild, heal, quiet, allow_empty;
    bool whole_tree; /* a directory was named: the file of each receipt should be there */
    int status;
};

static void verify_bad_input(struct verify *v, const char *path, const char *what)
{
    fprintf(stderr, "rollcall-verify: %s: %s\n", path, what);
    v->status = EX_NOINPUT;
}

static void verify_file(struct verify *v, const char *path)
{
    long long written = 0;
    if (v->rebuild) {
        if (!replace_csv(path, &written)) {
            v->check.problems++;
            v->check.files++;
            return;
        }
        if (!v->quiet)
            printf("%s: CSV file rebuilt, %lld bytes\n", path, written);
    }
    filecheck(&v->check, path);
}

/* A CSV file alone has lost what it was made from. */
static void verify_csv(struct verify *v, const char *path)
{
    char json[PATH_MAX];
    struct stat st;
    if (!layout_other(path, json, sizeof json) || lstat(json, &st) == 0)
        return;
    printf("%s: byte 0: there is no JSON file beside it\n", path);
    v->check.problems++;
}

static void verify_entry(struct verify *v, const FTSENT *entry)
{
    struct layout_name name;
    if (entry->fts_info == FTS_DNR || entry->fts_info == FTS_ERR || entry->fts_info == FTS_NS)
        verify_bad_input(v, entry->fts_path, strerror(entry->fts_errno));
    if (entry->fts_info == FTS_D || entry->fts_info == FTS_DP)
        return;
    if (layout_parse(entry->fts_name, LAYOUT_JSON, &name))
        verify_file(v, entry->fts_path);
    else if (layout_parse(entry->fts_name, LAYOUT_CSV, &name))
        verify_csv(v, entry->fts_path);
}

static int verify_order(const FTSENT **a, const FTSENT **b)
{
    return strcmp((*a)->fts_name, (*b)->fts_name);
}

static void verify_tree(struct verify *v, char *path)
{
    char *paths[] = {path, NULL};
    uint64_t files = v->check.files, problems = v->check.problems;
    FTS *tree = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, verify_order);
    if (!tree) {
        verify_bad_input(v, path, strerror(errno));
        return;
    }
    v->whole_tree = true;
    for (FTSENT *entry; (entry = fts_read(tree));)
        verify_entry(v, entry);
    fts_close(tree);
    if (v->check.files == files && v->check.problems == problems && !v->allow_empty)
        verify_bad_input(v, path,
                         "no <address>_<YYYY-MM-DD>.json in it; name records_dir or a directory "
                         "below it, or use --allow-empty");
}

static void verify_path(struct verify *v, char *path)
{
    char json[PATH_MAX];
    struct stat st;
    size_t len = strlen(path), tail = strlen(LAYOUT_CSV);
    if (stat(path, &st) != 0)
        verify_bad_input(v, path, strerror(errno));
    else if (S_ISDIR(st.st_mode))
        verify_tree(v, path);
    else if (len > tail && strcmp(path + len - tail, LAYOUT_CSV) == 0 &&
             layout_other(path, json, sizeof json))
        verify_file(v, json); /* a pair is checked from its JSON file */
    else
        verify_file(v, path);
}

/* Receipts whose line was not found: the end of the file, or the file, is missing. */
static void verify_unseen(struct verify *v)
{
    for (size_t i = 0; i < v->receipts.count; i++) {
        const struct receipt_line *receipt = &v->receipts.list[i];
        if (receipt->seen || !v->whole_tree)
            continue;
        printf("%s_%s: a receipt names seq %" PRIu64
               ", but no line has it: the file, or its end, is missing\n",
               receipt->client_ip, receipt->date, receipt->seq);
        v->check.problems++;
    }
}

static bool verify_load_receipts(struct verify *v)
{
    if (!receipts_read(&v->receipts, v->receipts_path)) {
        verify_bad_input(v, v->receipts_path, strerror(errno));
        return false;
    }
    if (v->receipts.count == 0 && !v->allow_empty)
        verify_bad_input(v, v->receipts_path,
                         "no receipt in it; expected lines with client_ip, date, seq and chain, or "
                         "use --allow-empty");
    v->check.receipts = &v->receipts;
    return true;
}

/* True to go on; otherwise v->status is the exit status. */
static bool verify_options(struct verify *v, int argc, char **argv)
{
    static const struct option options[] = {
        {"receipts", required_argument, NULL, 'r'}, {"rebuild-csv", no_argument, NULL, 'b'},
        {"heal", no_argument, NULL, 'H'},           {"allow-empty", no_argument, NULL, 'e'},
        {"quiet", no_argument, NULL, 'q'},          {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},        {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "qhV", options, NULL)) != -1;) {
        if (c == 'r') {
            v->receipts_path = optarg;
        } else if (c == 'b') {
            v->rebuild = true;
        } else if (c == 'H') {
            v->heal = true;
        } else if (c == 'e') {
            v->allow_empty = true;
        } else if (c == 'q') {
            v->quiet = true;
        } else if (c == 'h' || c == 'V') {
            fputs(c == 'h' ? usage : "rollcall-verify " ROLLCALL_VERSION "\n", stdout);
            return false;
        } else {
            fputs(usage, stderr);
            v->status = EX_USAGE;
            return false;
        }
    }
    if (optind == argc) {
        fprintf(stderr, "rollcall-verify: no DIR or FILE\n%s", usage);
        v->status = EX_USAGE;
    }
    return optind < argc;
}

static void verify_summary(const struct verify *v)
{
    const struct filecheck *c = &v->check;
    printf("%" PRIu64 " file%s, %" PRIu64 " record%s, %" PRIu64 " CSV row%s, %" PRIu64 " problem%s",
           c->files, text_plural(c->files), c->lines, text_plural(c->lines), c->rows,
           text_plural(c->rows), c->problems, text_plural(c->problems));
    if (v->receipts_path)
        printf(", %zu receipt%s", v->receipts.count, text_plural(v->receipts.count));
    putchar('\n');
}

static int verify_heal(const struct verify *v, int count, char **dirs)
{
    struct healdir total = {.clock = clock_now, .boot = clock_boot};
    for (int i = 0; i < count; i++)
        healdir(&total, dirs[i]);
    if (!v->quiet)
        printf("%" PRIu64 " file%s, %" PRIu64 " healed, %" PRIu64 " problem%s\n", total.files,
               text_plural(total.files), total.healed, total.problems, text_plural(total.problems));
    return total.problems > 0;
}

int main(int argc, char **argv)
{
    struct verify v = {.status = 0};
    io_fill_descriptors();
    if (!verify_options(&v, argc, argv))
        return v.status;
    if (v.heal)
        return verify_heal(&v, argc - optind, argv + optind);
    if (v.receipts_path && !verify_load_receipts(&v))
        return v.status;
    for (int i = optind; i < argc; i++)
        verify_path(&v, argv[i]);
    verify_unseen(&v);
    if (!v.quiet)
        verify_summary(&v);
    receipts_release(&v.receipts);
    return v.check.problems > 0 ? 1 : v.status;
}
