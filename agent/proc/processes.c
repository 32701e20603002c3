#include "agent/proc/processes.h"

#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

enum { FIRST_ROOM = 512, PID_DIGITS = 10 };

/* Above these a number of /proc is nonsense; they keep the arithmetic below from overflowing. */
#define PAGES_MAX   ((uint64_t)1 << 48)
#define SECONDS_MAX ((uint64_t)1 << 32)

static bool is_pid(const char *name)
{
    size_t n = strspn(name, "0123456789");
    return n > 0 && n <= PID_DIGITS && name[n] == '\0' && name[0] != '0';
}

/* A process that ended between two looks at it, or one that is hidden from us. */
static void count_failure(struct processes *p, int error)
{
    if (error == ENOENT || error == ESRCH)
        p->vanished++;
    else
        p->unreadable++;
}

static struct process *add(struct processes *p)
{
    if (p->count == p->room) {
        size_t room = p->room ? p->room * 2 : FIRST_ROOM;
        struct process *list = reallocarray(p->list, room, sizeof *list);
        if (!list)
            return NULL;
        p->list = list;
        p->room = room;
    }
    p->list[p->count] = (struct process){0};
    return &p->list[p->count++];
}

/* stat in one read, which is all of it; -1 with errno. */
static ssize_t read_stat(int proc, const char *pid, struct tree_closing *closing,
                         char text[PROCSTAT_TEXT_MAX])
{
    char path[PID_DIGITS + sizeof "/stat"];
    size_t n_pid = strlen(pid);
    memcpy(path, pid, n_pid);
    memcpy(path + n_pid, "/stat", sizeof "/stat");
    int fd = tree_open(proc, path);
    if (fd < 0)
        return -1;
    ssize_t n = read(fd, text, PROCSTAT_TEXT_MAX);
    tree_close_later(closing, fd);
    return n;
}

/* False only when memory is out; a process that cannot be read is counted. */
static bool scan_one(struct processes *p, int proc, const char *pid, struct tree_closing *closing)
{
    char text[PROCSTAT_TEXT_MAX];
    struct procstat stat;
    struct stat owner;
    ssize_t n = read_stat(proc, pid, closing, text);
    if (n < 0 || fstatat(proc, pid, &owner, 0) != 0) {
        count_failure(p, errno);
        return true;
    }
    if (!procstat_parse(text, (size_t)n, &stat)) {
        p->unreadable++;
        return true;
    }
    struct process *new = add(p);
    if (!new)
        return false;
    new->stat = stat;
    return names_want(&p->names, owner.st_uid, &new->name);
}

static bool scan_all(struct processes *p, int proc)
{
    int fd = dup(proc); /* closedir() closes it; the guarded jobs need one for themselves */
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        if (fd >= 0)
            close(fd);
        return false;
    }
    struct tree_closing closing = {0};
    bool ok = true;
    errno = 0;
    for (const struct dirent *e; ok && (e = readdir(dir));)
        ok = !is_pid(e->d_name) || scan_one(p, proc, e->d_name, &closing);
    tree_close_all(&closing);
    closedir(dir);
    return ok;
}

static int by_pid(const void *a, const void *b)
{
    int64_t x = ((const struct process *)a)->stat.pid, y = ((const struct process *)b)->stat.pid;
    return x < y ? -1 : x > y;
}

/* /proc mostly tells them in this order. */
static void sort(struct processes *p)
{
    for (size_t i = 1; i < p->count; i++)
        if (by_pid(&p->list[i - 1], &p->list[i]) > 0) {
            qsort(p->list, p->count, sizeof *p->list, by_pid);
            return;
        }
}

/* The jobs that may block: users to be looked up; then what is to be read of each process. */
struct jobs {
    struct processes *p;
    const struct processes_options *o;
    struct cmdline_reader reader;
    int keep_fd;
    size_t *places; /* in p->names, then in p->list */
    size_t count;
};

static bool run_user(void *context, size_t index, struct buf *out)
{
    const struct jobs *j = context;
    return names_lookup(j->p->names.list[j->places[index]].uid, out);
}

static bool run_reader(void *context, size_t index, struct buf *out)
{
    struct jobs *j = context;
    const struct process *process = &j->p->list[j->places[index]];
    if (j->o->detail)
        return j->o->detail(j->o->context, process, &j->p->names, out);
    return cmdline_pack(&j->reader, process->stat.pid, out);
}

static void look_up_users(struct jobs *j)
{
    struct names *names = &j->p->names;
    struct guard g;
    const char *name;
    size_t len;
    j->count = 0;
    for (size_t i = 0; i < names->count; i++)
        if (!names->list[i].known)
            j->places[j->count++] = i;
    if (j->count == 0 || !guard_run(&g, j->count, NAMES_LEN, run_user, j, j->keep_fd, j->o->until))
        return;
    for (size_t i = 0; i < j->count; i++)
        if (guard_result(&g, i, &name, &len) == GUARD_DONE)
            names_set(names, j->places[i], name, len);
    guard_release(&g);
}

/*
 * Kernel threads and zombies have no command line. That of a process in uninterruptible sleep is
 * left alone: whoever holds its memory's lock may hold it for ever. A detail knows all that itself.
 */
static void plan_readers(struct jobs *j)
{
    struct processes *p = j->p;
    j->count = 0;
    for (size_t i = 0; i < p->count; i++) {
        const struct procstat *s = &p->list[i].stat;
        bool none = (s->flags & PROCSTAT_KTHREAD) || s->state == 'Z' || s->state == 'X';
        bool stuck = !none && s->state == 'D';
        if (j->o->detail || (!none && !stuck))
            j->places[j->count++] = i;
        else
            p->unreadable += stuck;
    }
}

static void take_result(struct jobs *j, struct process *process, size_t index)
{
    const char *bytes;
    size_t len;
    struct cmdline c;
    enum guard_state state = guard_result(&j->p->guard, index, &bytes, &len);
    if (j->o->detail) {
        process->gone = state == GUARD_EMPTY;
        process->cmd = state == GUARD_DONE ? bytes : NULL;
        process->cmd_len = len;
        return;
    }
    if (state != GUARD_DONE || !cmdline_unpack(bytes, len, &c)) {
        j->p->unreadable++;
        return;
    }
    process->gone = c.gone;
    process->cmd = c.len ? c.text : NULL;
    process->cmd_len = c.len;
    process->cut = c.cut;
    process->container = c.container;
}

/* Without memory to share nothing is read; the processes are there all the same. */
static void run_readers(struct jobs *j)
{
    struct processes *p = j->p;
    size_t max = j->o->detail ? j->o->detail_max : cmdline_packed_max(j->reader.max);
    if (j->count == 0)
        return;
    if (!guard_run(&p->guard, j->count, max, run_reader, j, j->keep_fd, j->o->until)) {
        p->unreadable += j->count;
        return;
    }
    for (size_t i = 0; i < j->count; i++)
        take_result(j, &p->list[j->places[i]], i);
}

static void drop_gone(struct processes *p)
{
    size_t kept = 0;
    for (size_t i = 0; i < p->count; i++) {
        if (p->list[i].gone)
            p->vanished++;
        else
            p->list[kept++] = p->list[i];
    }
    p->count = kept;
}

static bool read_more(struct processes *p, const struct processes_options *o, int root, int proc)
{
    struct jobs j = {.p = p, .o = o, .keep_fd = o->detail ? root : proc};
    size_t most = p->count > p->names.count ? p->count : p->names.count;
    j.places = calloc(most + 1, sizeof *j.places);
    if (!j.places)
        return false;
    cmdline_init(&j.reader, proc, o->args, o->containers, o->cmd_max);
    if (o->lookup)
        look_up_users(&j);
    plan_readers(&j);
    run_readers(&j);
    drop_gone(p);
    free(j.places);
    cmdline_release(&j.reader);
    return true;
}

bool processes_scan(int root, const struct processes_options *o, struct processes *p)
{
    *p = (struct processes){.containers = o->containers};
    names_init(&p->names);
    int proc = openat(root, "proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (proc < 0)
        return false;
    bool ok = scan_all(p, proc);
    if (ok) {
        sort(p);
        names_load(&p->names, root);
        ok = read_more(p, o, root, proc);
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

/* What all processes' numbers are related to, looked up once. */
struct units {
    uint64_t hertz, page;
    const struct processes_scale *scale;
};

/* "12.3" of a share; as ps does, what is beyond the tenths is dropped. */
static void put_percent(struct buf *out, double part, double whole)
{
    double tenths = whole > 0 ? part * 1000 / whole : 0;
    uint64_t n = tenths < 1e9 ? (uint64_t)tenths : 1000000000;
    buf_u64(out, n / 10);
    buf_putc(out, '.');
    buf_putc(out, (char)('0' + n % 10));
}

static struct history_entry used_by(const struct procstat *s)
{
    return (struct history_entry){s->pid, s->start_ticks, s->cpu_ticks};
}

double processes_cpu(const struct processes_scale *scale, const struct procstat *s)
{
    struct history_entry e = used_by(s);
    return history_percent(scale->before, &e, scale->now, scale->uptime_ms,
                           (uint64_t)sysconf(_SC_CLK_TCK));
}

static void put_cpu(struct buf *out, const struct procstat *s, const struct units *u)
{
    put_percent(out, processes_cpu(u->scale, s), 100);
}

static void put_start(struct buf *out, const struct procstat *s, const struct units *u)
{
    char time[CLOCK_TIME_LEN + 1];
    if (s->start_ticks / u->hertz > SECONDS_MAX) {
        buf_puts(out, "null");
        return;
    }
    int64_t after_boot = (int64_t)(s->start_ticks * 1000 / u->hertz);
    clock_rfc3339(u->scale->boot_ms + after_boot, time);
    jsonw_string(out, time, CLOCK_TIME_LEN);
}

static void put_tty(struct buf *out, const struct procstat *s)
{
    char tty[PROCSTAT_TTY_MAX];
    if (procstat_tty(s->tty, tty))
        jsonw_str(out, tty);
    else
        buf_puts(out, "null");
}

static void put_cmd(struct buf *out, const struct process *p, size_t cmd_max, size_t *truncated)
{
    if (p->cmd) {
        size_t keep = cmdline_cut(p->cmd, p->cmd_len, cmd_max);
        *truncated += p->cut || keep < p->cmd_len;
        jsonw_string(out, p->cmd, keep);
        return;
    }
    char name[PROCSTAT_COMM_MAX + 2];
    name[0] = '[';
    memcpy(name + 1, p->stat.comm, p->stat.comm_len);
    name[1 + p->stat.comm_len] = ']';
    jsonw_string(out, name, p->stat.comm_len + 2u);
}

static void write_one(const struct processes *all, const struct process *p, const struct units *u,
                      size_t cmd_max, size_t *truncated, struct buf *out)
{
    const struct procstat *s = &p->stat;
    const struct name *user = &all->names.list[p->name];
    uint64_t pages = s->rss_pages < PAGES_MAX ? s->rss_pages : PAGES_MAX;
    buf_puts(out, "{\"pid\":");
    buf_i64(out, s->pid);
    buf_puts(out, ",\"ppid\":");
    buf_i64(out, s->ppid);
    buf_puts(out, ",\"user\":");
    jsonw_str(out, user->text);
    buf_puts(out, ",\"uid\":");
    buf_u64(out, user->uid);
    buf_puts(out, ",\"cpu\":");
    put_cpu(out, s, u);
    buf_puts(out, ",\"mem\":");
    put_percent(out, (double)(pages * u->page), (double)u->scale->memory_bytes);
    buf_puts(out, ",\"rss\":");
    buf_u64(out, pages * u->page);
    buf_puts(out, ",\"state\":");
    jsonw_string(out, &s->state, 1);
    buf_puts(out, ",\"start\":");
    put_start(out, s, u);
    buf_puts(out, ",\"start_ticks\":");
    buf_u64(out, s->start_ticks);
    buf_puts(out, ",\"threads\":");
    buf_i64(out, s->threads);
    buf_puts(out, ",\"tty\":");
    put_tty(out, s);
    buf_puts(out, ",\"cmd\":");
    put_cmd(out, p, cmd_max, truncated);
    if (all->containers) {
        buf_puts(out, ",\"container\":");
        p->container ? jsonw_str(out, p->container) : buf_puts(out, "null");
    }
    buf_putc(out, '}');
}

void processes_write(const struct processes *p, const struct processes_scale *scale, size_t cmd_max,
                     size_t *truncated, struct buf *out)
{
    struct units u = {.hertz = (uint64_t)sysconf(_SC_CLK_TCK),
                      .page = (uint64_t)sysconf(_SC_PAGESIZE),
                      .scale = scale};
    *truncated = 0;
    buf_putc(out, '[');
    for (size_t i = 0; i < p->count; i++) {
        if (i)
            buf_putc(out, ',');
        write_one(p, &p->list[i], &u, cmd_max, truncated, out);
    }
    buf_putc(out, ']');
}

void processes_remember(const struct processes *p, int64_t now, struct history *h)
{
    history_start(h, now);
    for (size_t i = 0; i < p->count; i++) {
        struct history_entry e = used_by(&p->list[i].stat);
        history_add(h, &e);
    }
}
