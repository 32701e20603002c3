#include "handler/shared/io.h"
#include "handler/store/heal.h"
#include "handler/store/txn.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHECK_TIME_EVERY = 64, MOVED_PAUSE_US = 1000 };

static int resend_compare(const void *x, const void *y)
{
    const struct resend_id *a = x, *b = y;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

/* The first record that has the id; NULL if there is none. */
static const struct resend_id *resend_find(const struct resend *r, const char *id)
{
    size_t low = 0, high = r->id_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(r->ids[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low < r->id_count && strcmp(r->ids[low].id, id) == 0 ? &r->ids[low] : NULL;
}

enum verdict txn_begin(struct txn *t, struct arena *arena)
{
    const struct batch *b = t->batch;
    struct resend *r = &t->resend;
    size_t with_id = 0;
    for (size_t i = 0; i < b->count; i++)
        with_id += b->entries[i].id != NULL;
    if (with_id == 0)
        return V_OK;
    r->twins = arena_array(arena, b->count, sizeof *r->twins);
    r->ids = arena_array(arena, with_id, sizeof *r->ids);
    if (!r->twins || !r->ids)
        return fault_memory(t->fault);
    for (size_t i = 0; i < b->count; i++)
        if (b->entries[i].id)
            r->ids[r->id_count++] = (struct resend_id){b->entries[i].id, i};
    qsort(r->ids, r->id_count, sizeof *r->ids, resend_compare);
    for (size_t i = 0; i < b->count; i++) {
        size_t first = b->entries[i].id ? resend_find(r, b->entries[i].id)->index : i;
        if (first == i)
            continue;
        r->twins[i] = (struct twin){.place = TWIN_REQUEST, .first = first};
        r->duplicates++;
    }
    return V_OK;
}

bool txn_has_new(const struct txn *t)
{
    return t->resend.duplicates < t->batch->count;
}

/* Every record with an id has a copy: no need to search further. */
static bool resend_is_complete(const struct txn *t)
{
    for (size_t i = 0; i < t->resend.id_count; i++)
        if (t->resend.twins[t->resend.ids[i].index].place == TWIN_NONE)
            return false;
    return true;
}

static enum verdict resend_check_time(const struct txn *t)
{
    if (clock_monotonic() <= t->resend.deadline)
        return V_OK;
    t->fault->retry_after = 1;
    return fault_set(t->fault, V_UNAVAILABLE,
                     "the search for earlier copies took longer than lock_timeout_ms; try again");
}

/* Notes the line that `back` is at, if it is the copy of a record. */
static struct twin *resend_note(struct resend *r, const struct jsonl_back *back, const char *date)
{
    const struct trailer *line = &back->line;
    const struct resend_id *id = *line->id ? resend_find(r, line->id) : NULL;
    if (!id || r->twins[id->index].place != TWIN_NONE)
        return NULL;
    struct twin *twin = &r->twins[id->index];
    *twin = (struct twin){.place = TWIN_FOUND,
                          .start = (off_t)line->line_start,
                          .end = back->end,
                          .csv_end = line->csv_end,
                          .seq = line->seq};
    memcpy(twin->chain, line->chain, sizeof twin->chain);
    memcpy(twin->date, date, sizeof twin->date);
    r->duplicates++;
    return twin;
}

/* Searches a JSON file from the committed line that `back` is at: `least` lines, then as far as
 * they are young enough. */
static enum verdict resend_search(struct txn *t, struct jsonl_back *back, const struct pair *p,
                                  size_t least)
{
    struct twin *pending = NULL; /* its rows start where those of the line before it end */
    enum jsonl_result got = JSONL_LINE;
    for (size_t seen = 0; got == JSONL_LINE; got = jsonl_prev(back), seen++) {
        if (pending)
            pending->csv_start = back->line.csv_end;
        if (seen >= least && clock_parse(back->line.received_at) < t->resend.since)
            return V_OK;
        pending = resend_note(&t->resend, back, p->date);
        if (seen % CHECK_TIME_EVERY == CHECK_TIME_EVERY - 1 && seen >= least) {
            enum verdict v = resend_check_time(t);
            if (v != V_OK)
                return v;
        }
    }
    /* JSONL_NOT_OURS: a line that was edited; what is before it is not searched. */
    return got == JSONL_FAILED ? pair_failed("read", p->json_name, t->fault) : V_OK;
}

/* Writes [from, to) of a file over itself. */
static bool resend_rewrite(int fd, off_t from, off_t to)
{
    char block[64 * 1024];
    while (from < to) {
        size_t want = to - from < (off_t)sizeof block ? (size_t)(to - from) : sizeof block;
        ssize_t n = io_pread(fd, block, want, from);
        if (n == 0)
            errno = EIO; /* shorter than its own lines say */
        if (n <= 0 || !io_pwrite(fd, block, (size_t)n, from))
            return false;
        from += n;
    }
    return true;
}

/*
 * Puts the copies that were found in `p` on disk. They are written over themselves first: after a
 * failed sync, Linux reports success for the next one.
 */
static enum verdict resend_confirm(struct txn *t, const struct pair *p)
{
    enum config_sync sync = (enum config_sync)t->store->config->sync;
    bool any = false, csv = sync == SYNC_BOTH;
    for (size_t i = 0; i < t->batch->count; i++) {
        struct twin *twin = &t->resend.twins[i];
        if (twin->place != TWIN_FOUND)
            continue;
        twin->place = TWIN_STORED;
        any = sync != SYNC_OFF;
        if (any && csv && !resend_rewrite(p->csv, (off_t)twin->csv_start, (off_t)twin->csv_end))
            return pair_failed("write again", p->csv_name, t->fault);
        if (any && !resend_rewrite(p->json, twin->start, twin->end))
            return pair_failed("write again", p->json_name, t->fault);
    }
    if (any && csv && fdatasync(p->csv) != 0)
        return pair_failed("fdatasync", p->csv_name, t->fault);
    if (any && fdatasync(p->json) != 0)
        return pair_failed("fdatasync", p->json_name, t->fault);
    return V_OK;
}

/* Searches the open pair of another day. If copies are there, it is healed first, as by any writer.
 * Another program's file has none. */
static enum verdict resend_search_pair(struct txn *t, struct pair *p)
{
    struct jsonl_back back;
    struct commit last;
    struct heal h = {.pair = p, .back = &back, .last = &last, .fault = t->fault};
    size_t before = t->resend.duplicates;
    heal_of_store(&h, t->store);
    switch (commit_find(p->json, p->json_size, heal_digest(&h), &back, &last)) {
    case COMMIT_FAILED:
        return pair_failed("read", p->json_name, t->fault);
    case COMMIT_NONE:
    case COMMIT_NOT_OURS:
        return V_OK;
    case COMMIT_FOUND:
        break;
    }
    enum verdict v = resend_search(t, &back, p, 0);
    if (v != V_OK || t->resend.duplicates == before)
        return v;
    v = pair_make_csv(p, t->fault);
    if (v == V_OK)
        v = heal_pair(&h);
    return v == V_OK ? resend_confirm(t, p) : v;
}

static enum verdict resend_search_day(struct txn *t, int64_t day)
{
    struct pair past;
    char date[CLOCK_DATE_LEN + 1];
    struct pair_of of = {&t->store->dirs, t->batch->ip, t->resend.deadline};
    enum verdict v = resend_check_time(t);
    clock_date(day, date);
    while (v == V_OK) {
        v = pair_find(&past, &of, date, t->fault);
        if (v != V_OK || past.state != PAIR_MOVED)
            break;
        clock_sleep_us(MOVED_PAUSE_US);
        v = resend_check_time(t);
    }
    if (v == V_OK && past.state == PAIR_OPEN) {
        v = resend_search_pair(t, &past);
        pair_close(&past);
    }
    return v;
}

/* The past days that the window covers, newest first. */
static enum verdict resend_search_past(struct txn *t)
{
    int64_t keep = t->store->config->keep_days;
    int64_t days = keep > 0 && keep < RESEND_DAYS ? keep : RESEND_DAYS;
    int64_t day = clock_day_start(t->now);
    enum verdict v = V_OK;
    for (; days > 0 && t->resend.since < day && v == V_OK && !resend_is_complete(t); days--) {
        day -= CLOCK_DAY_MS;
        v = resend_search_day(t, day);
    }
    return v;
}

enum verdict txn_look_back(struct txn *t)
{
    struct resend *r = &t->resend;
    enum verdict v = V_OK;
    if (!r->twins)
        return V_OK;
    r->since = t->batch->retry_ms < 0 ? INT64_MAX : t->now - t->batch->retry_ms - RESEND_SLACK_MS;
    int64_t limit = t->store->config->lock_timeout_ms;
    r->deadline = clock_monotonic() + (limit > RESEND_LEAST_MS ? limit : RESEND_LEAST_MS);
    if (t->tomorrow.state == PAIR_OPEN)
        v = resend_search_pair(t, &t->tomorrow);
    if (v == V_OK && t->last.end > 0)
        v = resend_search(t, &t->back, &t->today, RESEND_LINES);
    if (v == V_OK)
        v = resend_confirm(t, &t->today);
    return v == V_OK ? resend_search_past(t) : v;
}
