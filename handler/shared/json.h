/*
 * json: the strict gate, and a walk over what has passed it.
 *
 * json_gate() takes a text in one pass: it accepts exactly the JSON of RFC 8259, in UTF-8 (RFC
 * 3629), at most JSON_MAX_DEPTH levels deep, with top-level names that differ once their escapes
 * are decoded. While it reads, it works the text over in place: insignificant white space goes
 * away, and an unpaired surrogate escape becomes \ufffd. Everything else stays byte for byte;
 * numbers above all. It notes where the members of a top-level object lie.
 *
 * The walk (json_iter_*, json_unescape) trusts its input: only text that has passed the
 * gate, never anything else.
 *
 * All spans point into the gated text and live as long as it does.
 */
#ifndef ROLLCALL_JSON_H
#define ROLLCALL_JSON_H

#include <stdbool.h>
#include <stddef.h>

enum { JSON_MAX_DEPTH = 64, JSON_MAX_MEMBERS = 256 };

struct json_span {
    const char *ptr;
    size_t len;
};

struct json_member {
    struct json_span name;  /* with its quotes, escapes as they came */
    struct json_span value; /* white space and surrogates mended */
};

struct json_doc {
    struct json_span text; /* the whole value */
    size_t member_count;   /* of a top-level object, counted even beyond JSON_MAX_MEMBERS */
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

static inline bool json_is_object(struct json_span v)
{
    return v.ptr[0] == '{';
}

static inline bool json_is_array(struct json_span v)
{
    return v.ptr[0] == '[';
}

static inline bool json_is_string(struct json_span v)
{
    return v.ptr[0] == '"';
}

static inline bool json_is_null(struct json_span v)
{
    return v.ptr[0] == 'n';
}

static inline bool json_is_number(struct json_span v)
{
    return v.ptr[0] == '-' || (v.ptr[0] >= '0' && v.ptr[0] <= '9');
}

/* True when the decoded name is `name`. */
bool json_name_is(struct json_span quoted, const char *name);

/*
 * Decodes a string (with its quotes) into `out`, which has room for quoted.len bytes. Returns the
 * decoded length. May hold NUL bytes.
 */
size_t json_unescape(struct json_span quoted, char *out);

/* True when a string (with its quotes) holds \u0000. */
bool json_has_nul(struct json_span quoted);

/* Walks the elements of an array, or the members of an object. */
struct json_iter {
    const char *at;  /* next element, or the closing bracket */
    const char *end; /* of the container */
};

struct json_iter json_iter_begin(struct json_span container);

/* The next element; false at the end. */
bool json_iter_element(struct json_iter *it, struct json_span *value);

/* The next member; false at the end. */
bool json_iter_member(struct json_iter *it, struct json_member *member);

/*
 * Into the next element, which must be a container, without looking for its end first; and out of
 * it again, once `inner` is at its end.
 */
struct json_iter json_iter_enter(const struct json_iter *outer);
void json_iter_leave(struct json_iter *outer, const struct json_iter *inner);

#endif
