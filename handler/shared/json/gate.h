/*
 * JSON, read strictly. This folder has four parts:
 *
 *     gate   checks a text that came from outside, in one pass
 *     notes  lets the gate record where the members of many objects are
 *     walk   reads a text that the gate has accepted
 *     write  writes string literals
 *
 * json_gate() accepts exactly the JSON of RFC 8259, in UTF-8 (RFC 3629), at most JSON_MAX_DEPTH
 * levels deep, with top-level names that are unique after their escapes are decoded. It edits the
 * text in place while it reads: it removes insignificant white space and replaces an unpaired
 * surrogate escape by \ufffd. All other bytes stay as they are, above all those of numbers.
 */
#ifndef HANDLER_SHARED_JSON_GATE_H
#define HANDLER_SHARED_JSON_GATE_H

#include "handler/shared/json/walk.h"

enum { JSON_MAX_DEPTH = 64, JSON_MAX_MEMBERS = 256 };

struct json_notes;

struct json_doc {
    struct text text;         /* the whole value */
    struct json_notes *notes; /* borrowed; NULL: none were made */
    size_t member_count;      /* of a top-level object, counted even beyond JSON_MAX_MEMBERS */
    struct json_member members[JSON_MAX_MEMBERS];
};

struct json_fault {
    size_t offset;    /* of the first wrong byte, in the text as received */
    const char *what; /* what is wrong there; static */
};

/*
 * Checks `text` of `len` bytes; text[len] must be NUL. On success, `doc` describes the text. If
 * doc->member_count is over JSON_MAX_MEMBERS, `members` holds the first JSON_MAX_MEMBERS, and the
 * names after them were not compared. On failure, `fault` names the first fault, and the contents
 * of the text are undefined.
 */
bool json_gate(char *text, size_t len, struct json_doc *doc, struct json_fault *fault);

/* The same, with notes; json_notes_reserve() must have made room for `len` bytes. */
bool json_gate_noting(char *text, size_t len, struct json_doc *doc, struct json_notes *notes,
                      struct json_fault *fault);

#endif
