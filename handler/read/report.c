#include "handler/read/report.h"

#include "handler/read/version.h"

#include <stdlib.h>

enum { LAG_STEADY_MS = 10 * 1000, MACHINES_WINDOW_MS = 86400 * 1000 };

void report_reader_init(struct report_reader *r)
{
    tail_init(&r->tail);
    facts_init(&r->facts);
}

void report_reader_release(struct report_reader *r)
{
    tail_release(&r->tail);
    facts_release(&r->facts);
}

void report_free(struct report *report)
{
    while (report) {
        struct report *next = report->next;
        free(report);
        report = next;
    }
}

bool report_same_machine(const struct report *a, const struct report *b)
{
    return facts_same(&a->fact[FACT_MACHINE_ID], &b->fact[FACT_MACHINE_ID]);
}

/* The current line as a report of its own; NULL: the line is not ours, or memory is out. */
static struct report *report_of_line(struct report_reader *r)
{
    if (!facts_read(&r->facts, &r->tail))
        return NULL;
    size_t text = 0;
    for (size_t i = 0; i < FACT_COUNT; i++)
        text += r->facts.value[i].ptr ? r->facts.value[i].len + 1 : 0;
    struct report *out = calloc(1, sizeof *out + text);
    if (!out)
        return NULL;
    *out = (struct report){.line = r->tail.line,
                           .received_ms = r->tail.received_ms,
                           .line_end = r->tail.end,
                           .bytes = sizeof *out + text};
    char *at = out->text;
    for (size_t i = 0; i < FACT_COUNT; i++) {
        struct text value = r->facts.value[i];
        if (!value.ptr)
            continue;
        memcpy(at, value.ptr, value.len);
        out->fact[i] = (struct text){at, value.len};
        at += value.len + 1; /* calloc() has set the NUL */
    }
    int64_t collected = facts_time(&out->fact[FACT_COLLECTED_AT]);
    out->lag_known = collected >= 0;
    out->lag_ms = out->lag_known ? out->received_ms - collected : 0;
    const struct text *cut = &out->fact[FACT_TRUNCATED];
    if (cut->ptr && strtod(cut->ptr, NULL) > 0)
        out->flags |= REPORT_TRUNCATED;
    return out;
}

static bool report_lower(const struct report *now, const struct report *before, enum fact fact)
{
    return now->fact[fact].ptr && before->fact[fact].ptr &&
           version_compare(now->fact[fact], before->fact[fact]) < 0;
}

/* Compares the newest record with one before it; `index` is 1 for the one right before. */
static void report_compare(struct report *now, const struct report *before, int index)
{
    bool both = now->fact[FACT_MACHINE_ID].ptr && before->fact[FACT_MACHINE_ID].ptr;
    if (both && !report_same_machine(now, before)) {
        now->flags |= REPORT_SHARED;
        return;
    }
    if (report_lower(now, before, FACT_OS_VER) || report_lower(now, before, FACT_OS_VERSION_ID))
        now->flags |= REPORT_REGRESSED;
    if (now->fact[FACT_BOOT_ID].ptr && before->fact[FACT_BOOT_ID].ptr &&
        !facts_same(&now->fact[FACT_BOOT_ID], &before->fact[FACT_BOOT_ID]))
        now->flags |= REPORT_REBOOTED;
    if (index == 1 && now->lag_known && before->lag_known)
        now->lag_steady = llabs(now->lag_ms - before->lag_ms) <= LAG_STEADY_MS;
}

static void report_history(struct report_reader *r, struct report *now)
{
    for (int i = 1; i < REPORT_HISTORY && tail_back(&r->tail) == TAIL_OK; i++) {
        struct report *before = report_of_line(r);
        if (!before)
            return;
        report_compare(now, before, i);
        free(before);
    }
}

/* Adds a report for each machine that is not in the list yet, the newest line of each. */
static void report_machines(struct report_reader *r, struct report *now, int fd, off_t size)
{
    struct report *last = now;
    int machines = 1;
    if (tail_open(&r->tail, fd, size) != TAIL_OK)
        return;
    for (int i = 0; i < REPORT_LINES_MAX && tail_back(&r->tail) == TAIL_OK; i++) {
        struct report *one = report_of_line(r), *known = now;
        if (!one || now->received_ms - one->received_ms > MACHINES_WINDOW_MS) {
            free(one);
            return;
        }
        while (known && !report_same_machine(known, one))
            known = known->next;
        if (known || !one->fact[FACT_MACHINE_ID].ptr || machines == REPORT_MACHINES_MAX) {
            free(one);
            continue;
        }
        one->flags |= REPORT_SHARED;
        last = last->next = one;
        machines++;
    }
}

enum tail_result report_read(struct report_reader *r, int fd, off_t size, struct report **out)
{
    enum tail_result result = tail_open(&r->tail, fd, size);
    if (result != TAIL_OK)
        return result;
    struct report *now = report_of_line(r);
    if (!now)
        return TAIL_UNREADABLE;
    if (r->tail.foreign)
        now->flags |= REPORT_UNREADABLE;
    report_history(r, now);
    if (now->flags & REPORT_SHARED)
        report_machines(r, now, fd, size);
    *out = now;
    return TAIL_OK;
}
