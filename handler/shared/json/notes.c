#include "handler/shared/json/notes.h"

#include "handler/shared/json/steps.h"

#include <stdlib.h>

void json_notes_init(struct json_notes *n, const char *of)
{
    *n = (struct json_notes){.of = of};
    known_init(&n->names);
}

bool json_notes_reserve(struct json_notes *n, size_t len)
{
    /* An object takes at least three bytes with its comma, and each of its members five. One note
     * may be of an element that is not an object, two of text that turns out not to be JSON. */
    size_t room = len / 3 + 3;
    if (room <= n->room)
        return true;
    if (len > UINT32_MAX)
        return false;
    json_notes_trim(n, 0);
    n->list = malloc(room * sizeof *n->list);
    n->room = n->list ? room : 0;
    return n->list != NULL;
}

void json_notes_trim(struct json_notes *n, size_t keep)
{
    if (n->room * sizeof *n->list <= keep)
        return;
    free(n->list);
    n->list = NULL;
    n->count = n->room = 0;
}

static uint16_t key_of(const struct json_notes *notes, const char *name, size_t len)
{
    return notes->key ? notes->key((struct text){name, len}) : 0;
}

/* A name that is not the expected one, with its colon, up to the value. */
static char *noted_other_name(struct gate *g, char *p, struct known_name **next, uint16_t *key)
{
    struct json_notes *notes = g->notes;
    struct known_name *found = p < g->wordwise ? known_ahead(&notes->names, *next, p) : NULL;
    if (found) {
        *next = found + 1;
        *key = found->key;
        return gate_space(g, p + found->len);
    }
    char *name = p;
    p = gate_name(g, p);
    if (!p)
        return NULL;
    *key = key_of(notes, name, (size_t)(p - name));
    if (*p == ':')
        *next = known_learn(&notes->names, *next, name, (size_t)(p - name) + 1, *key);
    return gate_colon(g, p);
}

static inline char *noted_name(struct gate *g, char *p, struct known_name **next, uint16_t *key)
{
    const struct known_name *expected = *next;
    if (p >= g->wordwise || !known_is(expected, p))
        return noted_other_name(g, p, next, key);
    ++*next;
    *key = expected->key;
    return gate_space(g, p + expected->len);
}

static inline char *noted_value(struct gate *g, char *p, bool *plain)
{
    if (*p == '"')
        return gate_string(g, p, plain);
    *plain = text_is_digit(*p);
    return *plain ? gate_number(g, p) : gate_value(g, p);
}

static char *noted_object(struct gate *g, char *p)
{
    struct json_notes *notes = g->notes;
    struct known_name *next = known_first(&notes->names);
    struct json_note *head = &notes->list[notes->count++], *note = head + 1;
    head->end = gate_place(g, p);
    p = gate_open(g, p);
    bool closed = p && *p == '}';
    if (closed)
        p = gate_close(g, p);
    for (; p && !closed; note++) {
        p = noted_name(g, p, &next, &note->key);
        if (!p)
            break;
        note->value = gate_place(g, p);
        p = noted_value(g, p, &note->plain);
        if (!p)
            break;
        note->end = gate_place(g, p);
        p = gate_after(g, p, '}', &closed);
    }
    notes->count = (size_t)(note - notes->list);
    head->value = (uint32_t)(note - head);
    return p;
}

char *gate_noted_array(struct gate *g, char *p)
{
    struct json_notes *notes = g->notes;
    bool noting = true;
    p = gate_open(g, p);
    if (p && *p == ']')
        return gate_close(g, p);
    for (bool closed = false; p && !closed;) {
        if (noting && *p == '{') {
            p = noted_object(g, p);
        } else {
            if (noting)
                notes->list[notes->count++] =
                    (struct json_note){.value = 1, .end = gate_place(g, p)};
            noting = false;
            p = gate_value(g, p);
        }
        if (p)
            p = gate_after(g, p, ']', &closed);
    }
    return p;
}
