/*
 * rollcall-watch: tells what is wrong with the fleet before somebody looks. See rollcall-watch(8).
 */
#include "handler/config.h"
#include "handler/read/records.h"
#include "handler/shared/clock.h"
#include "handler/shared/io.h"
#include "handler/shared/lock.h"
#include "handler/shared/log.h"
#include "handler/watch/deliver.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#define WATCH_PATH  "/etc/rollcall/watch.json"
#define WATCH_STATE "/var/lib/rollcall-watch"

static const char usage[] =
    "usage: rollcall-watch [--config FILE] [--state DIR] [--from-scratch] [--dry-run] [--check]\n"
    "\n"
    "Compares what is wrong with the fleet now with what each target was told, and tells it the\n"
    "difference. Run by a timer, every minute. The first run notes what is wrong and tells "
    "nothing.\n"
    "\n"
    "  --config FILE   the targets (default " WATCH_PATH "); see rollcall-watch.json(5)\n"
    "  --state DIR     what was delivered (default: $STATE_DIRECTORY, else " WATCH_STATE ")\n"
    "  --from-scratch  forget what was delivered, and tell all that is wrong\n"
    "  --dry-run       print what would be sent, send nothing, and keep no state\n"
    "  --check         check the configuration, and end\n"
    "  -h, --help      this text\n"
    "  -V, --version   the version\n"
    "\n"
    "The records are those of the collector's configuration: the file named by ROLLCALL_CONFIG,\n"
    "else /etc/rollcall/handler.json.\n"
    "\n"
    "Exit status: 0 every target is up to date, 64 usage error, 74 the records cannot be read,\n"
    "75 a target is not (the next run repeats it), 78 configuration error.\n";

struct watch {
    const char *config_path, *state_path;
    bool from_scratch, dry_run, check;
    struct config collector;
    struct watchconf config;
    struct hostsfile hosts_file;
    struct policy *policy;
    int data, state; /* directories; -1: none */
};

/* 0 to go on, -1 to end with success, else the exit status. */
static int watch_options(int argc, char **argv, struct watch *w)
{
    static const struct option options[] = {
        {"config", required_argument, NULL, 'c'}, {"state", required_argument, NULL, 's'},
        {"from-scratch", no_argument, NULL, 'f'}, {"dry-run", no_argument, NULL, 'n'},
        {"check", no_argument, NULL, 'k'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},      {NULL, 0, NULL, 0}};
    const char *given = getenv("STATE_DIRECTORY");
    if (given && *given)
        w->state_path = given;
    for (int c; (c = getopt_long(argc, argv, "hV", options, NULL)) != -1;) {
        if (c == 'h' || c == 'V') {
            fputs(c == 'h' ? usage : "rollcall-watch " ROLLCALL_VERSION "\n", stdout);
            return -1;
        }
        if (c == '?')
            return EX_USAGE;
        if (c == 'c')
            w->config_path = optarg;
        if (c == 's')
            w->state_path = optarg ? optarg : WATCH_STATE;
        w->from_scratch |= c == 'f';
        w->dry_run |= c == 'n';
        w->check |= c == 'k';
    }
    if (optind == argc)
        return 0;
    fprintf(stderr, "rollcall-watch: %s: is not an option; see --help\n", argv[optind]);
    return EX_USAGE;
}

static int watch_fail(int code, const char *event, const char *what, const char *reason)
{
    log_event(LOG_ERROR, event, "exit=%d file=%s reason=%s", code, what, reason);
    return code;
}

static int watch_configure(struct watch *w)
{
    char error[CONF_ERROR_LEN];
    if (!config_load(config_path(), &w->collector, error) ||
        !watchconf_load(w->config_path, &w->config, error)) {
        fprintf(stderr, "rollcall-watch: %s\n", error);
        return EX_CONFIG;
    }
    return 0;
}

/* One watch at a time uses a state directory. */
static int watch_open_state(struct watch *w)
{
    if (mkdir(w->state_path, 0700) != 0 && errno != EEXIST)
        return w->dry_run ? 0 : watch_fail(EX_CONFIG, "bad_state", w->state_path, strerror(errno));
    w->state = open(w->state_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->state < 0)
        return watch_fail(EX_CONFIG, "bad_state", w->state_path, strerror(errno));
    if (w->dry_run || lock_try(w->state))
        return 0;
    return watch_fail(EX_TEMPFAIL, "not_started", w->state_path,
                      errno == EWOULDBLOCK ? "another rollcall-watch is running" : strerror(errno));
}

static int watch_open_records(struct watch *w)
{
    if (!records_open(w->collector.records_dir, &w->data))
        return watch_fail(EX_IOERR, "records_unreadable", w->collector.records_dir,
                          strerror(errno));
    hostsfile_init(&w->hosts_file, w->collector.hosts_file);
    if (!hostsfile_refresh(&w->hosts_file, NULL, NULL))
        return watch_fail(EX_IOERR, "hosts_file_unreadable", w->collector.hosts_file,
                          strerror(errno));
    return 0;
}

/* Each target by itself: one that fails does not stop the others. */
static int watch_deliver(struct watch *w, const struct alarms *alarms, struct rules *rules)
{
    const struct message message = {&w->config, alarms, rules};
    struct deliver d = {&message, digest_new(), w->state, w->from_scratch, w->dry_run};
    int code = d.digest ? 0 : watch_fail(EX_OSERR, "not_started", "libcrypto", "out of memory");
    for (size_t i = 0; d.digest && i < w->config.list.count; i++) {
        enum delivered result = deliver(&d, &w->config.targets[i]);
        if (result == DELIVER_DAMAGED)
            code = EX_CONFIG;
        else if (result == NOT_DELIVERED && code == 0)
            code = EX_TEMPFAIL;
    }
    digest_free(d.digest);
    return code;
}

/* A policy that cannot be used does not silence the other alarms. */
static const struct policy *watch_policy(struct watch *w, int *code)
{
    char error[POLICY_ERROR_LEN];
    if (!w->collector.policy_file)
        return NULL;
    w->policy = policy_load(w->collector.policy_file, error);
    if (!w->policy)
        *code = watch_fail(EX_CONFIG, "bad_policy", w->collector.policy_file, error);
    return w->policy;
}

static int watch_judge(struct watch *w, const struct hosts *hosts, const struct hosts_scan *scan)
{
    static struct rules rules;
    struct alarms alarms;
    int policy_code = 0, code;
    rules_init(&rules, watch_policy(w, &policy_code), w->data);
    if (!alarms_collect(&alarms, hosts, scan, &rules)) {
        code =
            watch_fail(EX_IOERR, "records_unreadable", w->collector.records_dir, strerror(errno));
    } else {
        alarms.rules_unknown = policy_code != 0;
        code = watch_deliver(w, &alarms, &rules);
        alarms_release(&alarms);
    }
    rules_release(&rules);
    policy_free(w->policy);
    return code ? code : policy_code;
}

static int watch_run(struct watch *w)
{
    struct hosts hosts;
    const struct hosts_scan scan = {.data = w->data,
                                    .now_ms = clock_now(),
                                    .every_ms = w->collector.expect_every,
                                    .absent_days = w->collector.absent_days,
                                    .hosts_file = &w->hosts_file};
    if (!hosts_scan(&hosts, &scan))
        return watch_fail(EX_IOERR, "records_unreadable", w->collector.records_dir,
                          strerror(errno));
    int code = watch_judge(w, &hosts, &scan);
    hosts_release(&hosts);
    return code;
}

int main(int argc, char **argv)
{
    static struct watch w = {
        .config_path = WATCH_PATH, .state_path = WATCH_STATE, .data = -1, .state = -1};
    io_fill_descriptors();
    umask(077);
    int status = watch_options(argc, argv, &w);
    if (status != 0)
        return status > 0 ? status : 0;
    status = watch_configure(&w);
    if (status == 0 && w.check) {
        printf("%s: ok\n", w.config_path);
        return 0;
    }
    if (status == 0)
        status = watch_open_state(&w);
    if (status == 0)
        status = watch_open_records(&w);
    if (status == 0)
        status = watch_run(&w);
    hostsfile_release(&w.hosts_file);
    return status;
}
