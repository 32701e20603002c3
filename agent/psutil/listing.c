#include "agent/psutil/listing.h"

#include "agent/host/host.h"
#include "agent/proc/processes.h"
#include "agent/psutil/psproc.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"
#include "handler/shared/log.h"

#include <errno.h>
#include <time.h>
#include <unistd.h>

/* A process with all its threads; the most of them that Linux allows make 100 MiB. */
enum { CMD_FLOOR = 16, PROCESS_MAX = 128 << 20 };

/* One listing while it is made. */
struct listing_task {
    struct psproc ps;
    struct processes_scale scale;
    struct processes processes;
    struct processes_options options;
    const char *uuid;
    size_t poor; /* processes that did not answer */
};

/* Runs in the guarded child. */
static enum proc_outcome listing_read(void *context, int proc, const struct proc *p,
                                      struct buf *out)
{
    struct listing_task *t = context;
    double cpu;
    bool known = processes_cpu(&t->scale, &p->stat, &cpu);
    return psproc_write(&t->ps, proc, &p->stat, known ? &cpu : NULL, out);
}

/* A process that did not answer has what its stat file says. Returns how many there were. */
static size_t listing_put_all(struct listing_task *t, struct buf *out)
{
    const struct processes *all = &t->processes;
    size_t poor = 0;
    buf_putc(out, '[');
    for (size_t i = 0; i < all->count; i++) {
        const struct proc *p = &all->list[i];
        if (i)
            buf_putc(out, ',');
        poor += !p->read;
        double cpu;
        bool known = processes_cpu(&t->scale, &p->stat, &cpu);
        if (p->read)
            buf_add(out, p->result.ptr, p->result.len);
        else
            psproc_write_poor(&t->ps, &p->stat, known ? &cpu : NULL, all->names.list[p->name].text,
                              out);
    }
    buf_putc(out, ']');
    return poor;
}

/* Ten digits, a dot, and seven decimals. */
static void listing_put_timestamp(struct buf *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    buf_printf(out, ",\"timestamp\":\"%lld.%07ld\"", (long long)now.tv_sec, now.tv_nsec / 100);
}

/* False with errno. */
static bool listing_write(struct listing_task *t, int root, struct buf *out)
{
    buf_reset(out);
    buf_puts(out, "{\"uuid\":");
    jsonw_str(out, t->uuid);
    listing_put_timestamp(out);
    if (!processes_scan(root, &t->options, &t->processes))
        return false;
    buf_puts(out, ",\"data\":");
    t->poor = listing_put_all(t, out);
    buf_putc(out, '}');
    if (out->failed)
        errno = ENOMEM;
    return !out->failed;
}

/* Halves what is kept of command lines, and reads again, until the listing is small enough. */
static bool listing_fit(struct listing_task *t, int root, struct history *history, struct buf *out)
{
    for (;;) {
        bool ok = listing_write(t, root, out);
        bool last = out->len <= LISTING_MAX || t->ps.reader.max / 2 < CMD_FLOOR ||
                    clock_monotonic() >= t->options.until;
        int saved = errno;
        if (ok && last) {
            if (t->poor)
                log_event(LOG_WARN, "processes_not_read", "count=%zu reason=%s", t->poor,
                          "they did not answer, or memory is out");
            processes_remember(&t->processes, t->scale.clock.now, history);
        }
        processes_release(&t->processes);
        errno = saved;
        if (!ok || last)
            return ok;
        t->ps.reader.max /= 2;
    }
}

enum listed listing(const struct agent_config *c, int root, bool own_root, struct history *history,
                    struct buf *out)
{
    static const enum cmdline_args args[] = {
        [ARGS_MASKED] = CMDLINE_MASKED, [ARGS_NONE] = CMDLINE_NAME, [ARGS_FULL] = CMDLINE_FULL};
    struct machine m;
    int64_t start = clock_monotonic();
    host_read(root, own_root, c->uuid, &m);
    if (!m.uuid[0])
        return LISTING_NO_UUID;
    struct listing_task t = {
        .uuid = m.uuid,
        .scale = {.boot_ms = m.boot_ms, .memory_bytes = m.memory_bytes, .before = history},
        .options = {.reader = {listing_read, &t, PROCESS_MAX, true},
                    .lookup = own_root,
                    .until = start + c->deadline - c->deadline / 10,
                    .history = history},
    };
    psproc_init(&t.ps, root, args[c->arguments], (size_t)c->cmd_max);
    t.ps.own_root = own_root;
    t.ps.full = c->full;
    t.ps.boot_ms = m.boot_ms;
    t.ps.memory_bytes = m.memory_bytes;
    t.ps.names = &t.processes.names;
    t.scale.clock = (struct history_clock){start, m.uptime_ms, t.ps.hertz, m.cores};
    bool ok = listing_fit(&t, root, history, out);
    int saved = errno;
    psproc_release(&t.ps);
    errno = saved;
    return ok ? LISTED : LISTING_FAILED;
}
