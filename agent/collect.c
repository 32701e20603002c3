#include "agent/collect.h"

#include "agent/host/host.h"
#include "agent/host/users.h"
#include "agent/proc/processes.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>

enum { CMD_FLOOR = 16, USERS_BYTES = 8 << 20, ID_UUID_MAX = 50 };

struct beat {
    int64_t now;   /* ms since the epoch, at the start */
    int64_t start; /* the same moment on clock_monotonic() */
    const struct history *before;
    int64_t scan_ms; /* how long reading took */
    struct host host;
    struct processes processes;
    struct buf users; /* JSON */
};

static int64_t cpu_ms(int who)
{
    struct rusage r;
    if (getrusage(who, &r) != 0)
        return 0;
    return (int64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
           (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
}

/* What this costs the host: processor time since the start of the program, and memory at its most.
 */
static void write_agent(const struct beat *b, struct buf *out)
{
    struct rusage self = {0};
    getrusage(RUSAGE_SELF, &self);
    buf_printf(out,
               "\"agent\":{\"version\":\"%s\",\"scan_ms\":%lld,\"cpu_ms\":%lld,\"rss_bytes\":%lld}",
               ROLLCALL_VERSION, (long long)b->scan_ms,
               (long long)(cpu_ms(RUSAGE_SELF) + cpu_ms(RUSAGE_CHILDREN)),
               (long long)self.ru_maxrss * 1024);
}

/* One of this machine in this millisecond; the boot stands in for a machine without an id. */
static void write_id(const struct beat *b, struct buf *out)
{
    char id[65];
    const char *base = b->host.uuid[0] ? b->host.uuid : b->host.boot_id;
    snprintf(id, sizeof id, "%.*s-%lld", ID_UUID_MAX, base[0] ? base : "unknown",
             (long long)b->now);
    jsonw_name(out, "id");
    jsonw_str(out, id);
}

static void write_record(const struct beat *b, size_t cmd_max, struct buf *out)
{
    const struct host *h = &b->host;
    struct processes_scale scale = {h->boot_ms, h->uptime_ms, h->memory_bytes, b->before, b->start};
    char now[CLOCK_TIME_LEN + 1];
    size_t truncated;
    clock_rfc3339(b->now, now);
    buf_putc(out, '{');
    write_id(b, out);
    buf_printf(out, ",\"collected_at\":\"%s\",", now);
    host_write(h, out);
    buf_puts(out, "\"users\":");
    buf_add(out, b->users.data, b->users.len);
    buf_puts(out, ",\"processes\":");
    processes_write(&b->processes, &scale, cmd_max, &truncated, out);
    buf_printf(out, ",\"unreadable\":%zu,\"vanished\":%zu,\"truncated\":%zu,",
               b->processes.unreadable, b->processes.vanished, truncated);
    write_agent(b, out);
    buf_putc(out, '}');
}

/* Halves what is kept of command lines until the record is small enough. */
static bool encode(const struct beat *b, size_t cmd_max, struct buf *out)
{
    for (;;) {
        buf_reset(out);
        write_record(b, cmd_max, out);
        bool fits = !out->failed && out->len <= COLLECT_RECORD_MAX;
        if (fits || cmd_max / 2 < CMD_FLOOR)
            break;
        cmd_max /= 2;
    }
    if (out->failed)
        errno = ENOMEM;
    return !out->failed;
}

bool collect(const struct config *c, int root, bool own_root, struct history *history,
             struct buf *out)
{
    static const enum cmdline_args args[] = {
        [ARGS_MASKED] = CMDLINE_MASKED, [ARGS_NONE] = CMDLINE_NAME, [ARGS_FULL] = CMDLINE_FULL};
    struct beat b = {.now = clock_now(), .start = clock_monotonic(), .before = history};
    struct processes_options o = {
        .args = args[c->arguments],
        .containers = c->containers,
        .lookup = own_root, /* a foreign tree's users are not this system's */
        .cmd_max = (size_t)c->cmd_max,
        .until = b.start + c->deadline - c->deadline / 10, /* the rest is for encoding */
    };
    buf_init(&b.users, USERS_BYTES);
    host_read(root, own_root, c->uuid, &b.host);
    users_write(root, &b.users);
    bool ok = processes_scan(root, &o, &b.processes);
    b.scan_ms = clock_monotonic() - b.start;
    ok = ok && encode(&b, o.cmd_max, out);
    int saved = errno;
    if (ok)
        processes_remember(&b.processes, b.start, history);
    processes_release(&b.processes);
    buf_release(&b.users);
    errno = saved;
    return ok;
}
