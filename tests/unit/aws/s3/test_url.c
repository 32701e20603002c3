/* s3url: where a bucket is, and what cannot be one. */
#include "tests/unit/unit.h"

#include "aws/s3/url.h"

static void test_bases(void **state)
{
    (void)state;
    static const struct {
        int line;
        struct s3_place place;
        const char *want; /* NULL: refused */
    } rows[] = {
        {__LINE__, {"b", "eu-central-1", NULL, NULL}, "https://b.s3.eu-central-1.amazonaws.com/"},
        {__LINE__, {"b", "us-east-1", NULL, "path"}, "https://s3.us-east-1.amazonaws.com/b/"},
        {__LINE__, {"a.b", "us-east-1", NULL, "auto"}, "https://s3.us-east-1.amazonaws.com/a.b/"},
        {__LINE__, {"b", "cn-north-1", NULL, NULL}, "https://b.s3.cn-north-1.amazonaws.com.cn/"},
        {__LINE__, {"b", "x", "http://127.0.0.1:7480", NULL}, "http://127.0.0.1:7480/b/"},
        {__LINE__, {"b", "x", "http://127.0.0.1:7480/", "virtual"}, "http://b.127.0.0.1:7480/"},
        {__LINE__, {"b", "x", "https://[::1]:9", NULL}, "https://[::1]:9/b/"},
        {__LINE__, {"b", "x", "https://s3.example.com", "path"}, "https://s3.example.com/b/"},
        {__LINE__, {"b", "x", "s3.example.com", NULL}, NULL},
        {__LINE__, {"b", "x", "ftp://s3.example.com", NULL}, NULL},
        {__LINE__, {"b", "x", "http://", NULL}, NULL},
        {__LINE__, {"b", "x", "http://a/b", NULL}, NULL},
        {__LINE__, {"b", "x", "http://u:p@a", NULL}, NULL},
        {__LINE__, {"b", "x", "http://a:9x", NULL}, NULL},
        {__LINE__, {"b", "x", "http://[::1", NULL}, NULL},
        {__LINE__, {"b", "x", "http://a\r\nX: y", NULL}, NULL},
        {__LINE__, {"", "x", NULL, NULL}, NULL},
        {__LINE__, {"a/b", "x", NULL, NULL}, NULL},
        {__LINE__, {"..", "x", NULL, NULL}, NULL},
        {__LINE__, {"b", "", NULL, NULL}, NULL},
        {__LINE__, {"b", "eu.evil.example/", NULL, NULL}, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[256] = "";
        struct buf b;
        buf_init(&b, 1000);
        bool ok = url_base(&rows[i].place, &b, error);
        ROW_INT(&rows[i], ok, rows[i].want != NULL);
        if (ok)
            ROW_STR(&rows[i], buf_str(&b), rows[i].want);
        else
            ROW_TRUE(&rows[i], strncmp(error, "s3.", 3) == 0);
        buf_release(&b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_bases)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
