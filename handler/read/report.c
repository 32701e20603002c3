#include "handler/read/report.h"

#include "handler/read/version.h"

#include <stdlib.h>
#include <unistd.h>

enum { LAG_STEADY_MS = 10 * 1000, MACHINES_WINDOW_MS = 86400 * 1000 };

void report_reader_init(struct report_reader *r)
{
    *r = (struct report_reader){.before_fd = -1};
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
    if (!facts_read(&r->facts, &r->tail, FACTS_ALL))
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

/* ---- the records before it */

static bool report_lower(const struct report *now, const struct facts *before, enum fact fact)
{
    return now->fact[fact].ptr && before->value[fact].ptr &&
           version_compare(now->fact[fact], before->value[fact]) < 0;
}

/* Compares a record with one of the same machine before it, which is the current line. */
static void report_compare(struct report *now, const struct report_reader *r)
{
    const struct text *boot = &r->facts.value[FACT_BOOT_ID];
    if (report_lower(now, &r->facts, FACT_OS_VER) ||
        report_lower(now, &r->facts, FACT_OS_VERSION_ID))
        now->flags |= REPORT_REGRESSED;
    if (now->fact[FACT_BOOT_ID].ptr && boot->ptr && !facts_same(&now->fact[FACT_BOOT_ID], boot))
        now->flags |= REPORT_REBOOTED;
    if (now->compared++ > 0)
        return;
    int64_t collected = facts_time(&r->facts.value[FACT_COLLECTED_AT]);
    now->lag_steady = now->lag_known && collected >= 0 &&
                      llabs(now->lag_ms - (r->tail.received_ms - collected)) <= LAG_STEADY_MS;
}

/* Moves to the line before, from the start of a day to the end of the day before. */
static bool report_back(struct report_reader *r, struct report *first)
{
    enum tail_result got = tail_back(&r->tail);
    if (got != TAIL_END || first->crossed)
        return got == TAIL_OK;
    struct stat st;
    first->crossed = true;
    first->before = (struct file_mark){.size = 0};
    r->before_fd =
        files_open(r->source->data, &r->source->ip, r->source->day_ms - CLOCK_DAY_MS, &st);
    if (r->before_fd < 0)
        return false;
    first->before = files_mark(&st);
    return tail_open(&r->tail, r->before_fd, st.st_size) == TAIL_OK;
}

/* What is known of the machines of an address while its lines are read. */
struct report_walk {
    struct report *first, *last;
    int machines;
    bool shared;
};

/* The machine of the current line: that with the same id, where both are known. */
static struct report *report_machine(const struct report_walk *w, const struct text *id)
{
    struct report *one = w->first;
    while (one && !(id->ptr ? facts_same(&one->fact[FACT_MACHINE_ID], id)
                            : !one->fact[FACT_MACHINE_ID].ptr))
        one = one->next;
    return one;
}

/* Adds the machine of the current line. */
static bool report_add(struct report_reader *r, struct report_walk *w)
{
    struct report *one = report_of_line(r);
    if (!one)
        return false;
    for (const struct report *other = w->first; other; other = other->next)
        w->shared |= one->fact[FACT_MACHINE_ID].ptr && other->fact[FACT_MACHINE_ID].ptr;
    w->last = w->last->next = one;
    w->machines++;
    return true;
}

/* Takes the current line into account. False: the walk ends. */
static bool report_line(struct report_reader *r, struct report_walk *w, int line)
{
    const unsigned history = 1u << FACT_MACHINE_ID | 1u << FACT_BOOT_ID | 1u << FACT_OS_VER |
                             1u << FACT_OS_VERSION_ID | 1u << FACT_COLLECTED_AT;
    bool all = line < REPORT_HISTORY || w->machines > 1;
    bool old = w->first->received_ms - r->tail.received_ms > MACHINES_WINDOW_MS;
    if ((old && w->shared) ||
        !facts_read(&r->facts, &r->tail, all ? history : 1u << FACT_MACHINE_ID))
        return false;
    struct report *machine = report_machine(w, &r->facts.value[FACT_MACHINE_ID]);
    if (machine && all && machine->compared < REPORT_HISTORY - 1)
        report_compare(machine, r);
    return machine || old || w->machines == REPORT_MACHINES_MAX || report_add(r, w);
}

/* Leaves one report for an address that is not shared, and marks those of one that is. */
static void report_settle(struct report_walk *w)
{
    if (!w->shared) {
        report_free(w->first->next);
        w->first->next = NULL;
        return;
    }
    for (struct report *one = w->first; one; one = one->next)
        one->flags |= REPORT_SHARED;
}

enum tail_result report_read(struct report_reader *r, const struct report_source *source, int fd,
                             off_t size, struct report **out)
{
    enum tail_result result = tail_open(&r->tail, fd, size);
    if (result != TAIL_OK)
        return result;
    struct report *now = report_of_line(r);
    if (!now)
        return TAIL_UNREADABLE;
    if (r->tail.foreign)
        now->flags |= REPORT_UNREADABLE;
    struct report_walk walk = {.first = now, .last = now, .machines = 1};
    r->source = source;
    for (int line = 1; line < (walk.shared ? REPORT_LINES_MAX : REPORT_LOOK); line++)
        if (!report_back(r, now) || !report_line(r, &walk, line))
            break;
    if (r->before_fd >= 0)
        close(r->before_fd);
    r->before_fd = -1;
    report_settle(&walk);
    *out = now;
    return TAIL_OK;
}
