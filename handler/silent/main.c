/*
 * rollcall-silent: the roll call as one command: which hosts are silent. See rollcall-silent(8).
 */
#include "handler/config.h"
#include "handler/read/records.h"
#include "handler/shared/json/write.h"

#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

static const char usage[] =
    "usage: rollcall-silent [--older TIME] [--every TIME] [--date YYYY-MM-DD] [--hosts FILE]\n"
    "                       [--json] [DIR]\n"
    "\n"
    "Lists the hosts that are silent: no record for 10 of their intervals, or none at all "
    "although\n"
    "the hosts file names them. Reads the daily files in DIR, by default the records_dir of the\n"
    "configuration: the file named by ROLLCALL_CONFIG, else /etc/rollcall/handler.json.\n"
    "\n"
    "  --older TIME   silent means no record for TIME, such as 15m\n"
    "  --every TIME   the interval of hosts that the hosts file gives none (expect_every, or 5m)\n"
    "  --date DATE    as of the end of that day (UTC)\n"
    "  --hosts FILE   the hosts file (hosts_file); see rollcall-hosts(5)\n"
    "  --json         one JSON array instead of a table\n"
    "  -h, --help     this text\n"
    "  -V, --version  the version\n"
    "\n"
    "Exit status: 0 no host is silent, 1 some are, 64 usage error, 74 files cannot be read,\n"
    "78 configuration error.\n";

struct silent {
    struct records records;
    int64_t older_ms; /* -1: by state */
    bool json;
};

static int silent_usage(const char *option, const char *right)
{
    fprintf(stderr, "rollcall-silent: %s: %s; see --help\n", option, right);
    return EX_USAGE;
}

/* 0 to go on, -1 to end with success, else the exit status. */
static int silent_options(int argc, char **argv, struct silent *s)
{
    static const struct option options[] = {
        {"older", required_argument, NULL, 'o'}, {"every", required_argument, NULL, 'e'},
        {"date", required_argument, NULL, 'd'},  {"hosts", required_argument, NULL, 'f'},
        {"json", no_argument, NULL, 'j'},        {"help", no_argument, NULL, 'h'},
        {"version", no_argument, NULL, 'V'},     {NULL, 0, NULL, 0}};
    for (int c; (c = getopt_long(argc, argv, "hV", options, NULL)) != -1;) {
        if (c == 'h' || c == 'V') {
            fputs(c == 'h' ? usage : "rollcall-silent " ROLLCALL_VERSION "\n", stdout);
            return -1;
        }
        if (c == 'o' && !conf_duration(optarg, &s->older_ms))
            return silent_usage("--older", "expected a duration such as 15m");
        if (c == 'e' &&
            (!conf_duration(optarg, &s->records.every_ms) || s->records.every_ms < 1000))
            return silent_usage("--every", "expected a duration of at least 1s, such as 5m");
        if (c == 'd' && !records_as_of(optarg, &s->records.now_ms))
            return silent_usage("--date", "expected a day such as 2026-11-20, today or before");
        if (c == 'f')
            s->records.hosts_path = optarg;
        s->json |= c == 'j';
        if (c == '?')
            return EX_USAGE;
    }
    if (argc - optind > 1)
        return silent_usage(argv[optind + 1], "expected one directory");
    s->records.directory = argv[optind];
    return 0;
}

/* Fills in what the command line left open. Without a configuration, DIR alone is enough. */
static bool silent_configure(struct silent *s, char error[CONF_ERROR_LEN])
{
    struct config c;
    bool have = config_load(config_path(), &c, error);
    if (!have && (!s->records.directory || access(config_path(), F_OK) == 0))
        return false;
    s->records.directory = s->records.directory ? s->records.directory : c.records_dir;
    s->records.hosts_path = s->records.hosts_path ? s->records.hosts_path
                            : have                ? c.hosts_file
                                                  : NULL;
    s->records.every_ms = s->records.every_ms ? s->records.every_ms : c.expect_every;
    s->records.absent_days = c.absent_days;
    return true;
}

static bool silent_is(const struct silent *s, const struct host *host)
{
    if (s->older_ms < 0 || !host->report)
        return states_silent(host->state);
    return !states_hidden(host->state) &&
           s->records.now_ms - host->report->received_ms > s->older_ms;
}

/* "3 d 4 h", "4 h 12 min", "12 min", "40 s" */
static void silent_age(int64_t ms, char out[32])
{
    int64_t s = ms / 1000;
    if (s >= 86400)
        snprintf(out, 32, "%" PRId64 " d %" PRId64 " h", s / 86400, s % 86400 / 3600);
    else if (s >= 3600)
        snprintf(out, 32, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
    else if (s >= 60)
        snprintf(out, 32, "%" PRId64 " min", s / 60);
    else
        snprintf(out, 32, "%" PRId64 " s", s);
}

/* A fact on a terminal: control characters and bytes that are not ASCII become '?'. */
static const char *silent_plain(const char *text, char out[64])
{
    size_t i = 0;
    for (; i < 63 && text[i]; i++)
        out[i] = text[i] > ' ' - 1 && text[i] < 0x7f ? text[i] : '?';
    out[i] = '\0';
    return i > 0 ? out : "-";
}

static const char *silent_fact(const struct host *host, enum fact fact)
{
    return host->report && host->report->fact[fact].ptr ? host->report->fact[fact].ptr : "";
}

static void silent_row(const struct silent *s, const struct host *host)
{
    char age[32] = "-", name[64], system[64], seen[CLOCK_TIME_LEN + 1] = "-", processes[24] = "-";
    const char *os = silent_fact(host, FACT_OS_PRETTY_NAME);
    if (host->report) {
        silent_age(s->records.now_ms - host->report->received_ms, age);
        clock_rfc3339(host->report->received_ms, seen);
        snprintf(processes, sizeof processes, "%" PRIu64, host->report->line.process_count);
    }
    printf("%-8s  %-12s  %-24s  %-39s  %-30s  %9s  %s\n", states_name(host->state), age, seen,
           *host->ip.text ? host->ip.text : "-", silent_plain(hosts_name(host), name), processes,
           silent_plain(*os ? os : silent_fact(host, FACT_OS_NAME), system));
}

static void silent_table(const struct silent *s, const struct hosts *hosts)
{
    size_t count = 0;
    for (size_t i = 0; i < hosts->count; i++) {
        if (!silent_is(s, &hosts->list[i]))
            continue;
        if (count++ == 0)
            printf("%-8s  %-12s  %-24s  %-39s  %-30s  %9s  %s\n", "STATE", "SILENT FOR",
                   "LAST SEEN", "ADDRESS", "HOSTNAME", "PROCESSES", "SYSTEM");
        silent_row(s, &hosts->list[i]);
    }
    printf("%zu of %zu %s silent\n", count, hosts->count, count == 1 ? "host is" : "hosts are");
}

static void silent_member(struct buf *b, const char *name, const char *value)
{
    buf_putc(b, ',');
    jsonw_name(b, name);
    jsonw_str_or_null(b, value);
}

static void silent_object(struct buf *b, const struct host *host)
{
    char seen[CLOCK_TIME_LEN + 1];
    buf_puts(b, "{\"ip\":");
    jsonw_str_or_null(b, host->ip.text);
    silent_member(b, "hostname", hosts_name(host));
    silent_member(b, "state", states_name(host->state));
    if (host->report)
        clock_rfc3339(host->report->received_ms, seen);
    silent_member(b, "last_seen", host->report ? seen : NULL);
    silent_member(b, "os_name", silent_fact(host, FACT_OS_NAME));
    silent_member(b, "os_ver", silent_fact(host, FACT_OS_VER));
    silent_member(b, "os_pretty_name", silent_fact(host, FACT_OS_PRETTY_NAME));
    if (host->report)
        buf_printf(b, ",\"process_count\":%" PRIu64 ",\"user_count\":%" PRIu64,
                   host->report->line.process_count, host->report->line.user_count);
    buf_puts(b, ",\"labels\":[");
    for (size_t i = 0; i < host->says.label_count; i++) {
        buf_puts(b, i > 0 ? "," : "");
        jsonw_str(b, host->says.labels[i]);
    }
    buf_puts(b, "]}");
}

static bool silent_json(const struct silent *s, const struct hosts *hosts)
{
    struct buf b;
    bool first = true;
    buf_init(&b, (size_t)1 << 30);
    buf_putc(&b, '[');
    for (size_t i = 0; i < hosts->count; i++) {
        if (!silent_is(s, &hosts->list[i]))
            continue;
        buf_puts(&b, first ? "\n" : ",\n");
        first = false;
        silent_object(&b, &hosts->list[i]);
    }
    buf_puts(&b, first ? "]\n" : "\n]\n");
    bool ok = !b.failed && fwrite(b.data, 1, b.len, stdout) == b.len;
    buf_release(&b);
    return ok;
}

/* Prints. The exit status. */
static int silent_print(const struct silent *s)
{
    const struct hosts *hosts = &s->records.hosts;
    bool written = true, any = false;
    if (s->json)
        written = silent_json(s, hosts);
    else
        silent_table(s, hosts);
    for (size_t i = 0; i < hosts->count; i++)
        any |= silent_is(s, &hosts->list[i]);
    if (fflush(stdout) != 0 || !written)
        return records_cannot_read(&s->records, "standard output");
    return any ? 1 : 0;
}

int main(int argc, char **argv)
{
    struct silent s = {.records = {.program = "rollcall-silent", .now_ms = clock_now(), .data = -1},
                       .older_ms = -1};
    char error[CONF_ERROR_LEN];
    int status = silent_options(argc, argv, &s);
    if (status != 0)
        return status > 0 ? status : 0;
    if (!silent_configure(&s, error)) {
        fprintf(stderr, "rollcall-silent: %s\n", error);
        return EX_CONFIG;
    }
    status = records_scan(&s.records);
    if (status == 0)
        status = silent_print(&s);
    records_end(&s.records);
    return status;
}
