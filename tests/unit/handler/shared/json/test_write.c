/* jsonw: string literals that any JSON reader takes, whatever the bytes are. */
#include "tests/unit/unit.h"

#include "handler/shared/buf.h"
#include "handler/shared/json/gate.h"
#include "handler/shared/json/write.h"

#define MEND "\xef\xbf\xbd"

/* Text with its length, NUL bytes and all. */
#define T(s) s, sizeof(s) - 1

static const struct {
    int line;
    const char *in;
    size_t len;
    const char *want;
} strings[] = {
    {__LINE__, T(""), "\"\""},
    {__LINE__, T("plain"), "\"plain\""},
    {__LINE__, T("a\"b\\c/d"), "\"a\\\"b\\\\c/d\""},
    {__LINE__, T("\b\f\n\r\t"), "\"\\b\\f\\n\\r\\t\""},
    {__LINE__, T("\0\x01\x1f\x7f"), "\"\\u0000\\u0001\\u001f\x7f\""},
    {__LINE__, T("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80"),
     "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\""},
    {__LINE__, T("\xff"), "\"" MEND "\""},
    {__LINE__,
     T("a\xff\xfe"
       "b"),
     "\"a" MEND MEND "b\""},
    {__LINE__, T("\xc3"), "\"" MEND "\""},
    {__LINE__, T("\xc3\""), "\"" MEND "\\\"\""},
    {__LINE__, T("\xe2\x82"), "\"" MEND MEND "\""},
    {__LINE__, T("\xe2\x82z"), "\"" MEND MEND "z\""},
    {__LINE__, T("\xf0\x9f\x98"), "\"" MEND MEND MEND "\""},
    {__LINE__, T("\xc0\x80"), "\"" MEND MEND "\""},
    {__LINE__, T("\xe0\x9f\xbf"), "\"" MEND MEND MEND "\""},
    {__LINE__, T("\xed\xa0\x80"), "\"" MEND MEND MEND "\""},
    {__LINE__, T("\xf4\x90\x80\x80"), "\"" MEND MEND MEND MEND "\""},
    {__LINE__, T("\x80"), "\"" MEND "\""},
};

static void literals(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 256);
    for (size_t i = 0; i < COUNT(strings); i++) {
        buf_reset(&b);
        jsonw_string(&b, strings[i].in, strings[i].len);
        ROW_TRUE(&strings[i], !b.failed);
        ROW_BYTES(&strings[i], b.data, b.len, strings[i].want, strlen(strings[i].want));
    }
    buf_release(&b);
}

static void names_and_c_strings(void **state)
{
    (void)state;
    struct buf b;
    buf_init(&b, 64);
    jsonw_name(&b, "a\"b");
    jsonw_str(&b, "c\n");
    BYTES(b.data, b.len, "\"a\\\"b\":\"c\\n\"", 12);
    buf_release(&b);
}

static void utf8_lengths(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *in;
        size_t len, want;
    } rows[] = {
        {__LINE__, T(""), 0},
        {__LINE__, T("\0"), 1},
        {__LINE__, T("\x7f"), 1},
        {__LINE__, T("\x80"), 0},
        {__LINE__, T("\xc1\xbf"), 0},
        {__LINE__, T("\xc2\x80"), 2},
        {__LINE__, T("\xdf\xbf"), 2},
        {__LINE__, T("\xdf\x7f"), 0},
        {__LINE__, T("\xdf\xc0"), 0},
        {__LINE__, T("\xe0\xa0\x80"), 3},
        {__LINE__, T("\xe0\x9f\x80"), 0},
        {__LINE__, T("\xed\x9f\xbf"), 3},
        {__LINE__, T("\xed\xa0\x80"), 0},
        {__LINE__, T("\xee\x80\x80"), 3},
        {__LINE__, T("\xef\xbf\xbf"), 3},
        {__LINE__, T("\xef\xbf\xc0"), 0},
        {__LINE__, T("\xf0\x90\x80\x80"), 4},
        {__LINE__, T("\xf0\x8f\xbf\xbf"), 0},
        {__LINE__, T("\xf4\x8f\xbf\xbf"), 4},
        {__LINE__, T("\xf4\x90\x80\x80"), 0},
        {__LINE__, T("\xf5\x80\x80\x80"), 0},
        {__LINE__, T("\xf0\x90\x80"), 0},
        {__LINE__, T("\xf0\x90\x80\x7f"), 0},
    };
    for (size_t i = 0; i < COUNT(rows); i++)
        ROW_INT(&rows[i], utf8_length(rows[i].in, rows[i].len), rows[i].want);
}

/* Any bytes at all come out as JSON that the gate takes. */
static void the_gate_takes_it(void **state)
{
    (void)state;
    struct buf b;
    uint64_t seed = 11;
    buf_init(&b, 4096);
    for (int round = 0; round < 5000; round++) {
        char bytes[64];
        size_t len = unit_below(&seed, sizeof bytes + 1);
        for (size_t i = 0; i < len; i++)
            bytes[i] = (char)unit_random(&seed);
        buf_reset(&b);
        jsonw_string(&b, bytes, len);
        size_t out = b.len;
        struct json_doc doc;
        struct json_fault fault;
        assert_true(json_gate(buf_str(&b), out, &doc, &fault));
        assert_int_equal(doc.text.len, out);
    }
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(literals),
        cmocka_unit_test(names_and_c_strings),
        cmocka_unit_test(utf8_lengths),
        cmocka_unit_test(the_gate_takes_it),
    };
    return cmocka_run_group_tests_name("jsonw", tests, NULL, NULL);
}
