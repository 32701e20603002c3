/*
 * walk: reads a JSON text that the gate has accepted (gate.h). It trusts its input and checks
 * nothing: never pass it any other text.
 *
 * All texts point into the gated text and are valid as long as that is.
 */
#ifndef HANDLER_SHARED_JSON_WALK_H
#define HANDLER_SHARED_JSON_WALK_H

#include "handler/shared/text.h"

struct json_member {
    struct text name;  /* with its quotes, escapes as received */
    struct text value; /* without insignificant white space, surrogates repaired */
};

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
    return v.ptr[0] == '-' || text_is_digit(v.ptr[0]);
}

/* True if the decoded name is `name`. */
bool json_name_is(struct text quoted, const char *name);

/*
 * Decodes a string (with its quotes) into `out`, which has room for quoted.len bytes. Returns the
 * decoded length. The result may contain NUL bytes.
 */
size_t json_unescape(struct text quoted, char *out);

/* True if a string (with its quotes) contains \u0000. */
bool json_has_nul(struct text quoted);

/* Walks the elements of an array, or the members of an object. */
struct json_iter {
    const char *at;  /* the next element, or the closing bracket */
    const char *end; /* of the container */
};

struct json_iter json_iter_begin(struct text container);

/* The next element; false at the end. */
bool json_iter_element(struct json_iter *it, struct text *value);

/* The next member; false at the end. */
bool json_iter_member(struct json_iter *it, struct json_member *member);

#endif
