/*
 * notes: where the members of the objects in one top-level array are, written by the gate, so that
 * the objects need no second walk.
 *
 * json_notes.of names the array. Each of its objects has one note for itself, followed by one for
 * each member. Notes end with the first element that is not an object; it has a note, too. A
 * member of that name that is not an array has no notes. The notes agree with json_iter_*().
 *
 *     json_notes_init(&notes, "processes");
 *     json_notes_reserve(&notes, len) && json_gate_noting(text, len, &doc, &notes, &fault)
 *     struct json_noted all = json_noted_begin(&notes), one;
 *     for (const char *element; json_noted_element(&all, &element, &one);)
 *         while (json_noted_member(&one, &member)) ...
 */
#ifndef HANDLER_SHARED_JSON_NOTES_H
#define HANDLER_SHARED_JSON_NOTES_H

#include "handler/shared/json/gate.h"
#include "handler/shared/json/names.h"

/*
 * Places are offsets in the gated text, which has no white space. A name therefore starts one byte
 * after the end of what precedes it, and its colon follows it directly. In the note of an element,
 * `end` is its start offset, and `value` is the number of notes up to the next element's.
 */
struct json_note {
    uint32_t value, end; /* of a member's value: where it starts, and where it ends */
    uint16_t key;        /* what json_notes.key returned for the name */
    bool plain;          /* the value is printable ASCII, a string without \ and inner " */
};

struct json_notes {
    const char *of;   /* borrowed */
    const char *text; /* the gated text */
    struct json_note *list;
    size_t count, room;
    /* The number of a name, for the reader of the notes; NULL: every number is 0. It is called for
     * names that are new here, not for each: a name must always have the same number. */
    uint16_t (*key)(struct text name);
    struct known names; /* of the elements' members, in this text or an earlier one */
};

void json_notes_init(struct json_notes *n, const char *of);

/* Makes room for the notes of any text of `len` bytes; false if memory runs out. */
bool json_notes_reserve(struct json_notes *n, size_t len);

/* Frees the memory if it is over `keep` bytes; the notes are lost. */
void json_notes_trim(struct json_notes *n, size_t keep);

struct json_noted {
    const char *text;
    const struct json_note *at, *end;
};

static inline struct json_noted json_noted_begin(const struct json_notes *n)
{
    return (struct json_noted){n->text, n->list, n->list + n->count};
}

/* The next element: its start, and its members if it is an object. False at the end. */
static inline bool json_noted_element(struct json_noted *it, const char **element,
                                      struct json_noted *members)
{
    if (it->at == it->end)
        return false;
    const struct json_note *n = it->at;
    it->at += n->value;
    *element = it->text + n->end;
    *members = (struct json_noted){it->text, n + 1, it->at};
    return true;
}

/* The next member; false at the end. */
static inline bool json_noted_member(struct json_noted *it, struct json_member *member)
{
    if (it->at == it->end)
        return false;
    const struct json_note *n = it->at++;
    uint32_t name = n[-1].end + 1;
    member->name = (struct text){it->text + name, n->value - name - 1};
    member->value = (struct text){it->text + n->value, n->end - n->value};
    return true;
}

/* The note of the member that json_noted_member() has just returned. */
static inline const struct json_note *json_noted_last(const struct json_noted *it)
{
    return it->at - 1;
}

#endif
