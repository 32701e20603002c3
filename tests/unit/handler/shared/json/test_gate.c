/* gate: accepts exactly RFC 8259, and names the first wrong byte; notes agree with the walk. */
#include "tests/unit/unit.h"

#include "handler/shared/json/notes.h"

#define T(s) s, sizeof(s) - 1
#define FFFD "\\ufffd"

static struct json_doc doc;
static struct json_notes notes;
static struct json_fault fault;
static bool remember; /* names from one text to the next */

static void same_span(struct text a, struct text b)
{
    assert_ptr_equal(a.ptr, b.ptr);
    assert_int_equal(a.len, b.len);
}

/* Some function of a name. */
static uint16_t key_of(struct text name)
{
    uint16_t sum = 1;
    for (size_t i = 0; i < name.len; i++)
        sum = (uint16_t)(sum * 31 + (unsigned char)name.ptr[i]);
    return sum;
}

/* A value is noted as plain exactly if it is. */
static void check_plain(struct text v, bool plain)
{
    size_t quote = json_is_string(v);
    struct text inside = {v.ptr + quote, v.len - 2 * quote};
    bool is = unit_is_plain(inside.ptr, inside.len) && !memchr(inside.ptr, '\\', inside.len);
    assert_int_equal(plain, is && (quote || (*v.ptr >= '0' && *v.ptr <= '9')));
}

/* The notes of an element agree with the walk; an element that is not an object has no members. */
static void compare_noted(struct text element, struct json_noted members)
{
    struct json_member walked, noted;
    struct json_iter it = json_iter_begin(element);
    while (json_is_object(element) && json_iter_member(&it, &walked)) {
        assert_true(json_noted_member(&members, &noted));
        same_span(noted.name, walked.name);
        same_span(noted.value, walked.value);
        assert_int_equal(json_noted_last(&members)->key, key_of(walked.name));
        check_plain(walked.value, json_noted_last(&members)->plain);
    }
    assert_false(json_noted_member(&members, &noted));
}

/* Compares all notes with a walk through the member "rows". */
static void compare_notes(void)
{
    struct json_noted all = json_noted_begin(&notes), members = {0};
    const char *at = NULL;
    assert_true(notes.count <= notes.room);
    for (size_t i = 0; i < doc.member_count && i < JSON_MAX_MEMBERS; i++) {
        struct text v = doc.members[i].value, element;
        if (!json_name_is(doc.members[i].name, "rows") || !json_is_array(v))
            continue;
        bool object = true;
        for (struct json_iter it = json_iter_begin(v);
             object && json_iter_element(&it, &element);) {
            assert_true(json_noted_element(&all, &at, &members));
            assert_ptr_equal(at, element.ptr);
            compare_noted(element, members);
            object = json_is_object(element);
        }
    }
    assert_false(json_noted_element(&all, &at, &members));
}

/* Gates a copy in a block of its own, so that ASan sees a read after its NUL and a note outside
 * the room for notes. */
static char *gate(const char *text, size_t len, bool *ok)
{
    char *copy = malloc(len + 1);
    assert_non_null(copy);
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (!remember)
        json_notes_init(&notes, "rows");
    notes.key = key_of;
    assert_true(json_notes_reserve(&notes, len));
    *ok = json_gate_noting(copy, len, &doc, &notes, &fault);
    if (*ok)
        compare_notes();
    json_notes_trim(&notes, 0);
    return copy;
}

static const struct {
    int line;
    const char *in;
    size_t len;
    const char *out; /* NULL: byte for byte the same */
} accepted[] = {
    {__LINE__, T("{}"), NULL},
    {__LINE__, T("[]"), NULL},
    {__LINE__, T("null"), NULL},
    {__LINE__, T("true"), NULL},
    {__LINE__, T("false"), NULL},
    {__LINE__, T("0"), NULL},
    {__LINE__, T("-0"), NULL},
    {__LINE__, T("-0.0e-0"), NULL},
    {__LINE__, T("1E+400"), NULL},
    {__LINE__, T("123456789012345678901234567890.10"), NULL},
    {__LINE__, T("\"\""), NULL},
    {__LINE__, T("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\u00e4\\uD83D\\uDE00\""), NULL},
    {__LINE__, T("\"\x7f\xc2\x80\xe2\x82\xac\xf0\x9f\x98\x80\xef\xbf\xbf\""), NULL},
    {__LINE__, T("\"\\u0000\""), NULL},
    {__LINE__, T("{\"\":1}"), NULL},
    {__LINE__, T("{\"a\":{\"b\":1,\"b\":2}}"), NULL}, /* only the top level's names differ */
    {__LINE__, T("[{\"a\":1,\"a\":1}]"), NULL},
    {__LINE__, T(" \t\r\n1 \t\r\n"), "1"},
    {__LINE__, T(" { \"a\" : 1 , \"b\" : [ 1 , 2 ] } "), "{\"a\":1,\"b\":[1,2]}"},
    {__LINE__, T("{\n}"), "{}"},
    {__LINE__, T("[ ]"), "[]"},
    {__LINE__, T("{\"a b\\n \": \" c \" }"), "{\"a b\\n \":\" c \"}"},
    {__LINE__, T("[1,\n\n2,3 ,4]"), "[1,2,3,4]"},
    {__LINE__, T("\"\\ud800\""), "\"" FFFD "\""},
    {__LINE__, T("\"\\udc80\""), "\"" FFFD "\""},
    {__LINE__, T("\"\\uDBFF\\u0041\""), "\"" FFFD "\\u0041\""},
    {__LINE__, T("\"\\udbffx\""), "\"" FFFD "x\""},
    {__LINE__, T("\"\\ud800\\ud800\\udc00\""), "\"" FFFD "\\ud800\\udc00\""},
    {__LINE__, T("\"\\udc00\\ud800\""), "\"" FFFD FFFD "\""},
    {__LINE__, T("\"\\ud800\\n\""), "\"" FFFD "\\n\""},
    {__LINE__, T("\"\\\\ud800\""), NULL},
    {__LINE__, T(" [ \"\\ud800\" , 1 ] "), "[\"" FFFD "\",1]"},
    {__LINE__, T("{\"a\":\"12345678901234567890\", \"b\":\"1234567\\n\\\"890\"}"),
     "{\"a\":\"12345678901234567890\",\"b\":\"1234567\\n\\\"890\"}"},
};

static void accepts(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(accepted); i++) {
        bool ok;
        char *text = gate(accepted[i].in, accepted[i].len, &ok);
        const char *want = accepted[i].out ? accepted[i].out : accepted[i].in;
        ROW_TRUE(&accepted[i], ok);
        ROW_TRUE(&accepted[i], doc.text.ptr == text);
        ROW_BYTES(&accepted[i], doc.text.ptr, doc.text.len, want, strlen(want));
        ROW_INT(&accepted[i], text[doc.text.len], '\0');
        free(text);
    }
}

static const struct {
    int line;
    const char *in;
    size_t len;
    size_t offset;
} rejected[] = {
    {__LINE__, T(""), 0},
    {__LINE__, T("  "), 2},
    {__LINE__, T("\xef\xbb\xbf{}"), 0},
    {__LINE__, T("nul"), 3},
    {__LINE__, T("nulL"), 3},
    {__LINE__, T("True"), 0},
    {__LINE__, T("NaN"), 0},
    {__LINE__, T("Infinity"), 0},
    {__LINE__, T("-Infinity"), 1},
    {__LINE__, T("+1"), 0},
    {__LINE__, T("01"), 1},
    {__LINE__, T("-01"), 2},
    {__LINE__, T("1."), 2},
    {__LINE__, T("1.e5"), 2},
    {__LINE__, T(".5"), 0},
    {__LINE__, T("1e"), 2},
    {__LINE__, T("1e+"), 3},
    {__LINE__, T("1e+x"), 3},
    {__LINE__, T("0x10"), 1},
    {__LINE__, T("-"), 1},
    {__LINE__, T("1 2"), 2},
    {__LINE__, T("{} {}"), 3},
    {__LINE__, T("{}\0"), 2},
    {__LINE__, T("\"a"), 2},
    {__LINE__, T("\"a\nb\""), 2},
    {__LINE__, T("\"a\x1f\""), 2},
    {__LINE__, T("\"a\0b\""), 2},
    {__LINE__, T("\"12345678\x01\""), 9},
    {__LINE__, T("\"\\x41\""), 2},
    {__LINE__, T("\"\\\""), 3},
    {__LINE__, T("\"\\"), 2},
    {__LINE__, T("\"\\u12\""), 5},
    {__LINE__, T("\"\\u12g4\""), 5},
    {__LINE__, T("\"\\u"), 3},
    {__LINE__, T("\"\\ud800\\u12\""), 11},
    {__LINE__, T("\"\\\0n\""), 2},
    {__LINE__, T("\"\xff\""), 1},
    {__LINE__, T("\"abc\xc0\x80\""), 4},
    {__LINE__, T("\"\xed\xa0\x80\""), 1},
    {__LINE__, T("\"\xf4\x90\x80\x80\""), 1},
    {__LINE__, T("\"\xe2\x82"), 1},
    {__LINE__, T("'a'"), 0},
    {__LINE__, T("{"), 1},
    {__LINE__, T("{,}"), 1},
    {__LINE__, T("{a:1}"), 1},
    {__LINE__, T("{\"a\"}"), 4},
    {__LINE__, T("{\"a\" 1}"), 5},
    {__LINE__, T("{\"a\":}"), 5},
    {__LINE__, T("{\"a\":1,}"), 7},
    {__LINE__, T("{\"a\":1 \"b\":2}"), 7},
    {__LINE__, T("{\"a\":1]"), 6},
    {__LINE__, T("{1:2}"), 1},
    {__LINE__, T("{\"a\":1"), 6},
    {__LINE__, T("["), 1},
    {__LINE__, T("[1,]"), 3},
    {__LINE__, T("[,1]"), 1},
    {__LINE__, T("[1 2]"), 3},
    {__LINE__, T("[1}"), 2},
    {__LINE__, T("]"), 0},
    {__LINE__, T("[1] // x"), 4},
    {__LINE__,
     T("\x0b"
       "1"),
     0},
    {__LINE__,
     T("\xc2\xa0"
       "1"),
     0},
    {__LINE__, T("  {  \"a\"  :  1 , \"a\" : 2 }"), 17},
    {__LINE__, T("{\"a\":1,\"\\u0061\":2}"), 7},
    {__LINE__, T(" {\"ab\":1,\"ab\":2}"), 9}, /* in one run, after white space */
    {__LINE__, T("{\"x\": 1,\"ab\":1,\"c\":2,\"ab\":2}"), 21},
    {__LINE__, T("{\"\\u00e4\":1,\"\xc3\xa4\":2}"), 12},
    {__LINE__, T("{\"\\ud83d\\ude00\":1,\"\xf0\x9f\x98\x80\":2}"), 18},
    {__LINE__, T("{\"\\ud800\":1,\"\\udfff\":2}"), 12},
    {__LINE__, T("{\"/\":1,\"\\/\":2}"), 7},
    {__LINE__, T("{\"\":1, \"b\" : 2,\"\":3}"), 15},
    {__LINE__, T("{ \"a\" : \"\\ud800\" , \"b\" : 01 }"), 26},
};

static void rejects(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rejected); i++) {
        bool ok;
        fault = (struct json_fault){.offset = 12345};
        free(gate(rejected[i].in, rejected[i].len, &ok));
        ROW_TRUE(&rejected[i], !ok);
        ROW_INT(&rejected[i], fault.offset, rejected[i].offset);
        ROW_TRUE(&rejected[i], fault.what && *fault.what);
        ROW_INT(&rejected[i], strcmp(fault.what, "unexpected end of the text") == 0,
                fault.offset >= rejected[i].len);
    }
}

/* A text that is cut anywhere is refused at its end. */
static void cut_anywhere(void **state)
{
    (void)state;
    static const char whole[] =
        "{\"a\":[1.5e+3,true,null,\"\\u00e4\\n\xe2\x82\xac\"],\"b\":{\"c\":-0}}";
    for (size_t len = 0; len < sizeof whole - 1; len++) {
        bool ok;
        free(gate(whole, len, &ok));
        assert_false(ok);
        assert_true(fault.offset <= len);
    }
}

static void members_and_their_spans(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *name, *value;
    } rows[] = {
        {__LINE__, "\"a\"", "1"},
        {__LINE__, "\"b c\"", "[1,{\"x\":[]}]"},
        {__LINE__, "\"\\u0064\"", "\"" FFFD "\""},
        {__LINE__, "\"e\"", "{\"f\":null}"},
        {__LINE__, "\"g\"", "-1.50E+2"},
    };
    bool ok;
    char *text = gate(T(" { \"a\" : 1 ,\"b c\": [ 1 , { \"x\" : [ ] } ] , \"\\u0064\" :\"\\ud800\""
                        ",\"e\":{ \"f\" : null},\n\"g\":-1.50E+2\t} "),
                      &ok);
    assert_true(ok);
    assert_int_equal(doc.member_count, COUNT(rows));
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct json_member *m = &doc.members[i];
        ROW_BYTES(&rows[i], m->name.ptr, m->name.len, rows[i].name, strlen(rows[i].name));
        ROW_BYTES(&rows[i], m->value.ptr, m->value.len, rows[i].value, strlen(rows[i].value));
        ROW_TRUE(&rows[i], m->name.ptr > text && m->value.ptr + m->value.len < text + doc.text.len);
    }
    assert_true(json_name_is(doc.members[2].name, "d"));
    free(text);
    free(gate(T("[{\"a\":1}]"), &ok));
    assert_int_equal(doc.member_count, 0);
}

/* Brackets of both kinds, `depth` deep. */
static size_t nest(char *out, size_t depth)
{
    size_t at = 0;
    for (size_t i = 0; i < depth; i++)
        at += (size_t)sprintf(out + at, i % 2 ? "[" : "{\"a\":");
    out[at++] = '1';
    for (size_t i = depth; i > 0; i--)
        out[at++] = i % 2 ? '}' : ']';
    return at;
}

static void depth(void **state)
{
    (void)state;
    char text[1024];
    bool ok;
    free(gate(text, nest(text, JSON_MAX_DEPTH), &ok));
    assert_true(ok);
    size_t len = nest(text, JSON_MAX_DEPTH + 1);
    free(gate(text, len, &ok));
    assert_false(ok);
    assert_int_equal(fault.offset, JSON_MAX_DEPTH / 2 * 6);
    /* The depth is that of what is open, not of all there ever was. */
    char wide[1024] = "[";
    for (int i = 0; i < 200; i++)
        strcat(wide, i ? ",[]" : "[]");
    strcat(wide, "]");
    free(gate(wide, strlen(wide), &ok));
    assert_true(ok);
}

static char *many_members(size_t count, size_t *len)
{
    char *text = malloc(count * 16 + 2);
    assert_non_null(text);
    *len = 0;
    for (size_t i = 0; i < count; i++)
        *len += (size_t)sprintf(text + *len, "%c\"m%zu\": %zu", i ? ',' : '{', i, i);
    text[(*len)++] = '}';
    return text;
}

static void member_counts(void **state)
{
    (void)state;
    static const size_t counts[] = {1, 255, 256, 257, 1000};
    for (size_t i = 0; i < COUNT(counts); i++) {
        size_t len;
        bool ok;
        char *text = many_members(counts[i], &len);
        char *gated = gate(text, len, &ok);
        assert_true(ok);
        assert_int_equal(doc.member_count, counts[i]);
        size_t last = counts[i] < JSON_MAX_MEMBERS ? counts[i] - 1 : JSON_MAX_MEMBERS - 1;
        char want[16];
        snprintf(want, sizeof want, "%zu", last);
        BYTES(doc.members[last].value.ptr, doc.members[last].value.len, want, strlen(want));
        assert_true(memchr(gated, ' ', doc.text.len) == NULL);
        free(gated);
        free(text);
    }
}

/*
 * Random documents, and the slow reference: both the text with white space between its tokens and
 * the one without are made at once.
 */
struct maker {
    uint64_t seed;
    char spaced[1 << 16], tight[1 << 16];
    size_t s, t;
    unsigned long names;
};

static void put(struct maker *m, const char *token, size_t len)
{
    memcpy(m->spaced + m->s, token, len);
    memcpy(m->tight + m->t, token, len);
    m->s += len;
    m->t += len;
    for (size_t n = unit_below(&m->seed, 4) ? 0 : unit_below(&m->seed, 5); n > 0; n--)
        m->spaced[m->s++] = " \t\r\n"[unit_below(&m->seed, 4)];
}

static void make_string(struct maker *m, bool name)
{
    static const char *const bits[] = {
        "a",           "\\n",      " ", "\xc3\xa4", "\\u00e4",         "\\\"", "\\ud83d\\ude00",
        "{\\\"x\\\":", "12345678", "]", "\\\\",     "\xf0\x9f\x98\x80"};
    char text[512];
    size_t len = 0;
    text[len++] = '"';
    if (name)
        len += (size_t)sprintf(text + len, "%lu", m->names++);
    for (size_t n = unit_below(&m->seed, 8); n > 0; n--)
        len += (size_t)sprintf(text + len, "%s", bits[unit_below(&m->seed, COUNT(bits))]);
    text[len++] = '"';
    put(m, text, len);
}

static void make_value(struct maker *m, int room)
{
    static const char *const scalars[] = {"0",    "-1.5e+10", "true", "false",
                                          "null", "[]",       "{}",   "1e400"};
    size_t kind = unit_below(&m->seed, room > 0 ? 4 : 2);
    if (kind == 0) {
        const char *s = scalars[unit_below(&m->seed, COUNT(scalars))];
        put(m, s, strlen(s));
    } else if (kind == 1) {
        make_string(m, false);
    } else {
        bool object = kind == 2;
        put(m, object ? "{" : "[", 1);
        for (size_t i = 0, n = unit_below(&m->seed, 6); i < n; i++) {
            if (i > 0)
                put(m, ",", 1);
            if (object) {
                make_string(m, true);
                put(m, ":", 1);
            }
            make_value(m, room - 1);
        }
        put(m, object ? "}" : "]", 1);
    }
}

/* The members as the gate noted them, and as a walk over the result finds them. */
static void compare_members(void)
{
    size_t n = 0;
    struct json_member m;
    struct json_iter it = json_iter_begin(doc.text);
    for (; json_iter_member(&it, &m); n++) {
        assert_true(n < doc.member_count);
        assert_ptr_equal(m.name.ptr, doc.members[n].name.ptr);
        assert_int_equal(m.name.len, doc.members[n].name.len);
        assert_ptr_equal(m.value.ptr, doc.members[n].value.ptr);
        assert_int_equal(m.value.len, doc.members[n].value.len);
    }
    assert_int_equal(n, doc.member_count);
}

static void random_documents(void **state)
{
    (void)state;
    static struct maker m;
    m.seed = 20261120;
    for (int round = 0; round < 20000; round++) {
        m.s = m.t = 0;
        make_value(&m, 5);
        bool ok;
        char *text = gate(m.spaced, m.s, &ok);
        if (!ok)
            print_error("%s at %zu of: %.*s\n", fault.what, fault.offset, (int)m.s, m.spaced);
        assert_true(ok);
        BYTES(doc.text.ptr, doc.text.len, m.tight, m.t);
        if (json_is_object(doc.text))
            compare_members();
        char *again = gate(text, doc.text.len, &ok); /* once more changes nothing */
        assert_true(ok);
        BYTES(doc.text.ptr, doc.text.len, m.tight, m.t);
        free(again);
        free(text);
    }
}

/* Texts whose notes are as dense as can be, whole and cut anywhere. */
static void notes_of_arrays(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "{\"rows\":[{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}]}",
        "{\"rows\":[{\"\":1,\"\":1,\"\":1,\"\":1},{\"\":1,\"\":1,\"\":1,\"\":1}]}",
        "{\"rows\":[{},{\"a\":{\"b\":[{\"c\":1}]}},1,{\"d\":2},3]}",
        "{\"rows\":[[{\"a\":1}],{\"b\":1}]}",
        "{\"rows\":[1,1,1,1,1,1,1,1]}",
        "{\"rows\":{\"rows\":[{\"a\":1}]}}",
        "{\"rows\":\"[{}]\",\"x\":[{\"rows\":[{}]}]}",
        "{\"x\":1,\"\\u0072ows\":[{\"a\":\"\\ud800\"}]}",
        "[{\"rows\":[{\"a\":1}]}]",
    };
    for (size_t i = 0; i < COUNT(texts); i++)
        for (size_t len = strlen(texts[i]); len > 0; len--) {
            bool ok;
            free(gate(texts[i], len, &ok));
            assert_int_equal(ok, len == strlen(texts[i]));
        }
}

/* A member "rows" of random values, among others, with white space anywhere. */
static void random_notes(void **state)
{
    (void)state;
    static struct maker m;
    m.seed = 20261121;
    for (int round = 0; round < 20000; round++) {
        m.s = m.t = 0;
        put(&m, "{", 1);
        make_string(&m, true);
        put(&m, ":", 1);
        make_value(&m, 2);
        put(&m, ",", 1);
        put(&m, T("\"rows\""));
        put(&m, ":", 1);
        make_value(&m, 4);
        put(&m, "}", 1);
        bool ok;
        free(gate(m.spaced, m.s, &ok));
        assert_true(ok);
    }
}

/* A member of an object like the others. */
static void make_alike(struct maker *m, size_t which)
{
    static const char *const names[] = {"\"pid\"",
                                        "\"\"",
                                        "\"user\"",
                                        "\"\\u0070id\"",
                                        "\"twelve chars\"",
                                        "\"13 characters\"",
                                        "\"14 characters!\"",
                                        "\"uid\"",
                                        "\"\xc3\xa4\"",
                                        "\"\\ud800\"",
                                        "\"a \\\" quote\"",
                                        "\"uit\"",
                                        "\"longer than can be kept\""};
    const char *name = names[which % COUNT(names)];
    put(m, name, strlen(name));
    put(m, ":", 1);
    make_value(m, unit_below(&m->seed, 8) ? 0 : 2);
}

/* An object with most of the members that its kind has, in their order or not. */
static void make_object_alike(struct maker *m, size_t kind)
{
    bool any = false;
    put(m, "{", 1);
    for (size_t i = kind; i < kind + 20; i++) {
        if (unit_below(&m->seed, 6) == 0)
            continue;
        if (any)
            put(m, ",", 1);
        make_alike(m, unit_below(&m->seed, 20) ? i : unit_random(&m->seed) % 100);
        any = true;
    }
    put(m, "}", 1);
}

/* Objects of a kind, which the gate knows by their names from one text to the next, whole and with
 * a byte changed. What it knew before is not to matter. */
static void objects_alike(void **state)
{
    (void)state;
    static struct maker m;
    m.seed = 1121;
    json_notes_init(&notes, "rows");
    remember = true;
    for (int round = 0; round < 3000; round++) {
        bool ok, again;
        m.s = m.t = 0;
        put(&m, T("{\"rows\":["));
        for (size_t i = unit_below(&m.seed, 8), n = 0; n <= i; n++) {
            if (n > 0)
                put(&m, ",", 1);
            make_object_alike(&m, (size_t)round / 100);
        }
        put(&m, "]}", 2);
        bool spaced = unit_below(&m.seed, 2);
        char *text = spaced ? m.spaced : m.tight;
        size_t len = spaced ? m.s : m.t;
        free(gate(text, len, &ok));
        assert_true(ok);
        for (int i = 0; i < 20; i++) {
            size_t place = unit_below(&m.seed, len);
            char was = text[place];
            text[place] = "\"\\:,{}x\0"[unit_below(&m.seed, 8)];
            free(gate(text, len, &ok));
            struct json_fault first = fault;
            struct known names = notes.names;
            known_init(&notes.names);
            free(gate(text, len, &again));
            assert_int_equal(ok, again);
            assert_true(ok || (first.offset == fault.offset && first.what == fault.what));
            notes.names = names;
            text[place] = was;
        }
    }
    remember = false;
}

/* One byte changed: either it is refused, or what is accepted is accepted again, as it is. */
static void damaged_documents(void **state)
{
    (void)state;
    static struct maker m;
    m.seed = 4711;
    size_t refused = 0;
    for (int round = 0; round < 20000; round++) {
        m.s = m.t = 0;
        make_value(&m, 3);
        m.spaced[unit_below(&m.seed, m.s)] = (char)unit_random(&m.seed);
        bool ok, again;
        char *text = gate(m.spaced, m.s, &ok);
        if (ok) {
            size_t len = doc.text.len;
            char *second = gate(text, len, &again);
            assert_true(again);
            BYTES(second, doc.text.len, text, len);
            free(second);
        } else {
            assert_true(fault.offset <= m.s);
            refused++;
        }
        free(text);
    }
    assert_true(refused > 1000);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(accepts),
        cmocka_unit_test(rejects),
        cmocka_unit_test(cut_anywhere),
        cmocka_unit_test(members_and_their_spans),
        cmocka_unit_test(depth),
        cmocka_unit_test(member_counts),
        cmocka_unit_test(random_documents),
        cmocka_unit_test(notes_of_arrays),
        cmocka_unit_test(random_notes),
        cmocka_unit_test(objects_alike),
        cmocka_unit_test(damaged_documents),
    };
    return cmocka_run_group_tests_name("gate", tests, NULL, NULL);
}
