/*
 * rollcall-agent: says what runs on this host and who is logged in. See rollcall-agent(1).
 *
 * One run: options, configuration, collect, send. Whoever finds a fault says it in one line.
 */
#include "collect.h"
#include "config.h"
#include "options.h"
#include "send.h"
#include "tree.h"

#include "shared/buf.h"
#include "shared/clock.h"
#include "shared/log.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sysexits.h>
#include <unistd.h>

enum { RECORD_BYTES = 64 << 20 };

static const char usage[] =
    "usage: rollcall-agent [--config FILE] [--KEY VALUE]...\n"
    "       rollcall-agent --print [--KEY VALUE]...\n"
    "\n"
    "Says what runs on this host and who is logged in: collects, sends, ends.\n"
    "\n"
    "  --config FILE      configuration (default " CONFIG_PATH ")\n"
    "  --print            show what would be sent, send nothing\n"
    "  --root DIR         read /proc, /sys, /etc and /run below DIR\n"
    "  --help, --version\n"
    "\n"
    "Keys of the configuration, as options (an option wins):\n"
    "  --url URL          where to, e.g. https://rollcall.example.com/data (required)\n"
    "  --token-file FILE  holds the token; must not be readable by others\n"
    "  --uuid ID          default: the machine-id\n"
    "  --format data      the record's format\n"
    "  --args WHAT        masked (default), none (program names only), full\n"
    "  --containers       add container ids\n"
    "  --cmd-max BYTES    kept of a command line (4096)\n"
    "  --deadline TIME    for collecting (10s)\n"
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

/* Everything later goes there, receipts too. */
static bool open_log(const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640);
    if (fd < 0)
        return false;
    bool ok = dup2(fd, STDERR_FILENO) >= 0;
    close(fd);
    return ok;
}

/* So that a fleet whose clocks agree does not call all at once. */
static void wait_splay(int64_t splay)
{
    uint64_t random;
    if (splay > 0 && getrandom(&random, sizeof random, 0) == sizeof random)
        clock_sleep((int64_t)(random % (uint64_t)splay));
}

/* One record, printed or (with a sender) sent. */
static int beat(const struct config *c, const struct options *o, struct sender *sender)
{
    struct buf record;
    int code;
    int64_t now = clock_now();
    int root = tree_root(o->root ? o->root : "/");
    if (root < 0)
        return fail(EX_CONFIG, "bad_configuration", "root: is no directory that can be opened");
    buf_init(&record, RECORD_BYTES);
    if (!collect(c, root, !o->root, &record)) {
        log_event(LOG_ERROR, "not_collected", "exit=%d reason=%s", EX_TEMPFAIL, strerror(errno));
        code = EX_TEMPFAIL;
    } else if (sender) {
        code = send_record(sender, now, record.data, record.len);
    } else {
        buf_putc(&record, '\n');
        code = EX_OK;
        if (record.failed || !print_out(record.data, record.len))
            code = fail(EX_TEMPFAIL, "not_printed", "stdout cannot be written to");
    }
    buf_release(&record);
    close(root);
    return code;
}

/* The spool's lock comes before collecting: cron may start the next before this one has ended. */
static int send_one(const struct config *c, const struct options *o)
{
    struct sender sender;
    wait_splay(c->splay);
    int code = sender_open(&sender, c);
    if (code != EX_OK)
        return code;
    code = beat(c, o, &sender);
    sender_close(&sender);
    return code;
}

static int configure(struct config *c, const struct conf_key *keys, const struct options *o)
{
    char error[CONF_ERROR_LEN];
    const char *path = config_path(o);
    if (path && !conf_load(path, keys, error))
        return fail(EX_CONFIG, "bad_configuration", error);
    if (!options_apply(o, error))
        return fail(EX_USAGE, "usage", error);
    if (!config_check(c, path, !o->print, error))
        return fail(EX_CONFIG, "bad_configuration", error);
    if (c->log && !open_log(c->log))
        return fail(EX_CONFIG, "bad_configuration", "log: the file cannot be opened");
    return EX_OK;
}

static int run(struct config *c, const struct conf_key *keys, const struct options *o)
{
    int code = configure(c, keys, o);
    if (code != EX_OK)
        return code;
    if (o->print)
        return beat(c, o, NULL);
    if (c->insecure)
        log_event(LOG_WARN, "insecure", "reason=%s",
                  "the server's certificate is not checked: whoever is in between reads the token");
    return send_one(c, o);
}

int main(int argc, char *argv[])
{
    struct config config;
    struct conf_key keys[CONFIG_KEYS + 1];
    struct options options;
    char error[CONF_ERROR_LEN];
    signal(SIGPIPE, SIG_IGN);
    config_init(&config);
    config_keys(&config, keys);
    if (!options_parse(argc, argv, keys, &options, error))
        return fail(EX_USAGE, "usage", error);
    if (options.help)
        return print_out(usage, sizeof usage - 1) ? EX_OK : EX_TEMPFAIL;
    if (options.version) {
        static const char version[] = "rollcall-agent " ROLLCALL_VERSION "\n";
        return print_out(version, sizeof version - 1) ? EX_OK : EX_TEMPFAIL;
    }
    int code = run(&config, keys, &options);
    config_release(&config);
    return code;
}
