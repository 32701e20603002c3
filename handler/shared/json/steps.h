/*
 * steps: what gate.c and notes.c share. Private to this folder.
 *
 * A step gets the place to read at and returns the place after what it took, or NULL on a fault.
 * text[len] is NUL, which is valid nowhere: only reads of several bytes need a bounds check.
 *
 * The gate removes white space as it goes. `run` is the start of the bytes that were read and kept
 * but not yet moved; all of them move down by the same distance, the white space removed so far,
 * so that `origin` comes to lie at `text`. A text without white space is never copied; one with it
 * costs one memmove between two gaps.
 */
#ifndef HANDLER_SHARED_JSON_STEPS_H
#define HANDLER_SHARED_JSON_STEPS_H

#include "handler/shared/json/notes.h"
#include "handler/shared/json/scan.h"

struct gate {
    char *text, *end;
    char *run, *origin;
    const char *wordwise; /* from here to the end, fewer than KNOWN_BYTES are left */
    unsigned depth;
    struct json_doc *doc;
    struct json_notes *notes;          /* NULL: no notes */
    uint64_t salt;                     /* so that a client cannot choose names that collide */
    uint64_t hashes[JSON_MAX_MEMBERS]; /* of the decoded top-level names */
    struct json_fault *fault;
};

/* Records what is wrong at `at`; returns NULL. */
char *gate_fail(struct gate *g, const char *at, const char *what);

/* Moves the run, which ends at `end`, to its place; the next run starts at `next`. */
void gate_end_run(struct gate *g, char *end, char *next);

/* The rest of a string, from a byte that is not plain. */
char *gate_odd_string(struct gate *g, char *p);

/* What follows the digits of an integer. */
char *gate_fraction(struct gate *g, char *p);

/* Any value. */
char *gate_value(struct gate *g, char *p);

/* The array of which notes are made (notes.c). */
char *gate_noted_array(struct gate *g, char *p);

/* Where the byte at `p` will be in the gated text, as an offset. */
static inline uint32_t gate_place(const struct gate *g, const char *p)
{
    return (uint32_t)(p - g->origin);
}

static inline bool gate_is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline char *gate_space(struct gate *g, char *p)
{
    if ((unsigned char)*p > ' ' || !gate_is_space(*p))
        return p;
    char *end = p;
    while (gate_is_space(*p))
        p++;
    gate_end_run(g, end, p);
    return p;
}

/* The string whose opening quote is at `p`. `*plain` becomes true if it is plain as a whole. */
static inline char *gate_string(struct gate *g, char *p, bool *plain)
{
    p = (char *)scan_plain(p + 1, g->end);
    *plain = *p == '"';
    return *plain ? p + 1 : gate_odd_string(g, p);
}

static inline char *gate_digits(char *p)
{
    while (text_is_digit(*p))
        p++;
    return p;
}

/* RFC 8259 section 6: [ minus ] int [ frac ] [ exp ] */
static inline char *gate_number(struct gate *g, char *p)
{
    if (*p == '-')
        p++;
    char *first = p;
    p = gate_digits(p);
    if (p == first)
        return gate_fail(g, p, "expected a digit");
    if (*first == '0' && p > first + 1)
        return gate_fail(g, first + 1, "unexpected digit after a leading 0");
    return *p == '.' || *p == 'e' || *p == 'E' ? gate_fraction(g, p) : p;
}

static inline char *gate_open(struct gate *g, char *p)
{
    if (g->depth == JSON_MAX_DEPTH)
        return gate_fail(g, p, "nested more than 64 levels deep");
    g->depth++;
    return gate_space(g, p + 1);
}

static inline char *gate_close(struct gate *g, char *p)
{
    g->depth--;
    return p + 1;
}

static inline char *gate_name(struct gate *g, char *p)
{
    bool plain;
    if (*p != '"')
        return gate_fail(g, p, "expected a member name in double quotes");
    return gate_string(g, p, &plain);
}

/* The colon after a name, up to the value. */
static inline char *gate_colon(struct gate *g, char *p)
{
    p = gate_space(g, p);
    if (*p != ':')
        return gate_fail(g, p, "expected a colon after the member name");
    return gate_space(g, p + 1);
}

/* What follows an element: the end of its container, or a comma up to the next element. */
static inline char *gate_after(struct gate *g, char *p, char closing, bool *closed)
{
    if (*p != ',')
        p = gate_space(g, p);
    *closed = *p == closing;
    if (*closed)
        return gate_close(g, p);
    if (*p == ',')
        return gate_space(g, p + 1);
    return gate_fail(g, p, closing == '}' ? "expected a comma or }" : "expected a comma or ]");
}

#endif
