/*
 * rollcall-policy: checks a policy, and judges daily files by it without a server. See
 * rollcall-policy(8).
 */
#include "handler/policy/print.h"

#include "handler/config.h"
#include "handler/read/records.h"
#include "handler/shared/conf.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

static const char usage[] =
    "usage: rollcall-policy --check FILE\n"
    "       rollcall-policy [--date YYYY-MM-DD] [--every TIME] [--hosts FILE]\n"
    "                       [--format text|json|junit] FILE DIR\n"
    "\n"
    "Judges every host whose daily files are in DIR by the policy in FILE.\n"
    "\n"
    "  --check         check the policy only: name every rule that is wrong\n"
    "  --date DATE     as of the end of that day (UTC)\n"
    "  --every TIME    the interval of hosts that the hosts file gives none (5m)\n"
    "  --hosts FILE    the hosts file; see rollcall-hosts(5)\n"
    "  --format FORMAT text (a table), json or junit (XML)\n"
    "  -h, --help      this text\n"
    "  -V, --version   the version\n"
    "\n"
    "Exit status: 0 no rule fails, 1 one does, 64 usage error, 74 files cannot be read,\n"
    "78 the policy is not valid.\n";

enum { ABSENT_DAYS = 7, EVERY_MS = 5 * 60 * 1000 };

struct options {
    struct records records;
    const char *policy;
    enum print_format format;
    bool check;
};

static int bad_option(const char *option, const char *right)
{
    fprintf(stderr, "rollcall-policy: %s: %s; see --help\n", option, right);
    return EX_USAGE;
}

/* 0 to go on, else the exit status. */
static int read_option(int c, struct options *o)
{
    if (c == 'd' && !records_as_of(optarg, &o->records.now_ms))
        return bad_option("--date", "expected a day such as 2026-11-20, today or before");
    if (c == 'e' && (!conf_duration(optarg, &o->records.every_ms) || o->records.every_ms < 1000))
        return bad_option("--every", "expected a duration of at least 1s, such as 5m");
    if (c == 'o' && !print_format_find(optarg, &o->format))
        return bad_option("--format", "expected text, json or junit");
    if (c == 'f')
        o->records.hosts_path = optarg;
    o->check |= c == 'c';
    return c == '?' ? EX_USAGE : 0;
}

/* 0 to go on, -1 to end with success, else the exit status. */
static int read_options(int argc, char **argv, struct options *o)
{
    static const struct option options[] = {
        {"check", no_argument, NULL, 'c'},        {"date", required_argument, NULL, 'd'},
        {"every", required_argument, NULL, 'e'},  {"hosts", required_argument, NULL, 'f'},
        {"format", required_argument, NULL, 'o'}, {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "hV", options, NULL)) != -1;) {
        if (c == 'h' || c == 'V') {
            fputs(c == 'h' ? usage : "rollcall-policy " ROLLCALL_VERSION "\n", stdout);
            return -1;
        }
        int status = read_option(c, o);
        if (status != 0)
            return status;
    }
    if (argc - optind != (o->check ? 1 : 2))
        return bad_option("arguments", o->check ? "expected --check and one policy file"
                                                : "expected a policy file and a directory");
    o->policy = argv[optind];
    o->records.directory = argv[optind + 1];
    return 0;
}

/* Judges the hosts and prints. The exit status. */
static int judge(const struct policy *policy, const struct records *r, enum print_format format)
{
    struct print p = {.policy = policy, .data = r->data, .hosts = &r->hosts, .format = format};
    size_t all = r->hosts.count * policy->count;
    p.states = calloc(all + 1, 1);
    if (!p.states)
        return records_cannot_read(r, "the hosts");
    judge_init(&p.judge);
    for (size_t i = 0; i < r->hosts.count; i++)
        judge_host(&p.judge, policy, r->data, &r->hosts.list[i], p.states + i * policy->count);
    bool written = print_all(&p), any = memchr(p.states, JUDGE_FAIL, all) != NULL;
    judge_release(&p.judge);
    free(p.states);
    if (!written || fflush(stdout) != 0)
        return records_cannot_read(r, "standard output");
    return any ? 1 : 0;
}

static int run(struct options *o, const struct policy *policy)
{
    int status = records_scan(&o->records);
    if (status == 0)
        status = judge(policy, &o->records, o->format);
    records_end(&o->records);
    return status;
}

static void report_rule(void *context, const char *error)
{
    (void)context;
    fprintf(stderr, "rollcall-policy: %s\n", error);
}

int main(int argc, char **argv)
{
    struct options o = {.records = {.program = "rollcall-policy",
                                    .now_ms = clock_now(),
                                    .every_ms = EVERY_MS,
                                    .absent_days = ABSENT_DAYS,
                                    .data = -1}};
    int status = read_options(argc, argv, &o);
    if (status != 0)
        return status > 0 ? status : 0;
    struct policy *policy = policy_check(o.policy, report_rule, NULL);
    if (!policy)
        return EX_CONFIG;
    if (o.check)
        printf("%s: ok, %zu rule%s\n", o.policy, policy->count, text_plural(policy->count));
    else
        status = run(&o, policy);
    policy_free(policy);
    return status;
}
