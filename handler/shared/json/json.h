/*
 * json: the strict gate, and a walk over what has passed it.
 *
 * json_gate() takes a text in one pass: it accepts exactly the JSON of RFC 8259, in UTF-8 (RFC
 * 3629), at most JSON_MAX_DEPTH levels deep, with top-level names that differ once their escapes
 * are decoded. While it reads, it works the text over in place: insignificant white space goes
 * away, and an unpaired surrogate escape becomes \ufffd. Everything else stays byte for byte;
 * numbers above all. It notes where the members of a top-level object lie; json_gate_noting() also
 * where the members of the objects in one of its arrays do.
 *
 * The walk (json_iter_*, json_unescape) trusts its input: only text that has passed the
 * gate, never anything else.
 *
 * All spans point into the gated text and live as long as it does.
 */
#ifndef HANDLER_SHARED_JSON_JSON_H
#define HANDLER_SHARED_JSON_JSON_H

#include "handler/shared/json/names.h"
#include "handler/shared/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { JSON_MAX_DEPTH = 64, JSON_MAX_MEMBERS = 256 };

struct json_member {
    struct text name;  /* with its quotes, escapes as they came */
    struct text value; /* white space and surrogates mended */
};

/*
 * Notes of the objects in the array that is the top-level member `of`: for each object a note of
 * itself, then one a member. Elements are noted up to the first that is no object, that one
 * included; text that is no array has no notes. They say what json_iter_*() would find, and spare a
 * second walk; read them with json_noted_*().
 *
 * Places are offsets in the text, whose white space is gone: a name starts one byte behind what is
 * before it, and the colon stands right behind it. A note of an element has its start in `end`, so
 * that this is true of its first member, too, and in `value` how many notes there are to the next
 * element's.
 */
struct json_note {
    uint32_t value, end; /* `end` is behind the value */
    uint16_t key;        /* what json_notes.key says of the name */
    bool plain;          /* the value is of printable ASCII, a string without \ and inner " */
};

struct json_notes {
    const char *of;   /* borrowed */
    const char *text; /* what they are of */
    struct json_note *list;
    size_t count, room;
    /* A name's number, for whoever reads the notes; NULL: all are 0. It is asked of a name that is
     * new here, not of each: the same name must have the same number always. */
    uint16_t (*key)(struct text name);
    struct known names; /* of the elements' members, in this text or an earlier one */
};

void json_notes_init(struct json_notes *n, const char *of);

/* Makes room for the notes of a text of `len` bytes, however dense; false when memory is out. */
bool json_notes_reserve(struct json_notes *n, size_t len);

/* Frees the memory when it is over `keep` bytes; the notes are lost. */
void json_notes_trim(struct json_notes *n, size_t keep);

struct json_doc {
    struct text text;         /* the whole value */
    struct json_notes *notes; /* borrowed; NULL: none were made */
    size_t member_count;      /* of a top-level object, counted even beyond JSON_MAX_MEMBERS */
    struct json_member members[JSON_MAX_MEMBERS];
};

struct json_fault {
    size_t offset;    /* of the first byte that cannot be, in the text as it was given */
    const char *what; /* what is wrong there; static */
};

/*
 * Checks `text` of `len` bytes; text[len] must be NUL. On success `doc` describes it (a doc with
 * member_count above JSON_MAX_MEMBERS holds the first JSON_MAX_MEMBERS, and names beyond them were
 * not compared). On failure `fault` names the first fault and the text is spoilt.
 */
bool json_gate(char *text, size_t len, struct json_doc *doc, struct json_fault *fault);

/* The same, with notes, for which json_notes_reserve() has made room. */
bool json_gate_noting(char *text, size_t len, struct json_doc *doc, struct json_notes *notes,
                      struct json_fault *fault);

static inline bool json_is_object(struct text v)
{
    return v.ptr[0] == '{';
}

static inline bool json_is_array(struct text v)
{
    return v.ptr[0] == '[';
}

static inline bool json_is_string(struct text v)
{
    return v.ptr[0] == '"';
}

static inline bool json_is_null(struct text v)
{
    return v.ptr[0] == 'n';
}

static inline bool json_is_number(struct text v)
{
    return v.ptr[0] == '-' || (v.ptr[0] >= '0' && v.ptr[0] <= '9');
}

/* True when the decoded name is `name`. */
bool json_name_is(struct text quoted, const char *name);

/*
 * Decodes a string (with its quotes) into `out`, which has room for quoted.len bytes. Returns the
 * decoded length. May hold NUL bytes.
 */
size_t json_unescape(struct text quoted, char *out);

/* True when a string (with its quotes) holds \u0000. */
bool json_has_nul(struct text quoted);

/* Walks the elements of an array, or the members of an object. */
struct json_iter {
    const char *at;  /* next element, or the closing bracket */
    const char *end; /* of the container */
};

struct json_iter json_iter_begin(struct text container);

/* The next element; false at the end. */
bool json_iter_element(struct json_iter *it, struct text *value);

/* The next member; false at the end. */
bool json_iter_member(struct json_iter *it, struct json_member *member);

/*
 * Goes through notes:
 *
 *     struct json_noted all = json_noted_begin(&notes), one;
 *     for (const char *element; json_noted_element(&all, &element, &one);)
 *         while (json_noted_member(&one, &member)) ...
 */
struct json_noted {
    const char *text;
    const struct json_note *at, *end;
};

static inline struct json_noted json_noted_begin(const struct json_notes *n)
{
    return (struct json_noted){n->text, n->list, n->list + n->count};
}

/* The next element: where it starts, and its members when it is an object. False at the end. */
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

/* The note of the member that json_noted_member() has just given. */
static inline const struct json_note *json_noted_last(const struct json_noted *it)
{
    return it->at - 1;
}

#endif
