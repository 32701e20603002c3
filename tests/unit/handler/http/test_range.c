/* range: parts of a download, and entity tags. */
#include "tests/unit/unit.h"

#include "handler/http/range.h"

static void test_ranges(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        bool inside, part;
        int64_t first, last; /* of 100 bytes */
    } rows[] = {
        {__LINE__, "", true, false, 0, 99},
        {__LINE__, "bytes=0-9", true, true, 0, 9},
        {__LINE__, "bytes=90-", true, true, 90, 99},
        {__LINE__, "bytes=90-200", true, true, 90, 99},
        {__LINE__, "bytes=-10", true, true, 90, 99},
        {__LINE__, "bytes=-1000", true, true, 0, 99},
        {__LINE__, "bytes=99-99", true, true, 99, 99},
        {__LINE__, "bytes=100-", false, true, 100, 99},
        {__LINE__, "bytes=-0", false, true, 100, 99},
        /* ignored */
        {__LINE__, "lines=0-9", true, false, 0, 99},
        {__LINE__, "bytes=9-0", true, false, 0, 99},
        {__LINE__, "bytes=0-9,20-29", true, false, 0, 99},
        {__LINE__, "bytes=a-", true, false, 0, 99},
        {__LINE__, "bytes= 1-2", true, false, 0, 99},
        {__LINE__, "bytes=99999999999999999999-", true, false, 0, 99},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct range r;
        ROW_TRUE(&rows[i], range_parse(rows[i].text, 100, &r) == rows[i].inside);
        ROW_TRUE(&rows[i], r.part == rows[i].part);
        ROW_TRUE(&rows[i], r.first == rows[i].first && r.last == rows[i].last);
    }
}

static void test_tags(void **state)
{
    (void)state;
    assert_true(range_tag_matches("*", "\"a\""));
    assert_true(range_tag_matches("\"b\", \"a\"", "\"a\""));
    assert_true(range_tag_matches("W/\"a\"", "\"a\""));
    assert_true(range_tag_matches("\"a\"", "W/\"a\""));
    assert_false(range_tag_matches("\"ab\"", "\"a\""));
    assert_false(range_tag_matches("", "\"a\""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ranges),
        cmocka_unit_test(test_tags),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
