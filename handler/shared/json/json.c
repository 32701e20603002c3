#include "handler/shared/json/json.h"

#include "handler/shared/json/scan.h"
#include "handler/shared/json/write.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/*
 * What has been read and kept but not yet moved to its place is the run from `run`; all of it moves
 * down by the white space dropped so far, so that `origin` would come to lie at `text`. So a text
 * without white space is never copied, and one with it costs one memmove between two blanks. Where
 * the gate stands is handed from step to step, not kept here: each take_*() gets the place to read
 * at and returns the one behind what it took, NULL for a fault.
 *
 * text[len] is NUL, which is valid nowhere: no read needs a bounds check but the word-wise one.
 */
struct gate {
    char *text, *end;
    char *run, *origin;
    const char *wordwise; /* from here on, fewer than KNOWN_BYTES are left */
    unsigned depth;
    struct json_doc *doc;
    struct json_notes *notes;          /* NULL: none are wanted */
    uint64_t salt;                     /* nobody outside can know what collides */
    uint64_t hashes[JSON_MAX_MEMBERS]; /* of the decoded top-level names */
    struct json_fault *fault;
};

static char *fail_at(struct gate *g, const char *at, const char *what)
{
    g->fault->offset = (size_t)(at - g->text);
    g->fault->what = at >= g->end ? "the text ends too early" : what;
    return NULL;
}

/* Moves the run, which ends at `end`, to its place; the next one starts at `next`. */
static void end_run(struct gate *g, char *end, char *next)
{
    if (g->origin > g->text)
        memmove(g->text + (g->run - g->origin), g->run, (size_t)(end - g->run));
    g->origin += next - end;
    g->run = next;
}

static inline bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline char *skip_space(struct gate *g, char *p)
{
    if ((unsigned char)*p > ' ' || !is_space(*p))
        return p;
    char *end = p;
    while (is_space(*p))
        p++;
    end_run(g, end, p);
    return p;
}

/* Where the byte at `p` of the text as given will lie in the mended text: first as an offset. */
static inline uint32_t place(const struct gate *g, const char *p)
{
    return (uint32_t)(p - g->origin);
}

static inline const char * final(const struct gate *g, const char *p)
{
    return g->text + (p - g->origin);
}

#define ONES  UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

static inline char *skip_plain(char *p, const char *end)
{
    return (char *)plain_end(p, end);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

/* The UTF-16 unit of a \u escape whose backslash is at `p`; -1 when there is none. */
static int32_t escape_unit(const char *p)
{
    if (p[0] != '\\' || p[1] != 'u')
        return -1;
    int32_t unit = 0;
    for (int i = 2; i < 6; i++) {
        int digit = hex_digit(p[i]);
        if (digit < 0)
            return -1;
        unit = unit * 16 + digit;
    }
    return unit;
}

static inline bool is_high(int32_t unit)
{
    return unit >= 0xd800 && unit < 0xdc00;
}

static inline bool is_low(int32_t unit)
{
    return unit >= 0xdc00 && unit < 0xe000;
}

/* Takes the escape at `p`; NULL (and the fault) when it is none. */
static char *take_escape(struct gate *g, char *p)
{
    if (p[1] != 'u') {
        if (p[1] != '\0' && strchr("\"\\/bfnrt", p[1]))
            return p + 2;
        return fail_at(g, p + 1,
                       "no such escape; known are \\\" \\\\ \\/ \\b \\f \\n \\r \\t \\uXXXX");
    }
    int32_t unit = escape_unit(p);
    if (unit < 0) {
        char *bad = p + 2;
        while (hex_digit(*bad) >= 0)
            bad++;
        return fail_at(g, bad, "\\u needs four hexadecimal digits");
    }
    if (is_high(unit) && is_low(escape_unit(p + 6)))
        return p + 12;
    if (is_high(unit) || is_low(unit))
        memcpy(p + 2, "fffd", 4);
    return p + 6;
}

/* Takes what is left of a string, from a byte that is not plain. */
static char *take_odd(struct gate *g, char *p)
{
    for (; *p != '"'; p = skip_plain(p, g->end)) {
        if (*p == '\\') {
            p = take_escape(g, p);
            if (!p)
                return NULL;
        } else if ((unsigned char)*p < 0x20) {
            return fail_at(g, p, "a control character in a string must be escaped");
        } else {
            size_t n = utf8_length(p, (size_t)(g->end - p));
            if (n == 0)
                return fail_at(g, p, "not UTF-8");
            p += n;
        }
    }
    return p + 1;
}

/* Takes the string whose opening quote is at `p`; `*plain`: all of it was passed over as such. */
static inline char *take_string(struct gate *g, char *p, bool *plain)
{
    p = skip_plain(p + 1, g->end);
    *plain = *p == '"';
    return *plain ? p + 1 : take_odd(g, p);
}

static inline bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline char *skip_digits(char *p)
{
    while (is_digit(*p))
        p++;
    return p;
}

/* What may stand behind the digits of an integer. */
static char *take_fraction(struct gate *g, char *p)
{
    if (*p == '.') {
        if (!is_digit(*++p))
            return fail_at(g, p, "a number needs a digit behind its point");
        p = skip_digits(p);
    }
    if (*p == 'e' || *p == 'E') {
        p++;
        if (*p == '+' || *p == '-')
            p++;
        if (!is_digit(*p))
            return fail_at(g, p, "a number needs a digit in its exponent");
        p = skip_digits(p);
    }
    return p;
}

/* RFC 8259 section 6: [ minus ] int [ frac ] [ exp ] */
static inline char *take_number(struct gate *g, char *p)
{
    if (*p == '-')
        p++;
    char *first = p;
    p = skip_digits(p);
    if (p == first)
        return fail_at(g, p, "a number needs a digit here");
    if (*first == '0' && p > first + 1)
        return fail_at(g, first + 1, "a number must not start with 0");
    return *p == '.' || *p == 'e' || *p == 'E' ? take_fraction(g, p) : p;
}

static char *take_word(struct gate *g, char *p, const char *word)
{
    for (; *word; word++, p++)
        if (*p != *word)
            return fail_at(g, p, "no JSON value; words are true, false and null");
    return p;
}

static char *open_container(struct gate *g, char *p)
{
    if (g->depth == JSON_MAX_DEPTH)
        return fail_at(g, p, "nested more than 64 levels deep");
    g->depth++;
    return skip_space(g, p + 1);
}

static char *close_container(struct gate *g, char *p)
{
    g->depth--;
    return p + 1;
}

/* Decodes one character of a string; its bytes go to `out`, the place behind it is returned. */
static const char *decode(const char *p, char out[4], size_t *n)
{
    static const char plain[128] = {['"'] = '"',  ['\\'] = '\\', ['/'] = '/',  ['b'] = '\b',
                                    ['f'] = '\f', ['n'] = '\n',  ['r'] = '\r', ['t'] = '\t'};
    *n = 1;
    if (*p != '\\') {
        out[0] = *p;
        return p + 1;
    }
    if (p[1] != 'u') {
        out[0] = plain[p[1] & 127];
        return p + 2;
    }
    uint32_t c = (uint32_t)escape_unit(p);
    p += 6;
    if (is_high((int32_t)c)) { /* the gate left only paired ones */
        c = 0x10000 + ((c - 0xd800) << 10) + ((uint32_t)escape_unit(p) - 0xdc00);
        p += 6;
    }
    *n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const unsigned char lead[5] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = *n - 1; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[*n] | c);
    return p;
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
        char c[4];
        size_t n;
        p = decode(p, c, &n);
        for (size_t i = 0; i < n; i++)
            hash = hash_byte(hash, c[i]);
    }
    return hash;
}

static bool name_equal(struct text a, struct text b)
{
    const char *p = a.ptr + 1, *q = b.ptr + 1;
    const char *p_end = a.ptr + a.len - 1, *q_end = b.ptr + b.len - 1;
    char x[4], y[4];
    size_t nx = 0, ny = 0, ix = 0, iy = 0;
    for (;;) {
        if (ix == nx) {
            if (p == p_end)
                return iy == ny && q == q_end;
            p = decode(p, x, &nx);
            ix = 0;
        }
        if (iy == ny) {
            if (q == q_end)
                return false;
            q = decode(q, y, &ny);
            iy = 0;
        }
        if (x[ix++] != y[iy++])
            return false;
    }
}

/* Notes a top-level name; the run has not moved yet, so names are compared where they lie now. */
static char *note_name(struct gate *g, char *start, char *end)
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
        if (other.ptr >= final(g, g->run))
            other.ptr += g->origin - g->text; /* noted, but still in the run */
        if (name_equal(other, here))
            return fail_at(g, start, "a name that stands here already");
    }
    doc->members[n].name = (struct text){final(g, start), here.len};
    return end;
}

/* Takes the colon behind a name, up to the value. */
static inline char *take_colon(struct gate *g, char *p)
{
    p = skip_space(g, p);
    if (*p != ':')
        return fail_at(g, p, "a colon is needed here");
    return skip_space(g, p + 1);
}

/* Takes what stands behind an element: its container's end, or a comma up to the next one. */
static inline char *take_after(struct gate *g, char *p, char closing, bool *closed)
{
    if (*p != ',')
        p = skip_space(g, p);
    *closed = *p == closing;
    if (*closed)
        return close_container(g, p);
    if (*p == ',')
        return skip_space(g, p + 1);
    return fail_at(g, p,
                   closing == '}' ? "a comma or } is needed here" : "a comma or ] is needed here");
}

static inline char *take_name(struct gate *g, char *p)
{
    bool plain;
    if (*p != '"')
        return fail_at(g, p, "a name in double quotes is needed here");
    return take_string(g, p, &plain);
}

static char *take_value(struct gate *g, char *p);

static char *take_object(struct gate *g, char *p)
{
    p = open_container(g, p);
    if (p && *p == '}')
        return close_container(g, p);
    for (bool closed = false; p && !closed;) {
        p = take_name(g, p);
        if (p)
            p = take_colon(g, p);
        if (p)
            p = take_value(g, p);
        if (p)
            p = take_after(g, p, '}', &closed);
    }
    return p;
}

static char *take_array(struct gate *g, char *p)
{
    p = open_container(g, p);
    if (p && *p == ']')
        return close_container(g, p);
    for (bool closed = false; p && !closed;) {
        p = take_value(g, p);
        if (p)
            p = take_after(g, p, ']', &closed);
    }
    return p;
}

static char *take_value(struct gate *g, char *p)
{
    bool plain;
    switch (*p) {
    case '"':
        return take_string(g, p, &plain);
    case '{':
        return take_object(g, p);
    case '[':
        return take_array(g, p);
    case 't':
        return take_word(g, p, "true");
    case 'f':
        return take_word(g, p, "false");
    case 'n':
        return take_word(g, p, "null");
    default:
        if (*p == '-' || is_digit(*p))
            return take_number(g, p);
        return fail_at(g, p, "a JSON value is needed here");
    }
}

/* The number that a name has for whoever reads the notes. */
static uint16_t key_of(const struct json_notes *notes, const char *name, size_t len)
{
    return notes->key ? notes->key((struct text){name, len}) : 0;
}

/* Takes a name that is not the expected one, with its colon, up to the value. */
static char *take_other_name(struct gate *g, char *p, struct known_name **next, uint16_t *key)
{
    struct json_notes *notes = g->notes;
    struct known_name *found = p < g->wordwise ? known_ahead(&notes->names, *next, p) : NULL;
    if (found) {
        *next = found + 1;
        *key = found->key;
        return skip_space(g, p + found->len);
    }
    char *name = p;
    p = take_name(g, p);
    if (!p)
        return NULL;
    *key = key_of(notes, name, (size_t)(p - name));
    if (*p == ':')
        *next = known_learn(&notes->names, *next, name, (size_t)(p - name) + 1, *key);
    return take_colon(g, p);
}

static inline char *take_noted_name(struct gate *g, char *p, struct known_name **next,
                                    uint16_t *key)
{
    const struct known_name *expected = *next;
    if (p >= g->wordwise || !known_is(expected, p))
        return take_other_name(g, p, next, key);
    ++*next;
    *key = expected->key;
    return skip_space(g, p + expected->len);
}

static inline char *take_noted_value(struct gate *g, char *p, bool *plain)
{
    if (*p == '"')
        return take_string(g, p, plain);
    *plain = is_digit(*p);
    return *plain ? take_number(g, p) : take_value(g, p);
}

/* An object of the array whose elements are noted; see json.h for what a note says. */
static char *take_noted_object(struct gate *g, char *p)
{
    struct json_notes *notes = g->notes;
    struct known_name *next = known_first(&notes->names);
    struct json_note *head = &notes->list[notes->count++], *note = head + 1;
    head->end = place(g, p);
    p = open_container(g, p);
    bool closed = p && *p == '}';
    if (closed)
        p = close_container(g, p);
    for (; p && !closed; note++) {
        p = take_noted_name(g, p, &next, &note->key);
        if (!p)
            break;
        note->value = place(g, p);
        p = take_noted_value(g, p, &note->plain);
        if (!p)
            break;
        note->end = place(g, p);
        p = take_after(g, p, '}', &closed);
    }
    notes->count = (size_t)(note - notes->list);
    head->value = (uint32_t)(note - head);
    return p;
}

/* The array whose elements are noted, up to the first that is no object. */
static char *take_noted_array(struct gate *g, char *p)
{
    struct json_notes *notes = g->notes;
    bool noting = true;
    p = open_container(g, p);
    if (p && *p == ']')
        return close_container(g, p);
    for (bool closed = false; p && !closed;) {
        if (noting && *p == '{') {
            p = take_noted_object(g, p);
        } else {
            if (noting) {
                notes->list[notes->count++] = (struct json_note){.value = 1, .end = place(g, p)};
            }
            noting = false;
            p = take_value(g, p);
        }
        if (p)
            p = take_after(g, p, ']', &closed);
    }
    return p;
}

/* Is this the name of the member whose elements are noted? */
static bool is_noted(const struct gate *g, const char *start, const char *end)
{
    return g->notes && (start[1] == *g->notes->of || start[1] == '\\') &&
           json_name_is((struct text){start, (size_t)(end - start)}, g->notes->of);
}

static char *take_member(struct gate *g, char *p)
{
    struct json_doc *doc = g->doc;
    char *name = p;
    p = take_name(g, p);
    if (p)
        p = note_name(g, name, p);
    if (!p)
        return NULL;
    bool noted = is_noted(g, name, p);
    size_t n = doc->member_count;
    p = take_colon(g, p);
    if (!p)
        return NULL;
    if (n > JSON_MAX_MEMBERS)
        return take_value(g, p);
    struct json_member *m = &doc->members[n - 1];
    m->value.ptr = final(g, p);
    p = noted && *p == '[' ? take_noted_array(g, p) : take_value(g, p);
    if (p)
        m->value.len = (size_t)(final(g, p) - m->value.ptr);
    return p;
}

/* The whole value; of an object, the members are noted. */
static char *take_all(struct gate *g, char *p)
{
    if (*p != '{')
        return take_value(g, p);
    p = open_container(g, p);
    if (p && *p == '}')
        return close_container(g, p);
    for (bool closed = false; p && !closed;) {
        p = take_member(g, p);
        if (p)
            p = take_after(g, p, '}', &closed);
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
    struct gate g;
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
        return fail_at(&g, text, "a byte-order mark; JSON has none");
    doc->text.ptr = text;
    char *p = take_all(&g, skip_space(&g, text));
    if (!p)
        return false;
    p = skip_space(&g, p);
    if (p != g.end)
        return fail_at(&g, p, "more text behind the end of the value");
    end_run(&g, p, p);
    doc->text.len = len - (size_t)(g.origin - text);
    text[doc->text.len] = '\0';
    return true;
}

bool json_gate(char *text, size_t len, struct json_doc *doc, struct json_fault *fault)
{
    return json_gate_noting(text, len, doc, NULL, fault);
}

bool json_name_is(struct text quoted, const char *name)
{
    if (*name && quoted.ptr[1] != *name && quoted.ptr[1] != '\\')
        return false;
    size_t len = strlen(name);
    if (quoted.len == len + 2 && memcmp(quoted.ptr + 1, name, len) == 0)
        return true;
    const char *end = quoted.ptr + quoted.len - 1;
    if (!memchr(quoted.ptr, '\\', quoted.len))
        return false;
    for (const char *p = quoted.ptr + 1; p < end;) {
        char c[4];
        size_t n;
        p = decode(p, c, &n);
        for (size_t i = 0; i < n; i++)
            if (*name == '\0' || *name++ != c[i])
                return false;
    }
    return *name == '\0';
}

/* The closing quote of the string whose opening quote is at `p`. Up to `end` eight bytes at once.
 */
static const char *string_end(const char *p, const char *end)
{
    p++;
    for (;;) {
        while (end - p >= 8) {
            uint64_t w;
            memcpy(&w, p, 8);
            uint64_t quote = w ^ (ONES * '"'), slash = w ^ (ONES * '\\');
            if (((quote - ONES) & ~quote & HIGHS) || ((slash - ONES) & ~slash & HIGHS))
                break;
            p += 8;
        }
        while (*p != '"' && *p != '\\')
            p++;
        if (*p == '"')
            return p;
        p += 2;
    }
}

static const char *skip(const char *p, const char *end)
{
    if (*p == '"')
        return string_end(p, end) + 1;
    if (*p != '{' && *p != '[') {
        while (*p != ',' && *p != '}' && *p != ']' && *p != '\0')
            p++;
        return p;
    }
    size_t depth = 0;
    for (;; p++) {
        if (*p == '"')
            p = string_end(p, end);
        else if (*p == '{' || *p == '[')
            depth++;
        else if ((*p == '}' || *p == ']') && --depth == 0)
            return p + 1;
    }
}

size_t json_unescape(struct text quoted, char *out)
{
    const char *p = quoted.ptr + 1, *end = quoted.ptr + quoted.len - 1;
    char *at = out;
    while (p < end) {
        const char *slash = memchr(p, '\\', (size_t)(end - p));
        size_t plain = (size_t)((slash ? slash : end) - p);
        memcpy(at, p, plain);
        at += plain;
        p += plain;
        if (!slash)
            break;
        char c[4];
        size_t n;
        p = decode(p, c, &n);
        memcpy(at, c, n);
        at += n;
    }
    return (size_t)(at - out);
}

bool json_has_nul(struct text quoted)
{
    const char *p = quoted.ptr + 1, *end = quoted.ptr + quoted.len - 1;
    while ((p = memchr(p, '\\', (size_t)(end - p)))) {
        if (end - p >= 6 && memcmp(p, "\\u0000", 6) == 0)
            return true;
        p += 2;
    }
    return false;
}

struct json_iter json_iter_begin(struct text container)
{
    return (struct json_iter){container.ptr + 1, container.ptr + container.len};
}

/* Goes on behind an element that ends at `end`. */
static inline void step(struct json_iter *it, const char *end)
{
    it->at = *end == ',' ? end + 1 : end;
}

bool json_iter_element(struct json_iter *it, struct text *value)
{
    if (*it->at == ']')
        return false;
    const char *end = skip(it->at, it->end);
    *value = (struct text){it->at, (size_t)(end - it->at)};
    step(it, end);
    return true;
}

bool json_iter_member(struct json_iter *it, struct json_member *member)
{
    if (*it->at == '}')
        return false;
    const char *colon = string_end(it->at, it->end) + 1;
    const char *end = skip(colon + 1, it->end);
    member->name = (struct text){it->at, (size_t)(colon - it->at)};
    member->value = (struct text){colon + 1, (size_t)(end - colon - 1)};
    step(it, end);
    return true;
}

void json_notes_init(struct json_notes *n, const char *of)
{
    *n = (struct json_notes){.of = of};
    known_init(&n->names);
}

bool json_notes_reserve(struct json_notes *n, size_t len)
{
    /* An object takes three bytes at least with its comma, and each of its members five; one note
     * may be of an element that is no object, two of what turns out to be no JSON. */
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
