#include "agent/proc/guard.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

/* All results together; only what is used of it costs memory. */
#define BYTES_MAX ((size_t)256 << 20)

enum { KILL_WAIT_MS = 100 };

struct slot {
    size_t at; /* in the bytes behind the slots */
    uint32_t len;
    uint32_t state; /* enum guard_state */
};

/* Written by one child at a time; the parent looks at `next` while the child runs. */
struct guard_shared {
    _Atomic size_t next; /* the job that runs, or is to run */
    size_t used;
    size_t room;
    struct slot slots[];
};

static char *bytes_of(const struct guard *g)
{
    return (char *)&g->shared->slots[g->count];
}

static void store(struct guard *g, size_t index, bool ok, const struct buf *out)
{
    struct guard_shared *s = g->shared;
    struct slot *slot = &s->slots[index];
    if (!ok) {
        slot->state = GUARD_EMPTY;
        return;
    }
    if (out->failed || out->len > s->room - s->used) {
        slot->state = GUARD_LOST;
        return;
    }
    if (out->len)
        memcpy(bytes_of(g) + s->used, out->data, out->len);
    slot->at = s->used;
    slot->len = (uint32_t)out->len;
    slot->state = GUARD_DONE;
    s->used += out->len;
}

/* close_range(2), also where the kernel is older than that (5.9). */
static void close_span(unsigned first, unsigned last)
{
    if (close_range(first, last, 0) == 0)
        return;
    DIR *dir = opendir("/proc/self/fd");
    for (const struct dirent *e; dir && (e = readdir(dir));) {
        char *end;
        unsigned long fd = strtoul(e->d_name, &end, 10);
        if (*end == '\0' && fd >= first && fd <= last && fd != (unsigned long)dirfd(dir))
            close((int)fd);
    }
    if (dir)
        closedir(dir);
}

/* Closes everything but /dev/null on 0 to 2, and the two descriptors that are needed. */
static void shed_descriptors(int a, int b)
{
    unsigned low = (unsigned)(a < b ? a : b), high = (unsigned)(a < b ? b : a);
    int null = open("/dev/null", O_RDWR);
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        dup2(null, fd);
    if (low > 3)
        close_span(3, low - 1);
    if (high > low + 1)
        close_span(low + 1, high - 1);
    close_span(high + 1, ~0U);
}

struct task {
    guard_job job;
    void *context;
    size_t result_max;
    int keep_fd;
};

_Noreturn static void run_child(struct guard *g, const struct task *task, int alive)
{
    struct buf out;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    shed_descriptors(task->keep_fd, alive);
    buf_init(&out, task->result_max);
    for (size_t i; (i = atomic_load(&g->shared->next)) < g->count;) {
        buf_reset(&out);
        store(g, i, task->job(task->context, i, &out), &out);
        atomic_store(&g->shared->next, i + 1);
    }
    _exit(0);
}

/* True when the other end of `alive` was closed, which happens when the child ends. */
static bool ended(int alive, int64_t timeout_ms)
{
    struct pollfd p = {.fd = alive};
    int64_t until = clock_monotonic() + timeout_ms;
    for (;;) {
        int n = poll(&p, 1, (int)timeout_ms);
        if (n >= 0 || errno != EINTR)
            return n != 0;
        timeout_ms = until - clock_monotonic();
        if (timeout_ms < 0)
            timeout_ms = 0;
    }
}

/* Waits while the child makes progress and there is time. True when it ended by itself. */
static bool wait_child(const struct guard *g, int alive, int64_t until)
{
    for (;;) {
        size_t before = atomic_load(&g->shared->next);
        int64_t left = until - clock_monotonic();
        if (left < 0)
            left = 0;
        if (ended(alive, left / 4 < 60000 ? left / 4 + 1 : 60000))
            return true;
        if (atomic_load(&g->shared->next) == before || left == 0)
            return false;
    }
}

/*
 * One child, from job `next` to the end, or to job `*stuck`, at which it stays or dies. False when
 * there can be no child.
 */
static bool run_some(struct guard *g, const struct task *task, int64_t until, size_t *stuck)
{
    int alive[2];
    if (pipe2(alive, O_CLOEXEC) != 0)
        return false;
    pid_t child = fork();
    if (child == 0)
        run_child(g, task, alive[1]);
    close(alive[1]);
    bool started = child > 0;
    if (started) {
        bool gone = wait_child(g, alive[0], until);
        *stuck = atomic_load(&g->shared->next);
        if (!gone) {
            kill(child, SIGKILL);
            gone = ended(alive[0], KILL_WAIT_MS);
        }
        if (gone)
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                ;
    }
    close(alive[0]);
    return started;
}

static bool map_shared(struct guard *g, size_t count, size_t result_max)
{
    size_t room = result_max && count > BYTES_MAX / result_max ? BYTES_MAX : count * result_max;
    if (count > (SIZE_MAX / 2 - room) / sizeof(struct slot)) {
        errno = ENOMEM;
        return false;
    }
    g->count = count;
    g->size = sizeof *g->shared + count * sizeof(struct slot) + room;
    void *map = mmap(NULL, g->size, PROT_READ | PROT_WRITE,
                     MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (map == MAP_FAILED)
        return false;
    g->shared = map; /* zeroed: every slot is GUARD_NONE */
    g->shared->room = room;
    return true;
}

bool guard_run(struct guard *g, size_t count, size_t result_max, guard_job job, void *context,
               int keep_fd, int64_t until)
{
    struct task task = {job, context, result_max, keep_fd};
    if (!map_shared(g, count, result_max))
        return false;
    for (size_t next = 0, stuck; next < count && clock_monotonic() < until;) {
        if (!run_some(g, &task, until, &stuck))
            break;
        next = atomic_load(&g->shared->next);
        /* When it came on after all while it was being killed, the job it was in is run again. */
        if (next == stuck && next < count) {
            g->shared->slots[next].state = GUARD_LOST;
            atomic_store(&g->shared->next, ++next);
        }
    }
    return true;
}

enum guard_state guard_result(const struct guard *g, size_t index, const char **bytes, size_t *len)
{
    const struct slot *slot = &g->shared->slots[index];
    *bytes = bytes_of(g) + slot->at;
    *len = slot->state == GUARD_DONE ? slot->len : 0;
    return (enum guard_state)slot->state;
}

void guard_release(struct guard *g)
{
    munmap(g->shared, g->size);
    *g = (struct guard){0};
}
