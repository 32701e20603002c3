#include "handler/read/changes.h"

#include <stdio.h>

void changes_init(struct changes *c)
{
    const struct ip nowhere = {.text = ""};
    memset(c, 0, sizeof *c);
    place_init(&c->place, -1, &nowhere, 0);
    facts_init(&c->facts);
    snapshot_init(&c->before);
    snapshot_init(&c->after);
    diff_init(&c->diff);
}

void changes_release(struct changes *c)
{
    place_release(&c->place);
    facts_release(&c->facts);
    snapshot_release(&c->before);
    snapshot_release(&c->after);
    diff_release(&c->diff);
}

/* The machine_id of the current line, "" if it has none. False: the line is not ours. */
static bool changes_id(struct changes *c, const struct changes_scan *scan, char id[CHANGES_ID_MAX])
{
    const struct text *fact = &c->facts.value[FACT_MACHINE_ID];
    id[0] = '\0';
    if (scan->alone)
        return true;
    if (!facts_read(&c->facts, &c->place.tail, 1u << FACT_MACHINE_ID))
        return false;
    size_t len = fact->len < CHANGES_ID_MAX ? fact->len : CHANGES_ID_MAX - 1;
    if (fact->ptr)
        snprintf(id, CHANGES_ID_MAX, "%.*s", (int)len, fact->ptr);
    return true;
}

/* The machine with that id. A line without id is of the first one, and a machine without id gets
 * that of the next line. NULL: it is not in the list. */
static struct changes_machine *changes_machine(struct changes *c, const char id[CHANGES_ID_MAX])
{
    size_t i = 0;
    while (i < c->machine_count && *id && *c->machines[i].id && strcmp(c->machines[i].id, id) != 0)
        i++;
    if (i == c->machine_count)
        return NULL;
    if (!*c->machines[i].id)
        memcpy(c->machines[i].id, id, CHANGES_ID_MAX);
    return &c->machines[i];
}

/* Notes the current line. Lines after `from` say which machines there are. */
static void changes_note(struct changes *c, const struct changes_scan *scan, size_t *missing)
{
    const struct changes_line line = {c->place.day_ms, c->place.tail.received_ms,
                                      c->place.tail.end};
    bool in = line.received_ms > scan->from_ms;
    char id[CHANGES_ID_MAX];
    if (!changes_id(c, scan, id))
        return;
    struct changes_machine *m = changes_machine(c, id);
    if (!m && in && c->machine_count < CHANGES_MACHINES_MAX) {
        m = &c->machines[c->machine_count++];
        *m = (struct changes_machine){.after = line};
        memcpy(m->id, id, sizeof id);
        ++*missing;
    }
    if (!m || m->found)
        return;
    m->before = line;
    m->found = !in;
    *missing -= m->found;
}

enum changes_result changes_find(struct changes *c, const struct changes_scan *scan)
{
    size_t missing = 0, older = 0;
    int64_t first = clock_day_start(scan->from_ms) - scan->absent_days * CLOCK_DAY_MS;
    c->machine_count = 0;
    place_release(&c->place);
    place_init(&c->place, scan->data, &scan->ip, first);
    if (!place_find(&c->place, scan->to_ms))
        return CHANGES_NONE;
    do {
        if (scan->over && scan->over(scan->context))
            return CHANGES_OVER;
        changes_note(c, scan, &missing);
        older += c->place.tail.received_ms <= scan->from_ms;
    } while ((older == 0 || (missing > 0 && older < CHANGES_LINES_MAX)) && place_back(&c->place));
    return CHANGES_OK;
}

static bool changes_load(struct changes *c, const struct changes_line *line, struct snapshot *out)
{
    return place_at(&c->place, line->day_ms, line->end) && snapshot_read(out, &c->place.tail);
}

bool changes_compare(struct changes *c, size_t index)
{
    const struct changes_machine *m = &c->machines[index];
    return changes_load(c, &m->before, &c->before) && changes_load(c, &m->after, &c->after) &&
           diff_make(&c->diff, &c->before, &c->after);
}
