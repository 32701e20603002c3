#include "agent/proc/guard.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/dir.h"

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

/* Limits of all results together; only what is used of them costs memory. */
#define BYTES_MAX ((size_t)256 << 20)
#define BYTES_MIN ((size_t)1 << 20)

enum { KILL_WAIT_MS = 100, WAIT_MAX_MS = 60000 };

struct slot {
    size_t at; /* in the bytes after the slots */
    uint32_t len;
    uint32_t state; /* enum guard_state */
};

/* Written by one child at a time; the parent reads `next` while the child runs. */
struct guard_shared {
    _Atomic size_t next; /* the job that runs, or is to run */
    size_t used;
    size_t room;
    struct slot slots[];
};

static char *guard_bytes(const struct guard *g)
{
    return (char *)&g->shared->slots[g->count];
}

static void guard_store(struct guard *g, size_t index, bool ok, const struct buf *out)
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
        memcpy(guard_bytes(g) + s->used, out->data, out->len);
    slot->at = s->used;
    slot->len = (uint32_t)out->len;
    slot->state = GUARD_DONE;
    s->used += out->len;
}

struct fd_span {
    unsigned first, last;
};

static bool guard_close_one(int dir, const char *name, void *to)
{
    const struct fd_span *span = to;
    char *end;
    unsigned long fd = strtoul(name, &end, 10);
    if (*end == '\0' && fd >= span->first && fd <= span->last && fd != (unsigned long)dir)
        close((int)fd);
    return true;
}

/* close_range(2), also on Linux before 5.9. */
static void guard_close_span(unsigned first, unsigned last)
{
    if (first > last || close_range(first, last, 0) == 0)
        return;
    struct fd_span span = {first, last};
    dir_visit(dir_open(AT_FDCWD, "/proc/self/fd"), guard_close_one, &span);
}

static int guard_compare(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Closes all descriptors but those that are kept and `alive`; 0 to 2 become /dev/null. */
static void guard_shed_descriptors(const int keep[GUARD_KEEP], int alive)
{
    int kept[GUARD_KEEP + 1], null = open("/dev/null", O_RDWR);
    memcpy(kept, keep, GUARD_KEEP * sizeof *keep);
    kept[GUARD_KEEP] = alive;
    qsort(kept, GUARD_KEEP + 1, sizeof *kept, guard_compare);
    for (int fd = 0; fd <= 2 && null >= 0; fd++)
        dup2(null, fd);
    unsigned next = 3;
    for (size_t i = 0; i <= GUARD_KEEP; i++) {
        if (kept[i] < 3)
            continue;
        guard_close_span(next, (unsigned)kept[i] - 1);
        next = (unsigned)kept[i] + 1;
    }
    guard_close_span(next, ~0U);
}

_Noreturn static void guard_run_child(struct guard *g, const struct guard_work *work, int alive)
{
    struct buf out;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    guard_shed_descriptors(work->keep, alive);
    buf_init(&out, work->result_max);
    for (size_t i; (i = atomic_load(&g->shared->next)) < g->count;) {
        buf_reset(&out);
        guard_store(g, i, work->job(work->context, i, &out), &out);
        atomic_store(&g->shared->next, i + 1);
    }
    _exit(0);
}

/* True if the other end of `alive` was closed, which happens when the child ends. */
static bool guard_ended(int alive, int64_t timeout_ms)
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

/* Waits while the child makes progress and there is time. True if it ended by itself. */
static bool guard_wait_child(const struct guard *g, int alive, int64_t until)
{
    for (;;) {
        size_t before = atomic_load(&g->shared->next);
        int64_t left = until - clock_monotonic();
        if (left < 0)
            left = 0;
        if (guard_ended(alive, left / 4 < WAIT_MAX_MS ? left / 4 + 1 : WAIT_MAX_MS))
            return true;
        if (atomic_load(&g->shared->next) == before || left == 0)
            return false;
    }
}

enum guard_next { GUARD_GO_ON, GUARD_STOP };

/*
 * Runs one child, from job `next` to the end, or to job `*stuck`, at which it stays or dies.
 */
static enum guard_next guard_run_some(struct guard *g, const struct guard_work *work, size_t *stuck)
{
    enum guard_next next = GUARD_GO_ON;
    int alive[2];
    if (pipe2(alive, O_CLOEXEC) != 0)
        return GUARD_STOP;
    pid_t child = fork();
    if (child == 0)
        guard_run_child(g, work, alive[1]);
    close(alive[1]);
    if (child > 0) {
        bool ended = guard_wait_child(g, alive[0], work->until);
        *stuck = atomic_load(&g->shared->next);
        if (!ended) {
            kill(child, SIGKILL);
            ended = guard_ended(alive[0], KILL_WAIT_MS);
        }
        if (ended)
            while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
                ;
        else if (work->abandoned && !work->abandoned(work->context, *stuck, child))
            next = GUARD_STOP;
    } else {
        next = GUARD_STOP;
    }
    close(alive[0]);
    return next;
}

/* With a quarter of the room for each try: the jobs need memory of their own as well. */
static bool guard_map(struct guard *g, size_t count, size_t result_max)
{
    size_t room = result_max && count > BYTES_MAX / result_max ? BYTES_MAX : count * result_max;
    void *map = MAP_FAILED;
    if (count > (SIZE_MAX / 2 - room) / sizeof(struct slot)) {
        errno = ENOMEM;
        return false;
    }
    g->count = count;
    for (; map == MAP_FAILED; room /= 4) {
        g->size = sizeof *g->shared + count * sizeof(struct slot) + room;
        map = mmap(NULL, g->size, PROT_READ | PROT_WRITE,
                   MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
        if (map != MAP_FAILED)
            break;
        if (errno != ENOMEM || room < BYTES_MIN)
            return false;
    }
    g->shared = map; /* zeroed: every slot is GUARD_NONE */
    g->shared->room = room;
    return true;
}

bool guard_run(struct guard *g, const struct guard_work *work)
{
    enum guard_next go = GUARD_GO_ON;
    if (!guard_map(g, work->count, work->result_max))
        return false;
    for (size_t next = 0, stuck = 0;
         go == GUARD_GO_ON && next < work->count && clock_monotonic() < work->until;) {
        stuck = SIZE_MAX;
        go = guard_run_some(g, work, &stuck);
        next = atomic_load(&g->shared->next);
        /* If the job ended after all while the child was killed, the next one is run again. */
        if (next == stuck && next < work->count) {
            g->shared->slots[next].state = GUARD_LOST;
            atomic_store(&g->shared->next, ++next);
            if (work->stop_if_lost)
                go = GUARD_STOP;
        }
    }
    return true;
}

enum guard_state guard_result(const struct guard *g, size_t index, const char **bytes, size_t *len)
{
    const struct slot *slot = &g->shared->slots[index];
    *bytes = guard_bytes(g) + slot->at;
    *len = slot->state == GUARD_DONE ? slot->len : 0;
    return (enum guard_state)slot->state;
}

void guard_release(struct guard *g)
{
    munmap(g->shared, g->size);
    *g = (struct guard){0};
}
