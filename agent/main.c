/*
 * rollcall-agent: says what runs on this host and who is logged in. See rollcall-agent(1).
 *
 * Options, configuration, and then one beat (collect, send) or, with --every, one after the other.
 * Whoever finds a fault says it in one line.
 */
#include "agent/collect.h"
#include "agent/config.h"
#include "agent/options.h"
#include "agent/pace.h"
#include "agent/proc/history.h"
#include "agent/proc/procfs.h"
#include "agent/psutil/listing.h"
#include "agent/send/send.h"
#include "agent/signals.h"
#include "handler/shared/random.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

enum { RECORD_BYTES = 64 << 20 };

static const char usage[] =
    "usage: rollcall-agent [--config FILE] [--KEY VALUE]...\n"
    "       rollcall-agent --print [--KEY VALUE]...\n"
    "\n"
    "Says what runs on this host and who is logged in: collects, sends, ends; or stays.\n"
    "\n"
    "  --config FILE      configuration (default " CONFIG_PATH ")\n"
    "  --print            show what would be sent, send nothing\n"
    "  --root DIR         read /proc, /sys, /etc and /run below DIR\n"
    "  --help, --version\n"
    "\n"
    "Keys of the configuration, as options (an option wins):\n"
    "  --url URL          where to, e.g. https://rollcall.example.com/data (required)\n"
    "  --token-file FILE  holds the token; must not be readable by others\n"
    "  --uuid ID          default: the machine-id; sending listings requires one\n"
    "  --format FORMAT    data (default), or record: full listings, for .../api/v1/record\n"
    "  --full             with record: also what is dear to read\n"
    "  --args WHAT        masked (default), none (program names only), full\n"
    "  --containers       add container ids\n"
    "  --cmd-max BYTES    kept of a command line (4096)\n"
    "  --deadline TIME    for collecting (10s)\n"
    "  --every TIME       stay, and do so every TIME; SIGTERM ends, SIGHUP reloads\n"
    "  --splay TIME       wait a random time first, up to this (0)\n"
    "  --no-gzip          send it uncompressed\n"
    "  --spool DIR        keeps what could not be delivered (/var/spool/rollcall), or off\n"
    "  --spool-bytes N, --spool-age TIME\n"
    "                     at most this much (64 MiB), not older than this (7d)\n"
    "  --cacert FILE, --cert FILE, --key FILE, --insecure\n"
    "                     as curl's\n"
    "  --connect-timeout TIME, --max-time TIME\n"
    "                     for the connection (5s), for all of the sending (30s)\n"
    "  --log FILE         instead of stderr\n"
    "\n"
    "Exit: 0 delivered, 64 wrong usage, 75 not delivered now, 76 record refused,\n"
    "77 token refused, 78 wrong configuration. See rollcall-agent(1).\n";

static int fail(int code, const char *event, const char *reason)
{
    log_event(LOG_ERROR, event, "exit=%d reason=%s", code, reason);
    return code;
}

/* True when `text` went out whole. */
static bool print_out(const char *text, size_t len)
{
    return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0;
}

/*
 * The configuration file's path: the one that was asked for, or the default where it exists. A
 * default that exists and cannot be read is a fault: it may say `args: none`.
 */
static const char *config_path(const struct options *o)
{
    if (o->config)
        return o->config;
    return access(CONFIG_PATH, F_OK) == 0 || errno != ENOENT ? CONFIG_PATH : NULL;
}

/* A random time up to that, so that a fleet whose clocks agree does not call all at once. */
static int64_t splay_of(int64_t splay)
{
    return random_up_to(splay - 1);
}

/* What lives from beat to beat. */
struct agent {
    struct config config;
    struct conf_key keys[CONFIG_KEYS + 1];
    struct options options;
    struct history history;
    struct sender sender;
    int first_log; /* what stderr was before a log took its place; -1: it still is */
};

/* Everything later goes there, receipts too. NULL: to where stderr led at first. */
static bool open_log(struct agent *a, const char *path)
{
    if (!path)
        return a->first_log < 0 || dup2(a->first_log, STDERR_FILENO) >= 0;
    if (a->first_log < 0)
        a->first_log = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0)
        return false;
    bool ok = dup2(fd, STDERR_FILENO) >= 0;
    close(fd);
    return ok;
}

/* One record into `record`; 0, or the exit code after logging the reason. */
static int agent_collect(struct agent *a, struct buf *record)
{
    const struct options *o = &a->options;
    int root = tree_root(o->root ? o->root : "/");
    if (root < 0)
        return fail(EX_CONFIG, "bad_configuration", "root: is no directory that can be opened");
    bool ok =
        (a->config.listings ? listing : collect)(&a->config, root, !o->root, &a->history, record);
    int error = errno;
    close(root);
    if (ok)
        return EX_OK;
    if (error == 0)
        return fail(EX_CONFIG, "bad_configuration",
                    "uuid: is needed; this machine has no machine-id to take it from");
    return fail(EX_TEMPFAIL, "not_collected", strerror(error));
}

static int agent_print(struct agent *a)
{
    struct buf record;
    buf_init(&record, RECORD_BYTES);
    int code = agent_collect(a, &record);
    if (code == EX_OK) {
        buf_putc(&record, '\n');
        if (record.failed || !print_out(record.data, record.len))
            code = fail(EX_TEMPFAIL, "not_printed", "stdout cannot be written to");
    }
    buf_release(&record);
    return code;
}

static int configure(struct agent *a)
{
    char error[CONF_ERROR_LEN];
    struct config *c = &a->config;
    const struct options *o = &a->options;
    const char *path = config_path(o);
    if (path && !conf_load(path, a->keys, error))
        return fail(EX_CONFIG, "bad_configuration", error);
    if (!options_apply(o, error))
        return fail(EX_USAGE, "usage", error);
    if (!config_check(c, path, !o->print, error))
        return fail(EX_CONFIG, "bad_configuration", error);
    if (!open_log(a, c->log))
        return fail(EX_CONFIG, "bad_configuration", "log: the file cannot be opened");
    if (c->insecure && !o->print)
        log_event(LOG_WARN, "insecure", "reason=%s",
                  "the server's certificate is not checked: whoever is in between reads the token");
    return EX_OK;
}

/* Collecting does not wait for the spool, which another agent may use for as long as it sends. */
static int run_once(struct agent *a)
{
    struct buf record;
    clock_sleep(splay_of(a->config.splay));
    int64_t now = clock_now();
    buf_init(&record, RECORD_BYTES);
    int code = agent_collect(a, &record);
    if (code == EX_OK)
        code = sender_open(&a->sender, &a->config);
    if (code == EX_OK) {
        code = send_record(&a->sender, now, record.data, record.len);
        sender_close(&a->sender);
    }
    buf_release(&record);
    return code;
}

/* An agent that stays needs a spool of its own: the other one may stay as well. */
static int open_own_spool(struct agent *a)
{
    int code = sender_open(&a->sender, &a->config);
    a->sender.stopped = signals_ending;
    if (code != EX_OK || !a->sender.busy)
        return code;
    sender_close(&a->sender);
    log_event(LOG_ERROR, "not_started", "exit=%d spool=%s reason=%s", EX_TEMPFAIL, a->config.spool,
              "another agent uses the spool");
    return EX_TEMPFAIL;
}

/* What is wrong now was right before: then that goes on. The spool and the connection are new. */
static int reload(struct agent *a)
{
    struct config old = a->config;
    config_init(&a->config);
    if (configure(a) == EX_OK) {
        if (a->config.every == 0)
            a->config.every = old.every;
        config_release(&old);
        log_event(LOG_INFO, "reloaded", "every_ms=%lld", (long long)a->config.every);
    } else {
        config_release(&a->config);
        a->config = old;
    }
    sender_close(&a->sender);
    return open_own_spool(a);
}

/* A token that was replaced is used from the next beat on. */
static void renew_token(struct agent *a)
{
    char error[CONF_ERROR_LEN];
    bool changed;
    if (!config_renew_token(&a->config, &changed, error))
        log_event(LOG_WARN, "old_token", "reason=%s", error);
    if (changed)
        sender_hurry(&a->sender);
}

/* Sleeps until the beat that is due; false when it is time to end, with the exit code. */
static bool wait_for_beat(struct agent *a, struct pace *pace, int *code)
{
    for (;;) {
        switch (signals_wait(pace->due)) {
        case SIGNALS_NONE:
            return true;
        case SIGNALS_END:
            *code = EX_OK;
            return false;
        case SIGNALS_RELOAD:
            *code = reload(a);
            if (*code != EX_OK)
                return false;
            if (a->config.every != pace->period)
                *pace = (struct pace){a->config.every, clock_monotonic()};
            break;
        }
    }
}

static void beat(struct agent *a)
{
    struct buf record;
    int64_t now = clock_now();
    buf_init(&record, RECORD_BYTES);
    if (agent_collect(a, &record) == EX_OK)
        send_record(&a->sender, now, record.data, record.len);
    buf_release(&record);
}

static int stay(struct agent *a)
{
    signals_hold();
    int code = open_own_spool(a);
    if (code != EX_OK)
        return code;
    struct pace pace = {a->config.every, clock_monotonic() + splay_of(a->config.splay)};
    while (wait_for_beat(a, &pace, &code)) {
        renew_token(a);
        beat(a);
        int64_t skipped = pace_next(&pace, clock_monotonic());
        if (skipped)
            log_event(LOG_WARN, "late", "skipped=%lld", (long long)skipped);
    }
    sender_close(&a->sender);
    return code;
}

static int run(struct agent *a)
{
    config_init(&a->config);
    history_init(&a->history);
    a->first_log = -1;
    int code = configure(a);
    if (code == EX_OK)
        code = a->options.print ? agent_print(a) : a->config.every ? stay(a) : run_once(a);
    history_release(&a->history);
    config_release(&a->config);
    return code;
}

/*
 * Sending has loaded thirty libraries: what they clean up at the end ends with the process. What
 * was printed has been flushed. `make DEV=1` ends as usual, for leaks are looked for then.
 */
_Noreturn static void leave(int code)
{
#ifdef DEV
    exit(code);
#else
    _exit(code);
#endif
}

int main(int argc, char *argv[])
{
    struct agent agent;
    char error[CONF_ERROR_LEN];
    signal(SIGPIPE, SIG_IGN);
    config_keys(&agent.config, agent.keys);
    if (!options_parse(argc, argv, agent.keys, &agent.options, error))
        return fail(EX_USAGE, "usage", error);
    if (agent.options.help)
        return print_out(usage, sizeof usage - 1) ? EX_OK : EX_TEMPFAIL;
    if (agent.options.version) {
        static const char version[] = "rollcall-agent " ROLLCALL_VERSION "\n";
        return print_out(version, sizeof version - 1) ? EX_OK : EX_TEMPFAIL;
    }
    leave(run(&agent));
}
