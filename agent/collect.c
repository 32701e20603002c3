#include "agent/collect.h"

#include "agent/host/host.h"
#include "agent/host/users.h"
#include "agent/proc/cmdline.h"
#include "agent/proc/listening.h"
#include "agent/proc/processes.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"

#include <errno.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

enum { CMD_FLOOR = 16, USERS_BYTES = 8 << 20, ID_UUID_MAX = 50 };

struct beat {
    int64_t now;   /* ms since the epoch, at the start */
    int64_t start; /* the same moment on clock_monotonic() */
    const struct history *before;
    int64_t scan_ms; /* duration of reading */
    struct machine machine;
    struct processes processes;
    struct processes_format format;
    struct listening listening;
    struct buf users; /* JSON */
};

static int64_t collect_cpu_ms(int who)
{
    struct rusage r;
    if (getrusage(who, &r) != 0)
        return 0;
    return (int64_t)(r.ru_utime.tv_sec + r.ru_stime.tv_sec) * 1000 +
           (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1000;
}

/* The agent's own cost: processor time since the program started, and peak memory. */
static void collect_write_agent(const struct beat *b, struct buf *out)
{
    struct rusage self = {0};
    getrusage(RUSAGE_SELF, &self);
    buf_printf(out,
               "\"agent\":{\"version\":\"%s\",\"scan_ms\":%lld,\"cpu_ms\":%lld,\"rss_bytes\":%lld}",
               ROLLCALL_VERSION, (long long)b->scan_ms,
               (long long)(collect_cpu_ms(RUSAGE_SELF) + collect_cpu_ms(RUSAGE_CHILDREN)),
               (long long)self.ru_maxrss * 1024);
}

/* Unique for this machine and millisecond. A machine without an id uses that of the boot. */
static void collect_write_id(const struct beat *b, struct buf *out)
{
    char id[65];
    const char *base = b->machine.uuid[0] ? b->machine.uuid : b->machine.boot_id;
    snprintf(id, sizeof id, "%.*s-%lld", ID_UUID_MAX, base[0] ? base : "unknown",
             (long long)b->now);
    jsonw_name(out, "id");
    jsonw_str(out, id);
}

static void collect_write(const struct beat *b, struct buf *out)
{
    const struct machine *m = &b->machine;
    struct processes_scale scale = {
        .boot_ms = m->boot_ms,
        .memory_bytes = m->memory_bytes,
        .before = b->before,
        .clock = {b->start, m->uptime_ms, (uint64_t)sysconf(_SC_CLK_TCK), m->cores},
    };
    char now[CLOCK_TIME_LEN + 1];
    clock_rfc3339(b->now, now);
    buf_putc(out, '{');
    collect_write_id(b, out);
    buf_printf(out, ",\"collected_at\":\"%s\",", now);
    host_write(m, out);
    buf_puts(out, "\"users\":");
    buf_add(out, b->users.data, b->users.len);
    buf_putc(out, ',');
    listening_write(&b->listening, &b->processes, &b->format, out);
    buf_puts(out, "\"processes\":");
    size_t truncated = processes_write(&b->processes, &scale, &b->format, out);
    buf_printf(out, ",\"unreadable\":%zu,\"vanished\":%zu,\"truncated\":%zu,",
               b->processes.unreadable, b->processes.vanished, truncated);
    collect_write_agent(b, out);
    buf_putc(out, '}');
}

/* Halves what is kept of command lines until the record is small enough. */
static bool collect_encode(struct beat *b, struct buf *out)
{
    for (;;) {
        buf_reset(out);
        collect_write(b, out);
        bool fits = !out->failed && out->len <= COLLECT_RECORD_MAX;
        if (fits || b->format.cmd_max / 2 < CMD_FLOOR)
            break;
        b->format.cmd_max /= 2;
    }
    if (out->failed)
        errno = ENOMEM;
    return !out->failed;
}

static enum proc_outcome collect_read(void *context, int proc, const struct proc *p,
                                      struct buf *out)
{
    return cmdline_pack(context, proc, p->stat.pid, out);
}

/*
 * Sockets are read before the processes, in a quarter of the time at most. If the processes have
 * used up theirs, owners are not found.
 */
static bool collect_scan(const struct agent_config *c, int root, bool own_root,
                         struct history *history, struct beat *b)
{
    static const enum cmdline_args args[] = {
        [ARGS_MASKED] = CMDLINE_MASKED, [ARGS_NONE] = CMDLINE_NAME, [ARGS_FULL] = CMDLINE_FULL};
    struct cmdline_reader reader;
    struct processes_options o = {
        .reader = {.read = collect_read,
                   .context = &reader,
                   .max = cmdline_packed_max(b->format.cmd_max)},
        .lookup = own_root, /* the users of another tree are not those of this system */
        .until = b->start + c->deadline - c->deadline / 10, /* the rest is for encoding */
        .history = history,
    };
    if (c->listening)
        listening_scan(root, own_root, b->start + c->deadline / 4, &b->listening);
    cmdline_init(&reader, args[c->arguments], c->containers, b->format.cmd_max);
    bool ok = processes_scan(root, &o, &b->processes);
    int saved = errno;
    if (ok && c->full && b->listening.known)
        listening_find_owners(root, &b->processes, o.until, &b->listening);
    listening_sort(&b->listening);
    cmdline_release(&reader);
    errno = saved;
    return ok;
}

bool collect(const struct agent_config *c, int root, bool own_root, struct history *history,
             struct buf *out)
{
    struct beat b = {.now = clock_now(),
                     .start = clock_monotonic(),
                     .before = history,
                     .format = {(size_t)c->cmd_max, c->containers}};
    buf_init(&b.users, USERS_BYTES);
    host_read(root, own_root, c->uuid, &b.machine);
    users_write(root, &b.users);
    bool ok = collect_scan(c, root, own_root, history, &b);
    b.scan_ms = clock_monotonic() - b.start;
    ok = ok && collect_encode(&b, out);
    int saved = errno;
    if (ok)
        processes_remember(&b.processes, b.start, history);
    listening_release(&b.listening);
    processes_release(&b.processes);
    buf_release(&b.users);
    errno = saved;
    return ok;
}
