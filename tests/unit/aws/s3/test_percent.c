/* canon: percent-encoding as SigV4 wants it, and back. */
#include "tests/unit/unit.h"

#include "aws/s3/percent.h"

static void test_paths_and_values(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text, *path, *value;
    } rows[] = {
        {__LINE__, "", "", ""},
        {__LINE__, "AZaz09-._~", "AZaz09-._~", "AZaz09-._~"},
        {__LINE__, "date=2026-11-20/a", "date%3D2026-11-20/a", "date%3D2026-11-20%2Fa"},
        {__LINE__, "a b+c%d:e,f@g", "a%20b%2Bc%25d%3Ae%2Cf%40g", "a%20b%2Bc%25d%3Ae%2Cf%40g"},
        {__LINE__, "\xc3\xa9\x01\x7f", "%C3%A9%01%7F", "%C3%A9%01%7F"},
        {__LINE__, "%41", "%2541", "%2541"},
        {__LINE__, "!*'()", "%21%2A%27%28%29", "%21%2A%27%28%29"},
    };
    struct buf path, value;
    buf_init(&path, 1000);
    buf_init(&value, 1000);
    for (size_t i = 0; i < COUNT(rows); i++) {
        buf_reset(&path);
        buf_reset(&value);
        percent_path(&path, rows[i].text);
        percent_value(&value, rows[i].text);
        ROW_STR(&rows[i], buf_str(&path), rows[i].path);
        ROW_STR(&rows[i], buf_str(&value), rows[i].value);
    }
    buf_release(&path);
    buf_release(&value);
}

static void test_a_query_is_sorted_and_each_name_has_its_equals(void **state)
{
    (void)state;
    const struct percent_pair pairs[] = {
        {"prefix", "a/b="}, {NULL, "left out"}, {"uploads", ""},
        {"delimiter", "/"}, {"list-type", "2"},
    };
    struct buf b;
    buf_init(&b, 1000);
    percent_query(&b, pairs, COUNT(pairs));
    assert_string_equal(buf_str(&b), "?delimiter=%2F&list-type=2&prefix=a%2Fb%3D&uploads=");
    buf_reset(&b);
    percent_query(&b, pairs, 0);
    assert_int_equal(b.len, 0);
    buf_release(&b);
}

static void test_decoding(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        const char *want; /* NULL: refused */
    } rows[] = {
        {__LINE__, "", ""},           {__LINE__, "a+b", "a b"},  {__LINE__, "a%2Bb%2fc", "a+b/c"},
        {__LINE__, "%", NULL},        {__LINE__, "%4", NULL},    {__LINE__, "a%4", NULL},
        {__LINE__, "%4x", NULL},      {__LINE__, "a%00b", NULL}, {__LINE__, "%41", "A"},
        {__LINE__, "a=b/c", "a=b/c"},
    };
    struct buf b;
    buf_init(&b, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool ok = percent_decode(&b, rows[i].text, strlen(rows[i].text));
        ROW_INT(&rows[i], ok, rows[i].want != NULL);
        if (ok)
            ROW_STR(&rows[i], b.data, rows[i].want);
    }
    buf_release(&b);
}

static void test_every_byte_is_decoded(void **state)
{
    (void)state;
    char text[256];
    struct buf encoded, decoded;
    for (int i = 1; i < 256; i++)
        text[i - 1] = (char)i;
    text[255] = '\0';
    buf_init(&encoded, 1000);
    buf_init(&decoded, 1000);
    percent_value(&encoded, text);
    assert_true(percent_decode(&decoded, encoded.data, encoded.len));
    BYTES(decoded.data, decoded.len, text, 255);
    buf_release(&encoded);
    buf_release(&decoded);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_paths_and_values),
        cmocka_unit_test(test_a_query_is_sorted_and_each_name_has_its_equals),
        cmocka_unit_test(test_decoding),
        cmocka_unit_test(test_every_byte_is_decoded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
