#include "handler/read/place.h"

#include <unistd.h>

void place_init(struct place *p, int data, const struct ip *ip, int64_t first_ms)
{
    *p = (struct place){.ip = *ip, .data = data, .first_ms = first_ms, .fd = -1, .next_ms = -1};
    tail_init(&p->tail);
}

static void place_close(struct place *p)
{
    if (p->fd >= 0)
        close(p->fd);
    p->fd = -1;
}

void place_release(struct place *p)
{
    place_close(p);
    tail_release(&p->tail);
}

enum tail_result place_open(struct place *p, int64_t day_ms)
{
    struct stat st;
    place_close(p);
    p->day_ms = day_ms;
    p->fd = p->data < 0 ? -1 : files_open(p->data, &p->ip, day_ms, &st);
    if (p->fd < 0)
        return TAIL_END;
    return tail_open(&p->tail, p->fd, st.st_size);
}

bool place_at(struct place *p, int64_t day_ms, off_t end)
{
    place_close(p);
    p->day_ms = day_ms;
    p->fd = files_open(p->data, &p->ip, day_ms, NULL);
    return p->fd >= 0 && tail_open(&p->tail, p->fd, end) == TAIL_OK && p->tail.end == end;
}

bool place_find(struct place *p, int64_t at)
{
    p->next_ms = -1;
    for (int64_t day = clock_day_start(at); day >= p->first_ms; day -= CLOCK_DAY_MS) {
        enum tail_result got = place_open(p, day);
        while (got == TAIL_OK && p->tail.received_ms > at) {
            p->next_ms = p->tail.received_ms;
            got = tail_back(&p->tail);
        }
        if (got == TAIL_OK)
            return true;
    }
    return false;
}

bool place_back(struct place *p)
{
    p->next_ms = p->tail.received_ms;
    enum tail_result got = tail_back(&p->tail);
    for (int64_t day = p->day_ms - CLOCK_DAY_MS; got != TAIL_OK && day >= p->first_ms;
         day -= CLOCK_DAY_MS)
        got = place_open(p, day);
    return got == TAIL_OK;
}
