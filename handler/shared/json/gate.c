#include "handler/shared/json/gate.h"

#include "handler/shared/json/escape.h"
#include "handler/shared/json/steps.h"
#include "handler/shared/json/write.h"

char *gate_fail(struct gate *g, const char *at, const char *what)
{
    g->fault->offset = (size_t)(at - g->text);
    g->fault->what = at >= g->end ? "unexpected end of the text" : what;
    return NULL;
}

void gate_end_run(struct gate *g, char *end, char *next)
{
    if (g->origin > g->text)
        memmove(g->text + (g->run - g->origin), g->run, (size_t)(end - g->run));
    g->origin += next - end;
    g->run = next;
}

/* The escape at `p`. */
static char *gate_escape(struct gate *g, char *p)
{
    if (p[1] != 'u') {
        if (p[1] != '\0' && strchr("\"\\/bfnrt", p[1]))
            return p + 2;
        return gate_fail(g, p + 1,
                         "unknown escape; expected \\\" \\\\ \\/ \\b \\f \\n \\r \\t or \\uXXXX");
    }
    int32_t unit = escape_unit(p);
    if (unit == ESCAPE_NONE) {
        char *bad = p + 2;
        while (text_hex_digit(*bad) >= 0)
            bad++;
        return gate_fail(g, bad, "expected four hexadecimal digits after \\u");
    }
    if (escape_is_high(unit) && escape_is_low(escape_unit(p + 6)))
        return p + 12;
    if (escape_is_high(unit) || escape_is_low(unit))
        memcpy(p + 2, "fffd", 4);
    return p + 6;
}

char *gate_odd_string(struct gate *g, char *p)
{
    for (; *p != '"'; p = (char *)scan_plain(p, g->end)) {
        if (*p == '\\') {
            p = gate_escape(g, p);
            if (!p)
                return NULL;
        } else if ((unsigned char)*p < 0x20) {
            return gate_fail(g, p, "control character in a string; it must be escaped");
        } else {
            size_t n = utf8_length(p, (size_t)(g->end - p));
            if (n == 0)
                return gate_fail(g, p, "invalid UTF-8");
            p += n;
        }
    }
    return p + 1;
}

char *gate_fraction(struct gate *g, char *p)
{
    if (*p == '.') {
        if (!text_is_digit(*++p))
            return gate_fail(g, p, "expected a digit after the decimal point");
        p = gate_digits(p);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (!text_is_digit(*p))
            return gate_fail(g, p, "expected a digit in the exponent");
        p = gate_digits(p);
    }
    return p;
}

static char *gate_word(struct gate *g, char *p, const char *word)
{
    for (; *word; word++, p++)
        if (*p != *word)
            return gate_fail(g, p, "expected true, false or null");
    return p;
}

static char *gate_object(struct gate *g, char *p)
{
    p = gate_open(g, p);
    if (p && *p == '}')
        return gate_close(g, p);
    for (bool closed = false; p && !closed;) {
        p = gate_name(g, p);
        if (p)
            p = gate_colon(g, p);
        if (p)
            p = gate_value(g, p);
        if (p)
            p = gate_after(g, p, '}', &closed);
    }
    return p;
}

static char *gate_array(struct gate *g, char *p)
{
    p = gate_open(g, p);
    if (p && *p == ']')
        return gate_close(g, p);
    for (bool closed = false; p && !closed;) {
        p = gate_value(g, p);
        if (p)
            p = gate_after(g, p, ']', &closed);
    }
    return p;
}

char *gate_value(struct gate *g, char *p)
{
    bool plain;
    switch (*p) {
    case '"':
        return gate_string(g, p, &plain);
    case '{':
        return gate_object(g, p);
    case '[':
        return gate_array(g, p);
    case 't':
        return gate_word(g, p, "true");
    case 'f':
        return gate_word(g, p, "false");
    case 'n':
        return gate_word(g, p, "null");
    default:
        if (*p == '-' || text_is_digit(*p))
            return gate_number(g, p);
        return gate_fail(g, p, "expected a JSON value");
    }
}

static inline uint64_t hash_byte(uint64_t hash, char c)
{
    return (hash ^ (unsigned char)c) * UINT64_C(1099511628211); /* FNV-1a */
}

static uint64_t name_hash(struct text quoted, uint64_t salt)
{
    uint64_t hash = UINT64_C(14695981039346656037) ^ salt;
    const char *end = quoted.ptr + quoted.len - 1;
    for (const char *p = quoted.ptr + 1; p < end;) {
        if (*p != '\\') {
            hash = hash_byte(hash, *p++);
            continue;
        }
        char c[ESCAPE_BYTES_MAX];
        size_t n;
        p = escape_decode(p, c, &n);
        for (size_t i = 0; i < n; i++)
            hash = hash_byte(hash, c[i]);
    }
    return hash;
}

static bool name_equal(struct text a, struct text b)
{
    const char *p = a.ptr + 1, *q = b.ptr + 1;
    const char *p_end = a.ptr + a.len - 1, *q_end = b.ptr + b.len - 1;
    char x[ESCAPE_BYTES_MAX], y[ESCAPE_BYTES_MAX];
    size_t nx = 0, ny = 0, ix = 0, iy = 0;
    for (;;) {
        if (ix == nx) {
            if (p == p_end)
                return iy == ny && q == q_end;
            p = escape_decode(p, x, &nx);
            ix = 0;
        }
        if (iy == ny) {
            if (q == q_end)
                return false;
            q = escape_decode(q, y, &ny);
            iy = 0;
        }
        if (x[ix++] != y[iy++])
            return false;
    }
}

/* Where the byte at `p` will be in the gated text. */
static const char *gate_final(const struct gate *g, const char *p)
{
    return g->text + (p - g->origin);
}

/* Records a top-level name. The run has not moved yet: names in it are compared where they are. */
static char *gate_record_name(struct gate *g, char *start, char *end)
{
    struct json_doc *doc = g->doc;
    size_t n = doc->member_count++;
    if (n >= JSON_MAX_MEMBERS)
        return end;
    struct text here = {start, (size_t)(end - start)};
    g->hashes[n] = name_hash(here, g->salt);
    for (size_t i = 0; i < n; i++) {
        if (g->hashes[i] != g->hashes[n])
            continue;
        struct text other = doc->members[i].name;
        if (other.ptr >= gate_final(g, g->run))
            other.ptr += g->origin - g->text; /* still in the run */
        if (name_equal(other, here))
            return gate_fail(g, start, "duplicate member name; names must be unique");
    }
    doc->members[n].name = (struct text){gate_final(g, start), here.len};
    return end;
}

/* True if this is the name of the array of which notes are made. */
static bool gate_is_noted(const struct gate *g, const char *start, const char *end)
{
    return g->notes && (start[1] == *g->notes->of || start[1] == '\\') &&
           json_name_is((struct text){start, (size_t)(end - start)}, g->notes->of);
}

static char *gate_top_member(struct gate *g, char *p)
{
    struct json_doc *doc = g->doc;
    char *name = p;
    p = gate_name(g, p);
    if (p)
        p = gate_record_name(g, name, p);
    if (!p)
        return NULL;
    bool noted = gate_is_noted(g, name, p);
    size_t n = doc->member_count;
    p = gate_colon(g, p);
    if (!p)
        return NULL;
    if (n > JSON_MAX_MEMBERS)
        return gate_value(g, p);
    struct json_member *m = &doc->members[n - 1];
    m->value.ptr = gate_final(g, p);
    p = noted && *p == '[' ? gate_noted_array(g, p) : gate_value(g, p);
    if (p)
        m->value.len = (size_t)(gate_final(g, p) - m->value.ptr);
    return p;
}

/* The whole value; the members of an object are recorded. */
static char *gate_top(struct gate *g, char *p)
{
    if (*p != '{')
        return gate_value(g, p);
    p = gate_open(g, p);
    if (p && *p == '}')
        return gate_close(g, p);
    for (bool closed = false; p && !closed;) {
        p = gate_top_member(g, p);
        if (p)
            p = gate_after(g, p, '}', &closed);
    }
    return p;
}

bool json_gate_noting(char *text, size_t len, struct json_doc *doc, struct json_notes *notes,
                      struct json_fault *fault)
{
    doc->member_count = 0;
    doc->notes = notes;
    if (notes) {
        notes->text = text;
        notes->count = 0;
    }
    struct gate g; /* `hashes` stays uninitialised: clearing 2 KiB for each record is expensive */
    g.text = g.run = text;
    g.end = text + len;
    g.wordwise = len < KNOWN_BYTES ? text : g.end - KNOWN_BYTES + 1;
    g.origin = text;
    g.depth = 0;
    g.salt = (uint64_t)(uintptr_t)&g * UINT64_C(0x9e3779b97f4a7c15); /* random by ASLR */
    g.doc = doc;
    g.notes = notes;
    g.fault = fault;
    if (len >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
        return gate_fail(&g, text, "unexpected byte-order mark");
    doc->text.ptr = text;
    char *p = gate_top(&g, gate_space(&g, text));
    if (!p)
        return false;
    p = gate_space(&g, p);
    if (p != g.end)
        return gate_fail(&g, p, "unexpected text after the JSON value");
    gate_end_run(&g, p, p);
    doc->text.len = len - (size_t)(g.origin - text);
    text[doc->text.len] = '\0';
    return true;
}

bool json_gate(char *text, size_t len, struct json_doc *doc, struct json_fault *fault)
{
    return json_gate_noting(text, len, doc, NULL, fault);
}
