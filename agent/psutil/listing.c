#include "agent/psutil/listing.h"

#include "agent/host/host.h"
#include "agent/proc/processes.h"
#include "agent/psutil/psproc.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"

#include <errno.h>
#include <time.h>

enum { CMD_FLOOR = 16, POOR_MAX = 64 << 10, FULL_MAX = 4 << 20 };

/* What the guarded child needs to write a process. */
struct writer {
    struct psproc ps;
    struct processes_scale scale;
};

static bool write_one(void *context, const struct process *process, struct names *names,
                      struct buf *out)
{
    struct writer *w = context;
    return psproc_write(&w->ps, &process->stat, processes_cpu(&w->scale, &process->stat), names,
                        out);
}

static void put_all(struct writer *w, const struct processes *p, struct buf *out)
{
    buf_putc(out, '[');
    for (size_t i = 0; i < p->count; i++) {
        const struct process *one = &p->list[i];
        if (i)
            buf_putc(out, ',');
        if (one->cmd)
            buf_add(out, one->cmd, one->cmd_len);
        else
            psproc_write_poor(&w->ps, &one->stat, processes_cpu(&w->scale, &one->stat),
                              p->names.list[one->name].text, out);
    }
    buf_putc(out, ']');
}

/* Ten digits, a dot, and seven decimals. */
static void put_timestamp(struct buf *out)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    buf_printf(out, ",\"timestamp\":\"%lld.%07ld\"", (long long)now.tv_sec, now.tv_nsec / 100);
}

static bool write_listing(struct writer *w, const struct host *h, const struct config *c,
                          struct processes_options *o, struct history *history, struct buf *out)
{
    static const enum cmdline_args args[] = {
        [ARGS_MASKED] = CMDLINE_MASKED, [ARGS_NONE] = CMDLINE_NAME, [ARGS_FULL] = CMDLINE_FULL};
    struct processes p;
    int root = w->ps.root;
    bool own_root = w->ps.own_root;
    psproc_init(&w->ps, root, args[c->arguments], o->cmd_max);
    w->ps.own_root = own_root;
    w->ps.full = c->full;
    w->ps.boot_ms = h->boot_ms;
    w->ps.memory_bytes = h->memory_bytes;
    buf_reset(out);
    buf_puts(out, "{\"uuid\":");
    jsonw_str(out, h->uuid);
    put_timestamp(out);
    bool ok = processes_scan(root, o, &p);
    if (ok) {
        buf_puts(out, ",\"data\":");
        put_all(w, &p, out);
        buf_putc(out, '}');
        if (out->len <= LISTING_MAX || o->cmd_max / 2 < CMD_FLOOR)
            processes_remember(&p, w->scale.now, history);
    }
    int saved = out->failed ? ENOMEM : errno;
    processes_release(&p);
    psproc_release(&w->ps);
    errno = saved;
    return ok && !out->failed;
}

bool listing(const struct config *c, int root, bool own_root, struct history *history,
             struct buf *out)
{
    struct host h;
    int64_t start = clock_monotonic();
    host_read(root, own_root, c->uuid, &h);
    if (!h.uuid[0]) {
        errno = 0;
        return false;
    }
    struct writer w = {.ps = {.root = root, .own_root = own_root},
                       .scale = {h.boot_ms, h.uptime_ms, h.memory_bytes, history, start}};
    struct processes_options o = {
        .lookup = own_root,
        .cmd_max = (size_t)c->cmd_max,
        .until = start + c->deadline - c->deadline / 10,
        .detail = write_one,
        .context = &w,
        .detail_max = (size_t)(c->full ? FULL_MAX : POOR_MAX) + 6 * (size_t)c->cmd_max,
    };
    for (;;) {
        if (!write_listing(&w, &h, c, &o, history, out))
            return false;
        if (out->len <= LISTING_MAX || o.cmd_max / 2 < CMD_FLOOR || clock_monotonic() >= o.until)
            return true;
        o.cmd_max /= 2;
    }
}
