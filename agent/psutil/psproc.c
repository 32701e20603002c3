#include "agent/psutil/psproc.h"

#include "agent/proc/procfs.h"
#include "agent/psutil/psfull.h"
#include "agent/psutil/psnet.h"

#include "handler/shared/buf.h"
#include "handler/shared/dir.h"
#include "handler/shared/json/write.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

enum {
    STATUS_MAX = 1 << 20, /* a process may be in 65536 groups */
    CPU_WORDS = 128,      /* 8192 CPUs */
    WORD_BITS = 64,
    NAME_CUT = 15, /* the kernel keeps as much of a name */
    IOPRIO_PROCESS = 1,
    IOPRIO_SHIFT = 13,
    MEMORY_FIELDS = 7,
};

/* One process while it is written. */
struct subject {
    struct psproc *p;
    const struct procstat *s;
    const double *cpu;  /* NULL: unknown */
    int dir;            /* /proc/PID; -1: do not read it */
    const char *user;   /* the name, if it is known already */
    struct buf status;  /* its text */
    struct buf cmdline; /* JSON */
    char exe[PATH_MAX];
    bool has_exe, no_exe; /* `exe` is set; the process has no program, as a kernel thread */
    bool has_memory;
    uint64_t memory[MEMORY_FIELDS]; /* rss vms shared text lib data dirty, in bytes */
    struct buf *out;
};

void psproc_init(struct psproc *p, int root, enum cmdline_args args, size_t cmd_max)
{
    *p = (struct psproc){.root = root,
                         .hertz = (uint64_t)sysconf(_SC_CLK_TCK),
                         .page = (uint64_t)sysconf(_SC_PAGESIZE)};
    cmdline_init(&p->reader, args, false, cmd_max);
}

void psproc_release(struct psproc *p)
{
    cmdline_release(&p->reader);
    psnet_release(&p->net);
}

static void psproc_put_null(struct buf *out)
{
    buf_puts(out, "null");
}

/* A path of the process, which may contain anything, below the root. */
static bool psproc_exists(int root, const char *path, struct stat *st)
{
    return path[0] == '/' && path[1] && tree_stat(root, path, st);
}

/* The target of a link, without the mark of a removed file; false with errno. */
static bool psproc_read_link(const struct subject *x, const char *name, char out[PATH_MAX])
{
    ssize_t n = readlinkat(x->dir, name, out, PATH_MAX - 1);
    out[n < 0 ? 0 : n] = '\0';
    if (n < 0)
        return false;
    out[psfull_without_mark(x->p->root, out, (size_t)n)] = '\0';
    return true;
}

static struct text psproc_status_text(const struct subject *x)
{
    return (struct text){x->status.data, x->status.len};
}

/* Clock ticks as seconds with three decimals. */
static void psproc_put_ticks(uint64_t ticks, uint64_t hertz, struct buf *out)
{
    uint64_t whole = ticks / hertz, thousandths = ticks % hertz * 1000 / hertz;
    buf_printf(out, "%llu.%03llu", (unsigned long long)whole, (unsigned long long)thousandths);
}

/* ---- members, by name */

static void psproc_put_cmdline(struct subject *x)
{
    if (x->cmdline.len)
        buf_add(x->out, x->cmdline.data, x->cmdline.len);
    else
        psproc_put_null(x->out);
}

static void psproc_put_affinity(struct subject *x)
{
    unsigned long set[CPU_WORDS] = {0};
    long n = -1;
    if (x->p->own_root)
        n = syscall(SYS_sched_getaffinity, (pid_t)x->s->pid, sizeof set, set);
    if (n <= 0) {
        psproc_put_null(x->out);
        return;
    }
    bool first = true;
    buf_putc(x->out, '[');
    for (unsigned cpu = 0; cpu < (unsigned)n * CHAR_BIT; cpu++) {
        if (!(set[cpu / WORD_BITS] >> cpu % WORD_BITS & 1))
            continue;
        if (!first)
            buf_putc(x->out, ',');
        first = false;
        buf_u64(x->out, cpu);
    }
    buf_putc(x->out, ']');
}

static void psproc_put_ionice(struct subject *x)
{
    long n = -1;
    if (x->p->own_root)
        n = syscall(SYS_ioprio_get, IOPRIO_PROCESS, (int)x->s->pid);
    if (n < 0)
        psproc_put_null(x->out);
    else
        buf_printf(x->out, "[%ld,%ld]", n >> IOPRIO_SHIFT, n & ((1L << IOPRIO_SHIFT) - 1));
}

static void psproc_put_cwd(struct subject *x)
{
    char path[PATH_MAX];
    if (psproc_read_link(x, "cwd", path))
        jsonw_str(x->out, path);
    else
        psproc_put_null(x->out);
}

/* If the link cannot be read, psutil takes the first argument, if that is an executable. */
static void psproc_put_exe(struct subject *x)
{
    struct stat st;
    struct text first = cmdline_first(&x->p->reader);
    char path[PATH_MAX] = "";
    if (!x->has_exe && x->cmdline.len && first.len < sizeof path)
        snprintf(path, sizeof path, "%.*s", (int)first.len, first.ptr ? first.ptr : "");
    if (x->has_exe)
        jsonw_str(x->out, x->exe);
    else if (psproc_exists(x->p->root, path, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0111))
        jsonw_str(x->out, path);
    else if (x->no_exe)
        buf_puts(x->out, "\"\""); /* a kernel thread, a zombie */
    else
        psproc_put_null(x->out);
}

/* The numbers of a line "Uid:": real, effective, saved. */
static void psproc_put_ids(struct subject *x, const char *name)
{
    uint64_t n[3];
    if (proc_number_field(psproc_status_text(x), name, n, 3))
        psfull_array(n, 3, x->out);
    else
        psproc_put_null(x->out);
}

static void psproc_put_uids(struct subject *x)
{
    psproc_put_ids(x, "Uid");
}

static void psproc_put_gids(struct subject *x)
{
    psproc_put_ids(x, "Gid");
}

static void psproc_put_switches(struct subject *x)
{
    uint64_t n[2];
    if (proc_number_field(psproc_status_text(x), "voluntary_ctxt_switches", &n[0], 1) &&
        proc_number_field(psproc_status_text(x), "nonvoluntary_ctxt_switches", &n[1], 1))
        psfull_array(n, 2, x->out);
    else
        psproc_put_null(x->out);
}

static void psproc_put_memory(struct subject *x)
{
    if (x->has_memory)
        psfull_array(x->memory, MEMORY_FIELDS, x->out);
    else
        psproc_put_null(x->out);
}

static void psproc_put_memory_percent(struct subject *x)
{
    if (x->has_memory && x->p->memory_bytes)
        buf_printf(x->out, "%.15g", (double)x->memory[0] / (double)x->p->memory_bytes * 100);
    else
        psproc_put_null(x->out);
}

/* The first argument is the path of an executable, as far as a process may be looked at. */
static bool psproc_names_executable(const struct subject *x, const char *first, size_t len)
{
    struct stat st;
    char path[PATH_MAX];
    if (x->has_exe) {
        const char *exe = strrchr(x->exe, '/'), *base = memrchr(first, '/', len);
        size_t n = base ? (size_t)(first + len - base) - 1 : len;
        return exe && strlen(exe + 1) == n && memcmp(exe + 1, first + len - n, n) == 0;
    }
    if (len >= sizeof path)
        return false;
    snprintf(path, sizeof path, "%.*s", (int)len, first);
    return psproc_exists(x->p->root, path, &st) && S_ISREG(st.st_mode) && (st.st_mode & 0111);
}

/*
 * How much of `base`, the base name in the first argument, is the program's name. A process may
 * write anything there: unless it names an executable, the first character that starts an argument
 * or a value ends it.
 */
static size_t psproc_program_name(const struct subject *x, const char *first, size_t len,
                                  const char *base)
{
    size_t n = 0, base_len = len - (size_t)(base - first);
    if (psproc_names_executable(x, first, len))
        return base_len;
    while (n < base_len && (unsigned char)base[n] > ' ' && !strchr("=:@", base[n]))
        n++;
    return n;
}

/* The kernel keeps NAME_CUT bytes of a name. The first argument may have all of it. */
static void psproc_put_name(struct subject *x)
{
    const struct procstat *s = x->s;
    struct text argument = cmdline_first(&x->p->reader);
    const char *first = argument.ptr;
    size_t len = argument.len;
    if (s->comm_len >= NAME_CUT && x->cmdline.len && len) {
        const char *slash = memrchr(first, '/', len);
        const char *base = slash ? slash + 1 : first;
        size_t base_len = psproc_program_name(x, first, len, base);
        if (base_len >= s->comm_len && memcmp(base, s->comm, s->comm_len) == 0) {
            jsonw_string(x->out, base, base_len);
            return;
        }
    }
    jsonw_string(x->out, s->comm, s->comm_len);
}

static void psproc_put_terminal(struct subject *x)
{
    char name[PROCSTAT_TTY_MAX], path[PROCSTAT_TTY_MAX + 8];
    struct stat st;
    if (procstat_tty(x->s->tty, name) &&
        (strncmp(name, "tty", 3) == 0 || strncmp(name, "pts/", 4) == 0)) {
        snprintf(path, sizeof path, "/dev/%s", name);
        if (psproc_exists(x->p->root, path, &st) && S_ISCHR(st.st_mode)) {
            jsonw_str(x->out, path);
            return;
        }
    }
    psproc_put_null(x->out);
}

struct threads {
    struct subject *x;
    bool first;
};

/* A thread that ended meanwhile is left out. */
static bool psproc_put_thread(int dir, const char *id, void *to)
{
    struct threads *all = to;
    const struct subject *x = all->x;
    char path[40], text[PROCSTAT_TEXT_MAX];
    struct procstat t;
    snprintf(path, sizeof path, "%.20s/stat", id);
    int fd = proc_entry_number(id) < 0 ? -1 : proc_open(dir, path);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof text);
    close(fd);
    if (n <= 0 || !procstat_parse(text, (size_t)n, &t))
        return true;
    buf_printf(x->out, all->first ? "[%s," : ",[%s,", id);
    all->first = false;
    psproc_put_ticks(t.user_ticks, x->p->hertz, x->out);
    buf_putc(x->out, ',');
    psproc_put_ticks(t.system_ticks, x->p->hertz, x->out);
    buf_putc(x->out, ']');
    return true;
}

static void psproc_put_threads(struct subject *x)
{
    struct threads all = {x, true};
    int fd = dir_open(x->dir, "task");
    if (fd < 0) {
        psproc_put_null(x->out);
        return;
    }
    buf_putc(x->out, '[');
    dir_visit(fd, psproc_put_thread, &all);
    buf_putc(x->out, ']');
}

/* The real user, as psutil has it. */
static void psproc_put_username(struct subject *x)
{
    uint64_t uid;
    size_t at;
    if (x->user) {
        jsonw_str(x->out, x->user);
    } else if (proc_number_field(psproc_status_text(x), "Uid", &uid, 1) &&
               names_want(x->p->names, (uid_t)uid, &at)) {
        if (!x->p->names->list[at].known)
            names_load(x->p->names, x->p->root);
        jsonw_str(x->out, x->p->names->list[at].text);
    } else {
        psproc_put_null(x->out);
    }
}

static void psproc_put_cpu_num(struct subject *x)
{
    if (x->s->cpu_num < 0)
        psproc_put_null(x->out);
    else
        buf_i64(x->out, x->s->cpu_num);
}

static void psproc_put_cpu_times(struct subject *x)
{
    const struct procstat *s = x->s;
    const uint64_t ticks[] = {s->user_ticks, s->system_ticks, s->children_user_ticks,
                              s->children_system_ticks, s->iowait_ticks};
    for (size_t i = 0; i < sizeof ticks / sizeof *ticks; i++) {
        buf_putc(x->out, i ? ',' : '[');
        psproc_put_ticks(ticks[i], x->p->hertz, x->out);
    }
    buf_putc(x->out, ']');
}

static void psproc_put_create_time(struct subject *x)
{
    uint64_t hertz = x->p->hertz, boot = (uint64_t)x->p->boot_ms / 1000;
    if (boot)
        psproc_put_ticks(x->s->start_ticks + boot * hertz, hertz, x->out);
    else
        psproc_put_null(x->out);
}

static const char *psproc_status_word(char state)
{
    static const struct {
        char letter;
        const char *word;
    } words[] = {{'R', "running"},      {'S', "sleeping"}, {'D', "disk-sleep"}, {'T', "stopped"},
                 {'t', "tracing-stop"}, {'Z', "zombie"},   {'X', "dead"},       {'x', "dead"},
                 {'K', "wake-kill"},    {'W', "waking"},   {'I', "idle"},       {'P', "parked"}};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (words[i].letter == state)
            return words[i].word;
    return "?";
}

static void psproc_put_status(struct subject *x)
{
    jsonw_str(x->out, psproc_status_word(x->s->state));
}

static void psproc_put_pid(struct subject *x)
{
    buf_i64(x->out, x->s->pid);
}

static void psproc_put_ppid(struct subject *x)
{
    buf_i64(x->out, x->s->ppid);
}

static void psproc_put_nice(struct subject *x)
{
    buf_i64(x->out, x->s->nice);
}

static void psproc_put_num_threads(struct subject *x)
{
    buf_i64(x->out, x->s->threads);
}

static void psproc_put_cpu_percent(struct subject *x)
{
    if (x->cpu)
        buf_printf(x->out, "%.1f", *x->cpu);
    else
        psproc_put_null(x->out);
}

/* ---- the object */

static void psproc_put_connections(struct subject *x)
{
    psnet_connections(&x->p->net, x->dir, x->out);
}

static void psproc_put_io_counters(struct subject *x)
{
    psfull_io(x->dir, x->out);
}

static void psproc_put_memory_full(struct subject *x)
{
    if (x->has_memory)
        psfull_memory(x->dir, x->memory, x->out);
    else
        psproc_put_null(x->out);
}

static void psproc_put_memory_maps(struct subject *x)
{
    psfull_maps(x->dir, x->p->root, x->out);
}

static void psproc_put_num_fds(struct subject *x)
{
    psfull_num_fds(x->dir, x->out);
}

static void psproc_put_open_files(struct subject *x)
{
    psfull_files(x->dir, x->p->root, x->out);
}

/* In the order of their names. */
static const struct {
    const char *name;
    void (*put)(struct subject *x); /* NULL: null */
    bool full;
} members[] = {
    {"cmdline", psproc_put_cmdline, false},
    {"connections", psproc_put_connections, true},
    {"cpu_affinity", psproc_put_affinity, false},
    {"cpu_num", psproc_put_cpu_num, false},
    {"cpu_percent", psproc_put_cpu_percent, false},
    {"cpu_times", psproc_put_cpu_times, false},
    {"create_time", psproc_put_create_time, false},
    {"cwd", psproc_put_cwd, false},
    {"environ", NULL, false},
    {"exe", psproc_put_exe, false},
    {"gids", psproc_put_gids, false},
    {"io_counters", psproc_put_io_counters, true},
    {"ionice", psproc_put_ionice, false},
    {"memory_full_info", psproc_put_memory_full, true},
    {"memory_info", psproc_put_memory, false},
    {"memory_maps", psproc_put_memory_maps, true},
    {"memory_percent", psproc_put_memory_percent, false},
    {"name", psproc_put_name, false},
    {"nice", psproc_put_nice, false},
    {"num_ctx_switches", psproc_put_switches, false},
    {"num_fds", psproc_put_num_fds, true},
    {"num_threads", psproc_put_num_threads, false},
    {"open_files", psproc_put_open_files, true},
    {"pid", psproc_put_pid, false},
    {"ppid", psproc_put_ppid, false},
    {"status", psproc_put_status, false},
    {"terminal", psproc_put_terminal, false},
    {"threads", psproc_put_threads, false},
    {"uids", psproc_put_uids, false},
    {"username", psproc_put_username, false},
};

static void psproc_write_members(struct subject *x)
{
    for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
        buf_putc(x->out, i ? ',' : '{');
        jsonw_name(x->out, members[i].name);
        if (members[i].put && (x->p->full || !members[i].full))
            members[i].put(x);
        else
            psproc_put_null(x->out);
    }
    buf_putc(x->out, '}');
}

static void psproc_read_memory(struct subject *x)
{
    uint64_t pages[MEMORY_FIELDS];
    char text[256];
    int fd = proc_open(x->dir, "statm");
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
    if (fd >= 0)
        close(fd);
    x->has_memory = n > 0 && proc_numbers((struct text){text, (size_t)n}, pages, MEMORY_FIELDS) ==
                                 MEMORY_FIELDS;
    if (!x->has_memory)
        return;
    for (size_t i = 0; i < MEMORY_FIELDS; i++)
        x->memory[i] = pages[i] * x->p->page;
    uint64_t vms = x->memory[0];
    x->memory[0] = x->memory[1];
    x->memory[1] = vms;
}

/* False for a process that merely does not allow reading. */
static bool psproc_has_ended(const struct subject *x)
{
    return faccessat(x->dir, "stat", F_OK, 0) != 0;
}

/*
 * What takes the lock of the process's memory is read last, and not at all in uninterruptible
 * sleep: another process may hold that lock forever.
 */
static enum proc_outcome psproc_read_subject(struct subject *x)
{
    if (!proc_read(x->dir, "status", &x->status) && psproc_has_ended(x))
        return PROC_ENDED;
    psproc_read_memory(x);
    bool stuck = x->s->state == 'D' && !(x->s->flags & PROCSTAT_KTHREAD);
    x->has_exe = !stuck && psproc_read_link(x, "exe", x->exe);
    x->no_exe = !stuck && !x->has_exe && (errno == ENOENT || errno == ESRCH);
    if (stuck || cmdline_list(&x->p->reader, x->dir, &x->cmdline) == PROC_READ)
        return PROC_READ;
    buf_reset(&x->cmdline);
    return psproc_has_ended(x) ? PROC_ENDED : PROC_READ;
}

enum proc_outcome psproc_write(struct psproc *p, int proc, const struct procstat *s,
                               const double *cpu, struct buf *out)
{
    char path[PROC_PID_PATH];
    struct subject x = {.p = p, .s = s, .cpu = cpu, .out = out};
    proc_pid_path(s->pid, "", path);
    x.dir = openat(proc, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (x.dir < 0)
        return PROC_ENDED;
    buf_init(&x.status, STATUS_MAX);
    buf_init(&x.cmdline, out->max);
    enum proc_outcome outcome = psproc_read_subject(&x);
    if (outcome == PROC_READ)
        psproc_write_members(&x);
    buf_release(&x.status);
    buf_release(&x.cmdline);
    close(x.dir);
    return outcome;
}

void psproc_write_poor(struct psproc *p, const struct procstat *s, const double *cpu,
                       const char *user, struct buf *out)
{
    struct subject x = {.p = p, .s = s, .cpu = cpu, .dir = -1, .user = user, .out = out};
    psproc_write_members(&x);
}
