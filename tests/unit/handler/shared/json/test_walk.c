/* walk: elements, members and strings of a text that the gate has accepted. */
#include "tests/unit/unit.h"

#include "handler/shared/json/walk.h"

#define T(s) s, sizeof(s) - 1
#define FFFD "\\ufffd"

static void walks(void **state)
{
    (void)state;
    static const char *const elements[] = {"1",    "\"],\\\"\"", "[[],{}]", "{\"a]\":\"}\"}",
                                           "true", "-1e5",       "[]",      "{}"};
    static const char *const names[] = {"\"a\"", "\"b\\\"\"", "\"\""};
    static const char *const values[] = {"[1,2]", "\"\\\\\"", "null"};
    struct text text = {T("[1,\"],\\\"\",[[],{}],{\"a]\":\"}\"},true,-1e5,[],{}]")};
    struct json_iter it = json_iter_begin(text);
    struct text v;
    for (size_t i = 0; i < COUNT(elements); i++) {
        assert_true(json_iter_element(&it, &v));
        BYTES(v.ptr, v.len, elements[i], strlen(elements[i]));
    }
    assert_false(json_iter_element(&it, &v));
    assert_false(json_iter_element(&it, &v));
    text = (struct text){T("{\"a\":[1,2],\"b\\\"\":\"\\\\\",\"\":null}")};
    struct json_member m;
    it = json_iter_begin(text);
    for (size_t i = 0; i < COUNT(names); i++) {
        assert_true(json_iter_member(&it, &m));
        BYTES(m.name.ptr, m.name.len, names[i], strlen(names[i]));
        BYTES(m.value.ptr, m.value.len, values[i], strlen(values[i]));
    }
    assert_false(json_iter_member(&it, &m));
    text = (struct text){T("{}")};
    it = json_iter_begin(text);
    assert_false(json_iter_member(&it, &m));
}

static void skips(void **state)
{
    (void)state;
    static const char *const values[] = {"1", "\"a\\\"]\"", "[[\"]\"],{}]", "{\"}\":[{}]}", "null"};
    for (size_t i = 0; i < COUNT(values); i++) {
        static const char *const tails[] = {"]", ",1]"};
        for (size_t k = 0; k < COUNT(tails); k++) {
            char text[64];
            int len = snprintf(text, sizeof text, "[%s%s", values[i], tails[k]);
            struct json_iter it = json_iter_begin((struct text){text, (size_t)len});
            struct text first;
            assert_true(json_iter_element(&it, &first));
            assert_int_equal(first.len, strlen(values[i]));
        }
    }
}

static void unescapes(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *quoted, *want;
        size_t len;
    } rows[] = {
        {__LINE__, "\"\"", T("")},
        {__LINE__, "\"plain\"", T("plain")},
        {__LINE__, "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", T("\"\\/\b\f\n\r\t")},
        {__LINE__, "\"a\\u0000b\"", T("a\0b")},
        {__LINE__, "\"\\u007f\\u0080\\u07ff\\u0800\\uFFFF\"",
         T("\x7f\xc2\x80\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf")},
        {__LINE__, "\"\\ud800\\udc00\\uDBFF\\uDFFF\"", T("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf")},
        {__LINE__, "\"" FFFD "\"", T("\xef\xbf\xbd")},
        {__LINE__, "\"\\\\u0041\"", T("\\u0041")},
        {__LINE__, "\"x\\n\"", T("x\n")},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        size_t room = strlen(rows[i].quoted);
        char *out = malloc(room);
        size_t len = json_unescape((struct text){rows[i].quoted, room}, out);
        ROW_BYTES(&rows[i], out, len, rows[i].want, rows[i].len);
        free(out);
    }
}

static void names_and_nuls(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *quoted, *name;
        bool same, nul;
    } rows[] = {
        {__LINE__, "\"id\"", "id", true, false},
        {__LINE__, "\"id\"", "ID", false, false},
        {__LINE__, "\"id\"", "i", false, false},
        {__LINE__, "\"i\"", "id", false, false},
        {__LINE__, "\"\\u0069d\"", "id", true, false},
        {__LINE__, "\"\\u0069\"", "id", false, false},
        {__LINE__, "\"i\\u0064x\"", "id", false, false},
        {__LINE__, "\"id\\u0000\"", "id", false, true},
        {__LINE__, "\"\\u0000\"", "x", false, true},
        {__LINE__, "\"\"", "x", false, false},
        {__LINE__, "\"\\\\u0000\"", "\\u0000", true, false},
        {__LINE__, "\"\\\\\\u0000\"", "\\", false, true},
        {__LINE__, "\"\\u00001\"", "x", false, true},
        {__LINE__, "\"\\n\"", "\n", true, false},
        {__LINE__, "\"\xc3\xa4\"", "\xc3\xa4", true, false},
        {__LINE__, "\"\\u00E4\"", "\xc3\xa4", true, false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct text quoted = {rows[i].quoted, strlen(rows[i].quoted)};
        ROW_INT(&rows[i], json_name_is(quoted, rows[i].name), rows[i].same);
        ROW_INT(&rows[i], json_has_nul(quoted), rows[i].nul);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(walks),
        cmocka_unit_test(skips),
        cmocka_unit_test(unescapes),
        cmocka_unit_test(names_and_nuls),
    };
    return cmocka_run_group_tests_name("walk", tests, NULL, NULL);
}
