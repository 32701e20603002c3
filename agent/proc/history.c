#include "agent/proc/history.h"

#include "handler/shared/vec.h"

#include <stdlib.h>
#include <sys/wait.h>

enum { CORES_MAX = 8192 };

void history_init(struct history *h)
{
    *h = (struct history){0};
}

void history_release(struct history *h)
{
    free(h->list);
    history_init(h);
}

void history_start(struct history *h, int64_t at)
{
    h->count = 0;
    h->at = at;
}

void history_add(struct history *h, const struct history_entry *e)
{
    struct history_entry *list = vec_grow(h->list, h->count, &h->room, sizeof *list);
    if (!list)
        return;
    h->list = list;
    h->list[h->count++] = *e;
}

bool history_find(const struct history *h, int64_t pid, uint64_t start_ticks, uint64_t *cpu_ticks)
{
    size_t low = 0, high = h->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (h->list[middle].pid < pid)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == h->count || h->list[low].pid != pid || h->list[low].start_ticks != start_ticks)
        return false;
    *cpu_ticks = h->list[low].cpu_ticks;
    return true;
}

bool history_percent(const struct history *h, const struct history_entry *e,
                     const struct history_clock *clock, double *percent)
{
    uint64_t before = 0;
    double hertz = (double)clock->hertz, most = 100.0 * (clock->cores ? clock->cores : CORES_MAX);
    double span = (double)clock->uptime_ms / 1000 - (double)e->start_ticks / hertz;
    if (history_find(h, e->pid, e->start_ticks, &before))
        span = (double)(clock->now - h->at) / 1000;
    else if (clock->uptime_ms == 0)
        return false;
    uint64_t used = e->cpu_ticks > before ? e->cpu_ticks - before : 0;
    *percent = span > 0 ? (double)used * 100 / hertz / span : 0;
    if (*percent > most)
        *percent = most;
    return true;
}

void history_add_stuck(struct history *h, const struct history_stuck *s)
{
    if (h->stuck_count < HISTORY_STUCK_MAX)
        h->stuck[h->stuck_count++] = *s;
}

void history_reap(struct history *h)
{
    size_t kept = 0;
    for (size_t i = 0; i < h->stuck_count; i++)
        if (waitpid(h->stuck[i].child, NULL, WNOHANG) == 0)
            h->stuck[kept++] = h->stuck[i];
    h->stuck_count = kept;
}

bool history_is_stuck(const struct history *h, int64_t pid, uint64_t start_ticks)
{
    for (size_t i = 0; i < h->stuck_count; i++)
        if (h->stuck[i].pid == pid && h->stuck[i].start_ticks == start_ticks)
            return true;
    return false;
}

bool history_is_full(const struct history *h)
{
    return h->stuck_count == HISTORY_STUCK_MAX;
}
