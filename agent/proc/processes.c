#include "agent/proc/processes.h"

#include "agent/proc/cmdline.h"
#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/dir.h"
#include "handler/shared/json/write.h"
#include "handler/shared/log.h"
#include "handler/shared/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { PID_DIGITS = 10, DIRECTORY_ANSWER = NAMES_LEN };

/* Larger numbers in /proc are nonsense; the limits keep the arithmetic below from overflowing. */
#define PAGES_MAX   ((uint64_t)1 << 48)
#define SECONDS_MAX ((uint64_t)1 << 32)

/* ---- what runs: /proc/PID/stat */

struct proc_scan {
    struct processes *p;
    struct proc_closing closing;
};

static bool scan_is_pid(const char *name)
{
    return proc_entry_number(name) > 0 && name[0] != '0' && strlen(name) <= PID_DIGITS;
}

/* A process that ended meanwhile, or one that is hidden from the agent. */
static void scan_count_failure(struct processes *p, int error)
{
    if (proc_failure(error) == PROC_ENDED)
        p->vanished++;
    else
        p->unreadable++;
}

static struct proc *scan_add(struct processes *p)
{
    struct proc *list = vec_grow(p->list, p->count, &p->room, sizeof *list);
    if (!list)
        return NULL;
    p->list = list;
    p->list[p->count] = (struct proc){0};
    return &p->list[p->count++];
}

/* One read returns all of it. -1 with errno. */
static ssize_t scan_read_stat(int proc, const char *pid, struct proc_closing *closing,
                              char text[PROCSTAT_TEXT_MAX])
{
    char path[PID_DIGITS + sizeof "/stat"];
    size_t n_pid = strlen(pid);
    memcpy(path, pid, n_pid);
    memcpy(path + n_pid, "/stat", sizeof "/stat");
    int fd = proc_open(proc, path);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, PROCSTAT_TEXT_MAX);
    int saved = errno;
    proc_close_later(closing, fd);
    errno = saved;
    return n;
}

/* False only if memory is out; a process that cannot be read is counted. */
static bool scan_one(int proc, const char *pid, void *to)
{
    struct proc_scan *s = to;
    char text[PROCSTAT_TEXT_MAX];
    struct procstat stat;
    struct stat owner;
    if (!scan_is_pid(pid))
        return true;
    ssize_t n = scan_read_stat(proc, pid, &s->closing, text);
    if (n < 0 || fstatat(proc, pid, &owner, 0) != 0) {
        scan_count_failure(s->p, errno);
        return true;
    }
    if (!procstat_parse(text, (size_t)n, &stat)) {
        s->p->unreadable++;
        return true;
    }
    struct proc *new = scan_add(s->p);
    if (!new)
        return false;
    new->stat = stat;
    new->inode = owner.st_ino;
    return names_want(&s->p->names, owner.st_uid, &new->name);
}

static bool scan_all(struct processes *p, int proc)
{
    struct proc_scan s = {.p = p};
    bool ok = dir_visit(dir_open(proc, "."), scan_one, &s);
    proc_close_all(&s.closing);
    return ok;
}

static int scan_by_pid(const void *a, const void *b)
{
    int64_t x = ((const struct proc *)a)->stat.pid, y = ((const struct proc *)b)->stat.pid;
    return x < y ? -1 : x > y;
}

/* /proc lists them mostly in this order. */
static void scan_sort(struct processes *p)
{
    for (size_t i = 1; i < p->count; i++)
        if (scan_by_pid(&p->list[i - 1], &p->list[i]) > 0) {
            qsort(p->list, p->count, sizeof *p->list, scan_by_pid);
            return;
        }
}

/* ---- what may block: the names of users, and what the reader reads */

struct jobs {
    struct processes *p;
    const struct processes_options *o;
    int proc;
    size_t *places; /* in p->names, or in p->list */
    size_t count;
};

static bool jobs_run_user(void *context, size_t index, struct buf *out)
{
    const struct jobs *j = context;
    return names_lookup(j->p->names.list[j->places[index]].uid, out);
}

/* False if another process has the pid by now. */
static bool jobs_is_same(const struct jobs *j, const struct proc *p)
{
    char path[PROC_PID_PATH], text[PROCSTAT_TEXT_MAX];
    struct stat st;
    struct procstat now;
    struct proc_closing closing = {0};
    proc_pid_path(p->stat.pid, "", path);
    if (fstatat(j->proc, path, &st, 0) != 0 || st.st_ino == p->inode)
        return true; /* a process that has ended since was read completely */
    /* The kernel may also have dropped the inode from memory: then the start decides. */
    path[strlen(path) - 1] = '\0';
    ssize_t n = scan_read_stat(j->proc, path, &closing, text);
    proc_close_all(&closing);
    return n > 0 && procstat_parse(text, (size_t)n, &now) && now.start_ticks == p->stat.start_ticks;
}

/* An empty result: the process has ended. */
static bool jobs_run_reader(void *context, size_t index, struct buf *out)
{
    struct jobs *j = context;
    const struct processes_reader *r = &j->o->reader;
    const struct proc *p = &j->p->list[j->places[index]];
    enum proc_outcome outcome = r->read(r->context, j->proc, p, out);
    if (outcome == PROC_UNREADABLE)
        return false;
    if (outcome == PROC_ENDED || !jobs_is_same(j, p))
        buf_reset(out);
    return true;
}

/* The child stays: neither it nor its process is to be waited for again. */
static bool jobs_abandoned(void *context, size_t index, pid_t child)
{
    struct jobs *j = context;
    const struct procstat *s = &j->p->list[j->places[index]].stat;
    history_add_stuck(j->o->history, &(struct history_stuck){s->pid, s->start_ticks, child});
    return !history_is_full(j->o->history);
}

static bool jobs_abandoned_user(void *context, size_t index, pid_t child)
{
    const struct jobs *j = context;
    (void)index;
    history_add_stuck(j->o->history, &(struct history_stuck){.child = child});
    return false;
}

static struct guard_work jobs_work(struct jobs *j, int root)
{
    return (struct guard_work){
        .context = j, .count = j->count, .keep = {root, j->proc}, .until = j->o->until};
}

/* A directory service that does not answer is not asked again for some minutes. */
static void jobs_look_up_users(struct jobs *j, int root)
{
    struct names *names = &j->p->names;
    struct history *h = j->o->history;
    struct guard g;
    const char *name;
    size_t len;
    bool lost = false;
    j->count = 0;
    for (size_t i = 0; i < names->count; i++)
        if (!names->list[i].known)
            j->places[j->count++] = i;
    if (j->count == 0 || clock_monotonic() < h->no_lookup_until)
        return;
    struct guard_work work = jobs_work(j, root);
    work.job = jobs_run_user;
    work.abandoned = jobs_abandoned_user;
    work.result_max = DIRECTORY_ANSWER;
    work.stop_if_lost = true;
    if (!guard_run(&g, &work))
        return;
    for (size_t i = 0; i < j->count; i++) {
        enum guard_state state = guard_result(&g, i, &name, &len);
        if (state == GUARD_DONE)
            names_set(names, j->places[i], name, len);
        lost = lost || state == GUARD_LOST;
    }
    guard_release(&g);
    if (lost)
        h->no_lookup_until = clock_monotonic() + HISTORY_LOOKUP_PAUSE;
}

/*
 * Kernel threads and zombies have no command line. That of a process in uninterruptible sleep is
 * not read: another process may hold the lock of its memory forever. The same holds for a process
 * that an earlier beat waits for.
 */
static void jobs_plan(struct jobs *j)
{
    struct processes *p = j->p;
    j->count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct procstat *s = &p->list[i].stat;
        bool none = (s->flags & PROCSTAT_KTHREAD) || s->state == 'Z' || s->state == 'X';
        bool stuck = history_is_stuck(j->o->history, s->pid, s->start_ticks);
        if (!j->o->reader.all) {
            stuck = stuck || (!none && s->state == 'D');
            if (none)
                continue;
        }
        if (stuck)
            p->unreadable++;
        else
            j->places[j->count++] = i;
    }
}

static void jobs_take(struct jobs *j, struct proc *p, size_t index)
{
    const char *bytes;
    size_t len;
    if (guard_result(&j->p->guard, index, &bytes, &len) != GUARD_DONE) {
        j->p->unreadable++;
        return;
    }
    p->ended = len == 0;
    p->read = len > 0;
    p->result = (struct text){bytes, len};
}

/* Without memory to share, nothing is read, but the processes are listed. */
static void jobs_read(struct jobs *j, int root)
{
    struct processes *p = j->p;
    struct guard_work work = jobs_work(j, root);
    work.job = jobs_run_reader;
    work.abandoned = jobs_abandoned;
    work.result_max = j->o->reader.max;
    if (j->count == 0)
        return;
    if (history_is_full(j->o->history) || !guard_run(&p->guard, &work)) {
        log_event(LOG_WARN, "not_read", "count=%zu reason=%s", j->count,
                  history_is_full(j->o->history) ? "too many processes do not answer"
                                                 : strerror(errno));
        p->unreadable += j->count;
        return;
    }
    for (size_t i = 0; i < j->count; i++)
        jobs_take(j, &p->list[j->places[i]], i);
}

static void jobs_drop_ended(struct processes *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (p->list[i].ended)
            p->vanished++;
        else
            p->list[kept++] = p->list[i];
    }
    p->count = kept;
}

static bool jobs_run(struct processes *p, const struct processes_options *o, int root, int proc)
{
    struct jobs j = {.p = p, .o = o, .proc = proc};
    size_t most = p->count > p->names.count ? p->count : p->names.count;
    j.places = calloc(most + 1, sizeof *j.places);
    if (!j.places)
        return false;
    history_reap(o->history);
    if (o->lookup && !history_is_full(o->history))
        jobs_look_up_users(&j, root);
    jobs_plan(&j);
    jobs_read(&j, root);
    jobs_drop_ended(p);
    free(j.places);
    return true;
}

bool processes_scan(int root, const struct processes_options *o, struct processes *p)
{
    *p = (struct processes){0};
    names_init(&p->names);
    int proc = tree_directory(root, "proc");
    if (proc < 0)
        return false;
    bool ok = scan_all(p, proc);
    if (ok) {
        scan_sort(p);
        names_load(&p->names, root);
        ok = jobs_run(p, o, root, proc);
    }
    int saved = errno;
    close(proc);
    errno = saved;
    return ok;
}

void processes_release(struct processes *p)
{
    if (p->guard.shared)
        guard_release(&p->guard);
    names_release(&p->names);
    free(p->list);
    *p = (struct processes){0};
}

/* ---- the record */

/* What is the same for all processes of a record. */
struct writer {
    const struct names *names;
    const struct processes_scale *scale;
    const struct processes_format *format;
    uint64_t page;
    size_t truncated;
    struct buf *out;
};

/* A share as "12.3"; what is beyond the tenths is dropped, as ps does. */
static void write_percent(struct buf *out, double part, double whole)
{
    double tenths = whole > 0 ? part * 1000 / whole : 0;
    uint64_t n = tenths < 1e9 ? (uint64_t)tenths : 1000000000;
    buf_u64(out, n / 10);
    buf_putc(out, '.');
    buf_putc(out, (char)('0' + n % 10));
}

static struct history_entry write_entry(const struct procstat *s)
{
    return (struct history_entry){s->pid, s->start_ticks, s->cpu_ticks};
}

bool processes_cpu(const struct processes_scale *scale, const struct procstat *s, double *percent)
{
    struct history_entry e = write_entry(s);
    return history_percent(scale->before, &e, &scale->clock, percent);
}

static void write_cpu(struct writer *w, const struct procstat *s)
{
    double percent;
    buf_puts(w->out, ",\"cpu\":");
    if (processes_cpu(w->scale, s, &percent))
        write_percent(w->out, percent, 100);
    else
        buf_puts(w->out, "null");
}

static void write_memory(struct writer *w, uint64_t rss)
{
    buf_puts(w->out, ",\"mem\":");
    if (w->scale->memory_bytes)
        write_percent(w->out, (double)rss, (double)w->scale->memory_bytes);
    else
        buf_puts(w->out, "null");
    buf_puts_u64(w->out, ",\"rss\":", rss);
}

static void write_start(struct writer *w, const struct procstat *s)
{
    char time[CLOCK_TIME_LEN + 1];
    uint64_t hertz = w->scale->clock.hertz;
    buf_puts(w->out, ",\"start\":");
    if (w->scale->boot_ms == 0 || s->start_ticks / hertz > SECONDS_MAX) {
        buf_puts(w->out, "null");
        return;
    }
    clock_rfc3339(w->scale->boot_ms + (int64_t)(s->start_ticks * 1000 / hertz), time);
    jsonw_string(w->out, time, CLOCK_TIME_LEN);
}

static void write_tty(struct writer *w, const struct procstat *s)
{
    char tty[PROCSTAT_TTY_MAX];
    buf_puts(w->out, ",\"tty\":");
    if (procstat_tty(s->tty, tty))
        jsonw_str(w->out, tty);
    else
        buf_puts(w->out, "null");
}

static void write_cmd(struct writer *w, const struct proc *p, const struct cmdline *c)
{
    buf_puts(w->out, ",\"cmd\":");
    if (c->text.len) {
        size_t keep = cmdline_cut(c->text.ptr, c->text.len, w->format->cmd_max);
        w->truncated += c->cut || keep < c->text.len;
        jsonw_string(w->out, c->text.ptr, keep);
        return;
    }
    char name[PROCSTAT_COMM_MAX + 2];
    name[0] = '[';
    memcpy(name + 1, p->stat.comm, p->stat.comm_len);
    name[1 + p->stat.comm_len] = ']';
    jsonw_string(w->out, name, p->stat.comm_len + 2u);
}

static void write_one(struct writer *w, const struct proc *p)
{
    const struct procstat *s = &p->stat;
    const struct name *user = &w->names->list[p->name];
    struct buf *out = w->out;
    struct cmdline c = {0};
    if (p->read)
        cmdline_unpack(p->result, &c);
    buf_puts(out, "{\"pid\":");
    buf_i64(out, s->pid);
    buf_puts(out, ",\"ppid\":");
    buf_i64(out, s->ppid);
    buf_puts(out, ",\"user\":");
    jsonw_str(out, user->text);
    buf_puts_u64(out, ",\"uid\":", user->uid);
    write_cpu(w, s);
    write_memory(w, (s->rss_pages < PAGES_MAX ? s->rss_pages : PAGES_MAX) * w->page);
    buf_puts(out, ",\"state\":");
    jsonw_string(out, &s->state, 1);
    write_start(w, s);
    buf_puts_u64(out, ",\"start_ticks\":", s->start_ticks);
    buf_puts(out, ",\"threads\":");
    buf_i64(out, s->threads);
    write_tty(w, s);
    write_cmd(w, p, &c);
    if (w->format->containers) {
        buf_puts(out, ",\"container\":");
        c.container ? jsonw_str(out, c.container) : buf_puts(out, "null");
    }
    buf_putc(out, '}');
}

void processes_write_cmd(const struct processes *p, size_t index,
                         const struct processes_format *format, struct buf *out)
{
    struct writer w = {.format = format, .out = out};
    struct cmdline c = {0};
    if (p->list[index].read)
        cmdline_unpack(p->list[index].result, &c);
    write_cmd(&w, &p->list[index], &c);
}

size_t processes_write(const struct processes *p, const struct processes_scale *scale,
                       const struct processes_format *format, struct buf *out)
{
    struct writer w = {.names = &p->names,
                       .scale = scale,
                       .format = format,
                       .page = (uint64_t)sysconf(_SC_PAGESIZE),
                       .out = out};
    buf_putc(out, '[');
    for (size_t i = 0; i < p->count; i++) {
        if (i)
            buf_putc(out, ',');
        write_one(&w, &p->list[i]);
    }
    buf_putc(out, ']');
    return w.truncated;
}

void processes_remember(const struct processes *p, int64_t now, struct history *h)
{
    history_start(h, now);
    for (size_t i = 0; i < p->count; i++) {
        struct history_entry e = write_entry(&p->list[i].stat);
        history_add(h, &e);
    }
}
