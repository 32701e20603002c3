/*
 * rollcall-agent: reports what runs on this host and who is logged in. See rollcall-agent(1).
 *
 * Reads options and configuration, then runs one beat (collect, send), or with --every one after
 * the other. The function that finds an error logs it, in one line.
 */
#include "agent/check.h"
#include "agent/collect.h"
#include "agent/config.h"
#include "agent/options.h"
#include "agent/proc/history.h"
#include "agent/proc/procfs.h"
#include "agent/psutil/listing.h"
#include "agent/send/send.h"
#include "agent/signals.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/io.h"
#include "handler/shared/log.h"
#include "handler/shared/random.h"

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
    "       rollcall-agent --print | --check [--KEY VALUE]...\n"
    "\n"
    "Reports what runs on this host and who is logged in: collects, sends, and exits.\n"
    "\n"
    "  --config FILE      configuration (default " CONFIG_PATH ")\n"
    "  --print            print what would be sent, and send nothing\n"
    "  --check            try configuration, collector and token, and store nothing\n"
    "  --root DIR         read /proc, /sys, /etc and /run below DIR\n"
    "  -h, --help, -V, --version\n"
    "\n"
    "Keys of the configuration, as options (an option overrides the file):\n"
    "  --url URL          the collector, e.g. https://rollcall.example.com/data (required)\n"
    "  --token-file FILE  contains the token; others must not be able to read it\n"
    "  --uuid ID          default: the machine-id; required for listings\n"
    "  --format FORMAT    data (default), or record: full listings, for .../api/v1/record\n"
    "  --full             also what is expensive to read: who owns the listening sockets;\n"
    "                     with record: connections, open files and more\n"
    "  --no-listening     leave out the listening sockets\n"
    "  --args WHAT        masked (default), none (program names only), full\n"
    "  --containers       add container ids\n"
    "  --cmd-max BYTES    kept of a command line (4096)\n"
    "  --deadline TIME    for collecting (10s)\n"
    "  --every TIME       stay, and repeat every TIME; SIGTERM ends, SIGHUP reloads\n"
    "  --splay TIME       first wait a random time, at most this long (0)\n"
    "  --no-gzip          send it uncompressed\n"
    "  --spool DIR        keeps what could not be delivered (/var/spool/rollcall), or off\n"
    "  --spool-bytes N, --spool-age TIME\n"
    "                     limits of the spool (64 MiB, 7d)\n"
    "  --cacert FILE, --cert FILE, --key FILE, --insecure\n"
    "                     as in curl\n"
    "  --connect-timeout TIME, --max-time TIME\n"
    "                     for the connection (5s), for the whole transfer (30s)\n"
    "  --log FILE         instead of stderr\n"
    "\n"
    "Exit status: 0 delivered, 64 usage error, 75 not delivered now, 76 record refused,\n"
    "77 token refused, 78 configuration error. See rollcall-agent(1).\n";

static int agent_fail(int code, const char *event, const char *reason)
{
    log_event(LOG_ERROR, event, "exit=%d reason=%s", code, reason);
    return code;
}

/* True if `text` was written completely. */
static bool agent_write(const char *text, size_t len)
{
    return fwrite(text, 1, len, stdout) == len && fflush(stdout) == 0;
}

/*
 * The given configuration file, or the default one if it exists. A default that exists but cannot
 * be read is an error: it may contain `args: none`.
 */
static const char *agent_config_path(const struct options *o)
{
    if (o->config)
        return o->config;
    return access(CONFIG_PATH, F_OK) == 0 || errno != ENOENT ? CONFIG_PATH : NULL;
}

/* A random time, so that a fleet with synchronised clocks does not connect all at once. */
static int64_t agent_splay(int64_t splay)
{
    return random_up_to(splay - 1);
}

/* What is kept from beat to beat. */
struct agent {
    struct agent_config config;
    struct conf_key keys[CONFIG_KEYS + 1];
    struct options options;
    struct history history;
    struct sender sender;
    int first_log; /* the original stderr while a log file replaces it; otherwise -1 */
};

/* Redirects stderr to the log file, or with NULL to the original stderr. */
static bool agent_open_log(struct agent *a, const char *path)
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

/* Collects one record into `record`. 0, or the exit code after logging the reason. */
static int agent_collect(struct agent *a, struct buf *record)
{
    const struct options *o = &a->options;
    const struct agent_config *c = &a->config;
    int root = tree_root(o->root ? o->root : "/");
    if (root < 0)
        return agent_fail(EX_CONFIG, "bad_configuration", "root: cannot open this directory");
    enum listed listed = LISTED;
    if (c->listings)
        listed = listing(c, root, !o->root, &a->history, record);
    else if (!collect(c, root, !o->root, &a->history, record))
        listed = LISTING_FAILED;
    int error = errno;
    close(root);
    if (listed == LISTING_NO_UUID)
        return agent_fail(EX_CONFIG, "bad_configuration",
                          "uuid: is required, because this machine has no machine-id");
    if (listed == LISTING_FAILED)
        return agent_fail(EX_TEMPFAIL, "not_collected", strerror(error));
    return EX_OK;
}

static int agent_print(struct agent *a)
{
    struct buf record;
    buf_init(&record, RECORD_BYTES);
    int code = agent_collect(a, &record);
    if (code == EX_OK) {
        buf_putc(&record, '\n');
        if (record.failed || !agent_write(record.data, record.len))
            code = agent_fail(EX_TEMPFAIL, "not_printed", "cannot write to stdout");
    }
    buf_release(&record);
    return code;
}

static int agent_configure(struct agent *a)
{
    char error[CONF_ERROR_LEN];
    struct agent_config *c = &a->config;
    const struct options *o = &a->options;
    const char *path = agent_config_path(o);
    if (path && !conf_load(path, a->keys, error))
        return agent_fail(EX_CONFIG, "bad_configuration", error);
    if (!options_apply(o, error))
        return agent_fail(EX_USAGE, "usage", error);
    if (!config_check(c, path, !o->print, error))
        return agent_fail(EX_CONFIG, "bad_configuration", error);
    if (!agent_open_log(a, c->log))
        return agent_fail(EX_CONFIG, "bad_configuration", "log: cannot open the file");
    if (c->insecure && !o->print)
        log_event(LOG_WARN, "insecure", "reason=%s",
                  "the server's certificate is not verified; an attacker on the path can read the "
                  "token; set \"cacert\" instead of \"insecure\"");
    return EX_OK;
}

/* Collecting does not wait for the spool, which another agent may use for as long as it sends. */
static int agent_run_once(struct agent *a)
{
    struct buf record;
    clock_sleep(agent_splay(a->config.splay));
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
static int agent_open_spool(struct agent *a)
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

/* If the new configuration is wrong, the old one is kept. Spool and connection are opened again. */
static int agent_reload(struct agent *a)
{
    struct agent_config old = a->config;
    config_init(&a->config);
    if (agent_configure(a) == EX_OK) {
        if (a->config.every == 0)
            a->config.every = old.every;
        config_release(&old);
        log_event(LOG_INFO, "reloaded", "every_ms=%lld", (long long)a->config.every);
    } else {
        config_release(&a->config);
        a->config = old;
    }
    sender_close(&a->sender);
    return agent_open_spool(a);
}

/* A replaced token is used from the next beat on. */
static void agent_renew_token(struct agent *a)
{
    char error[CONF_ERROR_LEN];
    bool changed;
    if (!config_renew_token(&a->config, &changed, error))
        log_event(LOG_WARN, "old_token", "reason=%s", error);
    if (changed)
        sender_hurry(&a->sender);
}

/* Sleeps until the next beat is due. False if the agent must end, with the exit code. */
static bool agent_wait(struct agent *a, struct pace *pace, int *code)
{
    for (;;) {
        switch (signals_wait(pace->due)) {
        case SIGNALS_NONE:
            return true;
        case SIGNALS_END:
            *code = EX_OK;
            return false;
        case SIGNALS_RELOAD:
            *code = agent_reload(a);
            if (*code != EX_OK)
                return false;
            if (a->config.every != pace->period)
                *pace = (struct pace){a->config.every, clock_monotonic()};
            break;
        }
    }
}

static void agent_beat(struct agent *a)
{
    struct buf record;
    int64_t now = clock_now();
    buf_init(&record, RECORD_BYTES);
    if (agent_collect(a, &record) == EX_OK)
        send_record(&a->sender, now, record.data, record.len);
    buf_release(&record);
}

static int agent_stay(struct agent *a)
{
    signals_hold();
    int code = agent_open_spool(a);
    if (code != EX_OK)
        return code;
    struct pace pace = {a->config.every, clock_monotonic() + agent_splay(a->config.splay)};
    while (agent_wait(a, &pace, &code)) {
        agent_renew_token(a);
        agent_beat(a);
        int64_t skipped = pace_next(&pace, clock_monotonic());
        if (skipped)
            log_event(LOG_WARN, "late", "skipped=%lld", (long long)skipped);
    }
    sender_close(&a->sender);
    return code;
}

static int agent_run(struct agent *a)
{
    config_init(&a->config);
    history_init(&a->history);
    a->first_log = -1;
    int code = agent_configure(a);
    if (code == EX_OK)
        code = a->options.print   ? agent_print(a)
               : a->options.check ? check_run(&a->config)
               : a->config.every  ? agent_stay(a)
                                  : agent_run_once(a);
    history_release(&a->history);
    config_release(&a->config);
    return code;
}

/*
 * Sending has loaded thirty libraries: skip their destructors, the process ends anyway. What was
 * printed has been flushed. `make DEV=1` exits normally, for its leak check.
 */
_Noreturn static void agent_exit(int code)
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
    io_fill_descriptors();
    signal(SIGPIPE, SIG_IGN);
    config_keys(&agent.config, agent.keys);
    if (!options_parse(argc, argv, agent.keys, &agent.options, error))
        return agent_fail(EX_USAGE, "usage", error);
    if (agent.options.help)
        return agent_write(usage, sizeof usage - 1) ? EX_OK : EX_TEMPFAIL;
    if (agent.options.version) {
        static const char version[] = "rollcall-agent " ROLLCALL_VERSION "\n";
        return agent_write(version, sizeof version - 1) ? EX_OK : EX_TEMPFAIL;
    }
    agent_exit(agent_run(&agent));
}
