#include "agent/proc/history.h"

#include <stdlib.h>

enum { FIRST_ROOM = 512 };

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
    if (h->count == h->room) {
        size_t room = h->room ? h->room * 2 : FIRST_ROOM;
        struct history_entry *list = reallocarray(h->list, room, sizeof *list);
        if (!list)
            return;
        h->list = list;
        h->room = room;
    }
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

double history_percent(const struct history *h, const struct history_entry *e, int64_t now,
                       int64_t uptime_ms, uint64_t hertz)
{
    uint64_t before = 0;
    double span = (double)uptime_ms / 1000 - (double)e->start_ticks / (double)hertz;
    if (history_find(h, e->pid, e->start_ticks, &before))
        span = (double)(now - h->at) / 1000;
    uint64_t used = e->cpu_ticks > before ? e->cpu_ticks - before : 0;
    return span > 0 ? (double)used * 100 / (double)hertz / span : 0;
}
