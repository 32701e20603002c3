#include "handler/read/beats.h"

#include "handler/read/place.h"

struct beats_walk {
    const struct beats_ask *ask;
    struct place place;
    struct facts facts;
};

/* True if the current line is the host's. */
static bool beats_own(struct beats_walk *w)
{
    const struct host *host = w->ask->host;
    if (!(host->flags & 1u << FLAG_SHARED))
        return true;
    return facts_read(&w->facts, &w->place.tail, 1u << FACT_MACHINE_ID) &&
           facts_same(&w->facts.value[FACT_MACHINE_ID], &host->report->fact[FACT_MACHINE_ID]);
}

static uint64_t beats_missed(int64_t span_ms, int64_t every_ms)
{
    int64_t beats = every_ms > 0 ? (span_ms + every_ms / 2) / every_ms : 0;
    return beats > 1 ? (uint64_t)beats - 1 : 0;
}

/* Counts the lines of the day that `now` is in. */
static void beats_day(struct beats_walk *w, struct beats *out)
{
    int64_t day = clock_day_start(w->ask->now_ms), later = w->ask->now_ms;
    for (enum tail_result got = place_open(&w->place, day); got == TAIL_OK;
         got = tail_back(&w->place.tail)) {
        int64_t at = w->place.tail.received_ms;
        if (at > w->ask->now_ms || at < day || !beats_own(w))
            continue;
        out->hours[(at - day) / (CLOCK_DAY_MS / BEATS_HOURS)]++;
        out->missed += beats_missed(later - at, w->ask->host->every_ms);
        later = at;
    }
}

/* The time of the oldest line of a day that is the host's; -1: none. */
static int64_t beats_oldest(struct beats_walk *w, int64_t day)
{
    int64_t oldest = -1;
    for (enum tail_result got = place_open(&w->place, day); got == TAIL_OK;
         got = tail_back(&w->place.tail))
        if (w->place.tail.received_ms <= w->ask->now_ms && beats_own(w))
            oldest = w->place.tail.received_ms;
    return oldest;
}

void beats_read(struct beats *out, const struct beats_ask *ask)
{
    int64_t today = clock_day_start(ask->now_ms), day = today - ask->absent_days * CLOCK_DAY_MS;
    struct beats_walk w = {.ask = ask};
    *out = (struct beats){.first_seen = -1};
    if (!ask->host->report || !*ask->host->ip.text)
        return;
    place_init(&w.place, ask->data, &ask->host->ip, day);
    facts_init(&w.facts);
    for (; day <= today && out->first_seen < 0; day += CLOCK_DAY_MS)
        out->first_seen = beats_oldest(&w, day);
    beats_day(&w, out);
    facts_release(&w.facts);
    place_release(&w.place);
}
