/* list: from a request to the level that it asks for. */
#include "tests/unit/unit.h"

#include "aws/bucket/list.h"

#define R "/list-bucket-content"

static const struct {
    int line;
    const char *uri, *path;
    enum verdict want;
    const char *level;
} rows[] = {
    /* as clients ask */
    {__LINE__, R, R, V_OK, ""},
    {__LINE__, R "/", R "/", V_OK, ""},
    {__LINE__, R "?x=1", R, V_OK, ""},
    {__LINE__, R "/json", R "/json", V_OK, "json/"},
    {__LINE__, R "/json/?x=/y", R "/json/", V_OK, "json/"},
    {__LINE__, R "/json/date=2026-11-20", R "/json/date=2026-11-20", V_OK, "json/date=2026-11-20/"},
    /* decoded once, and then it is text */
    {__LINE__, R "/a%20b+c", R "/a b+c", V_OK, "a b+c/"},
    {__LINE__, R "/100%25", R "/100%", V_OK, "100%/"},
    {__LINE__, R "/%2541%252F", R "/%41%2F", V_OK, "%41%2F/"},
    {__LINE__, R "/a%3Fb%23c", R "/a?b#c", V_OK, "a?b#c/"},
    {__LINE__, R "/gr%C3%BC%c3%9fe",
     R "/gr\xc3\xbc\xc3\x9f"
       "e",
     V_OK,
     "gr\xc3\xbc\xc3\x9f"
     "e/"},
    {__LINE__, R "/a%2Fb", R "/a/b", V_OK, "a/b/"},
    {__LINE__, R "/a//", R "/a/", V_OK, "a//"},
    {__LINE__, R "//a", R "/a", V_OK, "/a/"},
    {__LINE__, R "/x/../y", R "/y", V_OK, "x/../y/"},
    {__LINE__, R "/..%2f..%2Fetc", "/etc", V_OK, "../../etc/"},
    {__LINE__, R "/a%0Ab%7F", R "/a\nb\x7f", V_OK, "a\nb\x7f/"},
    /* the web server's path, where the client's leads there only in the end */
    {__LINE__, "/x/.." R "/a", R "/a", V_OK, "a/"},
    {__LINE__, "/%6cist-bucket-content/a%2520b?c", R "/a%20b", V_OK, "a%20b/"},
    {__LINE__, "", R "/a?b", V_OK, "a?b/"},
    {__LINE__, "", R, V_OK, ""},
    /* other paths */
    {__LINE__, R "s", R "s", V_NOT_FOUND, NULL},
    {__LINE__, "/", "/", V_NOT_FOUND, NULL},
    {__LINE__, "", "", V_NOT_FOUND, NULL},
    {__LINE__, "/data", "/data", V_NOT_FOUND, NULL},
    {__LINE__, "/LIST-BUCKET-CONTENT", "/LIST-BUCKET-CONTENT", V_NOT_FOUND, NULL},
    {__LINE__, "", R "?a", V_NOT_FOUND, NULL},
    /* what no key contains */
    {__LINE__, R "/%", R "/%", V_BAD_REQUEST, NULL},
    {__LINE__, R "/%4", R "/%4", V_BAD_REQUEST, NULL},
    {__LINE__, R "/%zz", R "/%zz", V_BAD_REQUEST, NULL},
    {__LINE__, R "/%4?1", R "/%4", V_BAD_REQUEST, NULL},
    {__LINE__, R "/a%00b", R "/a", V_BAD_REQUEST, NULL},
    {__LINE__, R "/%ff", R "/\xff", V_BAD_REQUEST, NULL},
    {__LINE__, R "/%C0%AF", R "/\xc0\xaf", V_BAD_REQUEST, NULL},
    {__LINE__, R "/%ED%A0%80", R "/\xed\xa0\x80", V_BAD_REQUEST, NULL},
    {__LINE__, "", R "/\xff", V_BAD_REQUEST, NULL},
    {__LINE__, R "/123456789012345", R "/123456789012345", V_BAD_REQUEST, NULL},
    {__LINE__, "", R "/123456789012345678901234567890", V_BAD_REQUEST, NULL},
};

enum { ROOM = 25 };

static void test_levels(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(rows); i++) {
        /* What is too long is so for a small buffer: the last two rows. */
        size_t max = i >= COUNT(rows) - 2 ? 15 : ROOM;
        const struct request r = {.uri = rows[i].uri, .path = rows[i].path};
        struct fault f;
        struct buf out;
        fault_clear(&f);
        buf_init(&out, max);
        ROW_INT(&rows[i], level_path(&r, &out, &f), rows[i].want);
        if (rows[i].level)
            ROW_STR(&rows[i], out.data, rows[i].level);
        else
            ROW_TRUE(&rows[i], strlen(f.reason) > 10);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_levels)};
    return cmocka_run_group_tests_name("list", tests, NULL, NULL);
}
