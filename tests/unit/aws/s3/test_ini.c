/* ini: sections and values of AWS's shared files. */
#include "tests/unit/unit.h"

#include "aws/s3/ini.h"

static const char file[] = "# comment\n"
                           "aws_access_key_id = before any section\n"
                           "[default]\r\n"
                           "aws_access_key_id=AKIA1\r\n"
                           "  aws_secret_access_key = nested, not ours\n"
                           "#aws_session_token = no\n"
                           ";region = no\n"
                           "s3 =\n"
                           "    max_concurrent_requests = 20\n"
                           "[ work ]\n"
                           "aws_access_key_id =  AKIA2 \t\n"
                           "aws_access_key_id = AKIA3=x\n"
                           "no value here\n"
                           "[open\n"
                           "aws_access_key_id = AKIA4\n"
                           "[last]\n"
                           "region = eu-central-1";

static struct buf text(void)
{
    struct buf b;
    buf_init(&b, sizeof file);
    buf_puts(&b, file);
    return b;
}

static void test_values(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *section, *name;
        const char *want; /* NULL: there is none */
    } rows[] = {
        {__LINE__, "default", "aws_access_key_id", "AKIA1"},
        {__LINE__, "default", "aws_secret_access_key", NULL},
        {__LINE__, "default", "aws_session_token", NULL},
        {__LINE__, "default", "max_concurrent_requests", NULL},
        {__LINE__, "default", "region", NULL},
        {__LINE__, "default", "s3", ""},
        {__LINE__, "work", "aws_access_key_id", "AKIA3=x"},
        {__LINE__, "work", "aws_access_key", NULL},
        {__LINE__, "open", "aws_access_key_id", NULL},
        {__LINE__, "last", "region", "eu-central-1"},
        {__LINE__, "absent", "region", NULL},
    };
    struct buf b = text(), out;
    buf_init(&out, 100);
    for (size_t i = 0; i < COUNT(rows); i++) {
        bool found = ini_value(&b, rows[i].section, rows[i].name, &out);
        ROW_INT(&rows[i], found, rows[i].want != NULL);
        if (found)
            ROW_STR(&rows[i], out.data, rows[i].want);
    }
    buf_release(&out);
    buf_release(&b);
}

static void test_sections(void **state)
{
    (void)state;
    struct buf b = text(), nothing;
    buf_init(&nothing, 1);
    assert_true(ini_has_section(&b, "default"));
    assert_true(ini_has_section(&b, "work"));
    assert_false(ini_has_section(&b, "wor"));
    assert_false(ini_has_section(&nothing, "default"));
    buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_values),
        cmocka_unit_test(test_sections),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
