#include "handler/read/diff.h"

#include "handler/shared/json/write.h"
#include "handler/shared/vec.h"

#include <stdlib.h>

enum { DIFF_START_MS = 2000 };

static const struct {
    enum fact fact;
    const char *name;
} compared[DIFF_FACTS_MAX] = {{FACT_HOSTNAME, "hostname"},
                              {FACT_OS_NAME, "os_name"},
                              {FACT_OS_PRETTY_NAME, "os_pretty_name"},
                              {FACT_OS_VER, "os_ver"},
                              {FACT_MEMORY_BYTES, "memory_bytes"}};

const char *diff_fact_name(enum fact fact)
{
    size_t i = 0;
    while (i + 1 < DIFF_FACTS_MAX && compared[i].fact != fact)
        i++;
    return compared[i].name;
}

void diff_init(struct diff *d)
{
    memset(d, 0, sizeof *d);
}

void diff_release(struct diff *d)
{
    free(d->processes);
    free(d->users);
    free(d->sockets);
    diff_init(d);
}

bool diff_empty(const struct diff *d)
{
    return !d->rebooted && d->fact_count + d->process_count + d->user_count + d->socket_count == 0;
}

static int diff_order_text(struct text a, struct text b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.ptr, b.ptr, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

/* ---- is it the same process? */

/* The text with each digit as 0 and each letter as a, so that texts of one form are equal. */
static bool diff_same_form(struct text a, struct text b)
{
    if (a.len != b.len)
        return false;
    for (size_t i = 0; i < a.len; i++) {
        bool digits = text_is_digit(a.ptr[i]) && text_is_digit(b.ptr[i]);
        char x = (char)(a.ptr[i] | 0x20), y = (char)(b.ptr[i] | 0x20);
        bool letters = x >= 'a' && x <= 'z' && y >= 'a' && y <= 'z';
        if (!digits && !letters && a.ptr[i] != b.ptr[i])
            return false;
    }
    return true;
}

static bool diff_same_start(struct text a, struct text b)
{
    char x[CLOCK_TIME_LEN + 1], y[CLOCK_TIME_LEN + 1];
    if (a.len == 0 || b.len == 0 || text_equal(a, b))
        return true;
    bool whole = procs_start(a, x), both = procs_start(b, y) && whole;
    if (both)
        return llabs(clock_parse(x) - clock_parse(y)) <= DIFF_START_MS;
    return !diff_same_form(a, b);
}

static bool diff_same(const struct proc *a, const struct proc *b, bool same_boot)
{
    if (same_boot && a->start_ticks.len > 0 && b->start_ticks.len > 0)
        return text_equal(a->start_ticks, b->start_ticks);
    return text_equal(a->column[COL_CMD], b->column[COL_CMD]) &&
           diff_same_start(a->column[COL_START], b->column[COL_START]);
}

/* ---- processes that are in one record only */

/* A process in order of its pid; those without one are last. */
struct diff_pid {
    uint64_t pid; /* UINT64_MAX: none */
    const struct proc *proc;
};

/* calloc()ed. */
struct diff_pids {
    struct diff_pid *list;
    size_t count;
};

static int diff_by_pid(const void *a, const void *b)
{
    const struct diff_pid *x = a, *y = b;
    int order = (x->pid > y->pid) - (x->pid < y->pid);
    return order ? order : (x->proc > y->proc) - (x->proc < y->proc);
}

/* The processes by pid. NULL: memory is out. */
static struct diff_pids diff_sorted(const struct procs *procs)
{
    struct diff_pid *list = calloc(procs->count + 1, sizeof *list);
    bool sorted = true;
    size_t count = 0;
    for (size_t i = 0; list && i < procs->count; i++) {
        struct diff_pid one = {UINT64_MAX, &procs->list[i]};
        if (!text_number(one.proc->column[COL_PID], &one.pid))
            one.pid = UINT64_MAX;
        sorted = sorted && (count == 0 || list[count - 1].pid <= one.pid);
        list[count++] = one;
    }
    if (list && !sorted)
        qsort(list, count, sizeof *list, diff_by_pid);
    return (struct diff_pids){list, count};
}

/* A process that is in one record only. */
struct diff_single {
    uint64_t hash; /* of cmd and user */
    const struct proc *proc;
    bool has_pid, ended;
    const struct proc *pair; /* the other one, if it was restarted */
};

struct diff_singles {
    struct diff_single *list;
    size_t count;
    size_t kernel_started, kernel_stopped; /* counted instead of listed */
};

static uint64_t diff_hash(uint64_t hash, struct text t)
{
    size_t i = 0;
    for (; i + sizeof(uint64_t) <= t.len; i += sizeof(uint64_t)) {
        uint64_t word;
        memcpy(&word, t.ptr + i, sizeof word);
        hash = (hash ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        hash ^= hash >> 29;
    }
    for (; i < t.len; i++)
        hash = (hash ^ (unsigned char)t.ptr[i]) * UINT64_C(0x100000001b3);
    return hash ^ t.len;
}

static void diff_add_single(struct diff_singles *s, const struct diff_pid *from, bool ended)
{
    const struct proc *proc = from->proc;
    if (proc->kernel) {
        *(ended ? &s->kernel_stopped : &s->kernel_started) += 1;
        return;
    }
    uint64_t hash = diff_hash(diff_hash(1, proc->column[COL_CMD]), proc->column[COL_USER]);
    s->list[s->count++] = (struct diff_single){
        .hash = hash, .proc = proc, .has_pid = from->pid != UINT64_MAX, .ended = ended};
}

/* By cmd, user and whether there is a pid: those that can be a pair are neighbours. */
static int diff_by_program(const struct diff_single *x, const struct diff_single *y)
{
    if (x->hash != y->hash)
        return x->hash < y->hash ? -1 : 1;
    int order = diff_order_text(x->proc->column[COL_CMD], y->proc->column[COL_CMD]);
    if (order == 0)
        order = diff_order_text(x->proc->column[COL_USER], y->proc->column[COL_USER]);
    return order ? order : (int)x->has_pid - (int)y->has_pid;
}

static int diff_by_program_and_place(const void *a, const void *b)
{
    const struct diff_single *x = a, *y = b;
    int order = diff_by_program(x, y);
    if (order == 0)
        order = (int)y->ended - (int)x->ended; /* ended first */
    return order ? order : (x->proc > y->proc) - (x->proc < y->proc);
}

static int diff_by_place(const void *a, const void *b)
{
    const struct diff_single *x = a, *y = b;
    int order = (int)x->ended - (int)y->ended;
    return order ? order : (x->proc > y->proc) - (x->proc < y->proc);
}

/* Pairs the ended and the started of each program, in the order of the records. */
static void diff_pair(struct diff_singles *s)
{
    qsort(s->list, s->count, sizeof *s->list, diff_by_program_and_place);
    for (size_t from = 0, end; from < s->count; from = end) {
        size_t started = from;
        for (end = from; end < s->count && diff_by_program(&s->list[from], &s->list[end]) == 0;)
            end++;
        while (started < end && s->list[started].ended)
            started++;
        for (size_t i = from, k = started; i < started && k < end; i++, k++) {
            s->list[i].pair = s->list[k].proc;
            s->list[k].pair = s->list[i].proc;
        }
    }
    qsort(s->list, s->count, sizeof *s->list, diff_by_place);
}

static bool diff_add_process(struct diff *d, const struct proc *before, const struct proc *after)
{
    struct diff_process *list =
        vec_grow(d->processes, d->process_count, &d->process_room, sizeof *list);
    if (!list)
        return false;
    d->processes = list;
    list[d->process_count++] = (struct diff_process){before, after};
    return true;
}

/* Lines without a pid that are in both records are not changes. */
static bool diff_report(struct diff *d, struct diff_singles *s)
{
    bool ok = true;
    for (size_t i = 0; ok && i < s->count; i++) {
        const struct diff_single *one = &s->list[i];
        if (!one->pair)
            ok = one->ended ? diff_add_process(d, one->proc, NULL)
                            : diff_add_process(d, NULL, one->proc);
        else if (!one->ended && one->has_pid)
            ok = diff_add_process(d, one->pair, one->proc);
    }
    return ok;
}

/* The processes of both lists that have no equal in the other one. */
static void diff_merge(struct diff_pids before, struct diff_pids after, bool same_boot,
                       struct diff_singles *out)
{
    const struct diff_pid *a = before.list, *b = after.list;
    size_t i = 0, k = 0;
    while (i < before.count || k < after.count) {
        bool left = k == after.count || (i < before.count && a[i].pid < b[k].pid);
        bool right = !left && (i == before.count || b[k].pid < a[i].pid);
        if (!left && !right && diff_same(a[i].proc, b[k].proc, same_boot)) {
            i++, k++;
            continue;
        }
        if (!right)
            diff_add_single(out, &a[i++], true);
        if (!left)
            diff_add_single(out, &b[k++], false);
    }
}

static bool diff_processes(struct diff *d, bool same_boot)
{
    struct diff_pids before = diff_sorted(&d->before->procs), after = diff_sorted(&d->after->procs);
    struct diff_singles singles = {
        calloc(d->before->procs.count + d->after->procs.count + 1, sizeof(struct diff_single)), 0,
        0, 0};
    bool ok = before.list && after.list && singles.list;
    if (ok) {
        diff_merge(before, after, same_boot, &singles);
        diff_pair(&singles);
        ok = diff_report(d, &singles);
        d->kernel_started = singles.kernel_started;
        d->kernel_stopped = singles.kernel_stopped;
    }
    free(before.list);
    free(after.list);
    free(singles.list);
    return ok;
}

/* ---- users and sockets */

static int diff_by_user(const void *a, const void *b)
{
    const struct snapshot_user *x = *(const struct snapshot_user *const *)a,
                               *y = *(const struct snapshot_user *const *)b;
    int order = diff_order_text(x->name, y->name);
    if (order == 0)
        order = diff_order_text(x->tty, y->tty);
    if (order == 0)
        order = diff_order_text(x->host, y->host);
    return order ? order : diff_order_text(x->started, y->started);
}

static int diff_by_socket(const void *a, const void *b)
{
    const struct snapshot_socket *x = *(const struct snapshot_socket *const *)a,
                                 *y = *(const struct snapshot_socket *const *)b;
    int order = diff_order_text(x->proto, y->proto);
    if (order == 0)
        order = diff_order_text(x->addr, y->addr);
    if (order == 0)
        order = (x->port.len > y->port.len) - (x->port.len < y->port.len);
    if (order == 0)
        order = diff_order_text(x->port, y->port);
    return order ? order : diff_order_text(x->uid, y->uid);
}

typedef int diff_compare(const void *a, const void *b);
typedef bool diff_add(struct diff *d, const void *item, bool after);

/* One side of a comparison: `count` items of `size` bytes. */
struct diff_side {
    const void *items;
    size_t count, size;
    bool set; /* equal items count once */
};

/* Pointers to the items, sorted. NULL: memory is out. */
static const void **diff_side_sort(struct diff_side *side, diff_compare *compare)
{
    const void **list = calloc(side->count + 1, sizeof *list);
    for (size_t i = 0; list && i < side->count; i++)
        list[i] = (const char *)side->items + i * side->size;
    if (!list)
        return NULL;
    qsort(list, side->count, sizeof *list, compare);
    size_t kept = side->count > 0;
    for (size_t i = 1; i < side->count; i++)
        if (!side->set || compare(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    side->count = kept;
    return list;
}

/* Reports the items that are on one side only. */
static bool diff_sides(struct diff *d, struct diff_side before, struct diff_side after,
                       diff_compare *compare, diff_add *add)
{
    const void **a = diff_side_sort(&before, compare), **b = diff_side_sort(&after, compare);
    bool ok = a && b;
    for (size_t i = 0, k = 0; ok && (i < before.count || k < after.count);) {
        int order = k == after.count ? -1 : i == before.count ? 1 : compare(&a[i], &b[k]);
        if (order < 0)
            ok = add(d, a[i], false);
        else if (order > 0)
            ok = add(d, b[k], true);
        i += order <= 0;
        k += order >= 0;
    }
    free(a);
    free(b);
    return ok;
}

static bool diff_add_user(struct diff *d, const void *user, bool in)
{
    struct diff_user *list = vec_grow(d->users, d->user_count, &d->user_room, sizeof *list);
    if (!list)
        return false;
    d->users = list;
    list[d->user_count++] = (struct diff_user){user, in};
    return true;
}

static bool diff_add_socket(struct diff *d, const void *socket, bool opened)
{
    struct diff_socket *list = vec_grow(d->sockets, d->socket_count, &d->socket_room, sizeof *list);
    if (!list)
        return false;
    d->sockets = list;
    list[d->socket_count++] = (struct diff_socket){socket, opened};
    return true;
}

/* ---- the whole */

static void diff_facts(struct diff *d)
{
    const struct text *before = d->before->facts.value, *after = d->after->facts.value;
    for (size_t i = 0; i < DIFF_FACTS_MAX; i++) {
        enum fact fact = compared[i].fact;
        if (before[fact].ptr && after[fact].ptr && !facts_same(&before[fact], &after[fact]))
            d->facts[d->fact_count++] = (struct diff_fact){fact, before[fact], after[fact]};
    }
}

bool diff_make(struct diff *d, const struct snapshot *before, const struct snapshot *after)
{
    const struct text *boot = &before->facts.value[FACT_BOOT_ID],
                      *boot_after = &after->facts.value[FACT_BOOT_ID];
    d->before = before;
    d->after = after;
    d->fact_count = d->process_count = d->user_count = d->socket_count = 0;
    d->kernel_started = d->kernel_stopped = 0;
    bool same_boot = facts_same(boot, boot_after);
    d->rebooted = boot->ptr && boot_after->ptr && !same_boot;
    diff_facts(d);
    if (!d->rebooted && !diff_processes(d, same_boot))
        return false;
    struct diff_side users = {before->users, before->user_count, sizeof *before->users, false},
                     users_after = {after->users, after->user_count, sizeof *after->users, false};
    if (!diff_sides(d, users, users_after, diff_by_user, diff_add_user))
        return false;
    if (!before->listening_known || !after->listening_known)
        return true;
    struct diff_side sockets = {before->sockets, before->socket_count, sizeof *before->sockets,
                                true},
                     sockets_after = {after->sockets, after->socket_count, sizeof *after->sockets,
                                      true};
    return diff_sides(d, sockets, sockets_after, diff_by_socket, diff_add_socket);
}

/* ---- JSON */

static void diff_put_fact(const struct diff_fact *f, struct buf *out)
{
    const struct text *side[2] = {&f->before, &f->after};
    static const char *const name[2] = {",\"before\":", ",\"after\":"};
    buf_puts(out, "{\"fact\":");
    jsonw_str(out, diff_fact_name(f->fact));
    for (int i = 0; i < 2; i++) {
        buf_puts(out, name[i]);
        if (f->fact >= FACT_FIRST_NUMBER)
            buf_add(out, side[i]->ptr, side[i]->len);
        else
            jsonw_string(out, side[i]->ptr, side[i]->len);
    }
    buf_putc(out, '}');
}

/* The processes that started (both false), stopped or were restarted. */
static void diff_put_processes(const struct diff *d, bool before, bool after, struct buf *out)
{
    const char *between = "\n";
    for (size_t i = 0; i < d->process_count; i++) {
        const struct diff_process *p = &d->processes[i];
        if (!p->before != !before || !p->after != !after)
            continue;
        buf_puts(out, between);
        between = ",\n";
        buf_puts(out, before && after ? "{\"before\":" : "");
        if (before)
            procs_put(p->before, out);
        buf_puts(out, before && after ? ",\"after\":" : "");
        if (after)
            procs_put(p->after, out);
        buf_puts(out, before && after ? "}" : "");
    }
}

static void diff_put_users(const struct diff *d, bool in, struct buf *out)
{
    const char *between = "";
    for (size_t i = 0; i < d->user_count; i++) {
        if (d->users[i].in != in)
            continue;
        buf_puts(out, between);
        snapshot_put_user(d->users[i].user, out);
        between = ",";
    }
}

static void diff_put_sockets(const struct diff *d, bool opened, struct buf *out)
{
    const char *between = "";
    for (size_t i = 0; i < d->socket_count; i++) {
        if (d->sockets[i].opened != opened)
            continue;
        buf_puts(out, between);
        snapshot_put_socket(d->sockets[i].socket, out);
        between = ",";
    }
}

void diff_put(const struct diff *d, struct buf *out)
{
    buf_puts(out, d->rebooted ? "\"rebooted\":true" : "\"rebooted\":false");
    buf_puts(out, ",\"changed\":[");
    for (size_t i = 0; i < d->fact_count; i++) {
        buf_puts(out, i > 0 ? "," : "");
        diff_put_fact(&d->facts[i], out);
    }
    buf_puts(out, "],\"processes\":{\"started\":[");
    diff_put_processes(d, false, true, out);
    buf_puts(out, "],\"stopped\":[");
    diff_put_processes(d, true, false, out);
    buf_puts(out, "],\"restarted\":[");
    diff_put_processes(d, true, true, out);
    buf_puts_u64(out, "]},\"kernel_threads\":{\"started\":", d->kernel_started);
    buf_puts_u64(out, ",\"stopped\":", d->kernel_stopped);
    buf_puts(out, "},\"users\":{\"in\":[");
    diff_put_users(d, true, out);
    buf_puts(out, "],\"out\":[");
    diff_put_users(d, false, out);
    buf_puts(out, "]},\"listening\":{\"opened\":[");
    diff_put_sockets(d, true, out);
    buf_puts(out, "],\"closed\":[");
    diff_put_sockets(d, false, out);
    buf_puts(out, "]}");
}
