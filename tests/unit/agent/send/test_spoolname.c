/* spoolname: names that are ours, there and back, and names that are not. */
#include "tests/unit/unit.h"

#include "agent/send/spoolname.h"

static void test_reads_what_was_written(void **state)
{
    (void)state;
    static const struct {
        int line;
        struct spoolname name;
        const char *text;
    } rows[] = {
        {__LINE__, {1795229278123, 0, 0, SPOOL_DATA, false}, "1795229278123-0000-0.data.gz"},
        {__LINE__,
         {1795229278123, 1795229280, 17, SPOOL_LISTING, false},
         "1795229278123-0017-1795229280.record.gz"},
        {__LINE__, {5, 1, 9999, SPOOL_DATA, true}, "0000000000005-9999-1.data.gz.bad"},
        {__LINE__, {0, 0, 0, SPOOL_LISTING, true}, "0000000000000-0000-0.record.gz.bad"},
        {__LINE__,
         {999999999999999, 999999999999999, 0, SPOOL_DATA, false},
         "999999999999999-0000-999999999999999.data.gz"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[SPOOLNAME_MAX];
        struct spoolname back;
        spoolname_format(&rows[i].name, text);
        ROW_STR(&rows[i], text, rows[i].text);
        ROW_TRUE(&rows[i], spoolname_parse(text, &back));
        ROW_INT(&rows[i], back.created, rows[i].name.created);
        ROW_INT(&rows[i], back.tried, rows[i].name.tried);
        ROW_INT(&rows[i], back.serial, rows[i].name.serial);
        ROW_INT(&rows[i], back.kind, rows[i].name.kind);
        ROW_INT(&rows[i], back.bad, rows[i].name.bad);
    }
}

static void test_foreign_names(void **state)
{
    (void)state;
    static const char *const names[] = {
        "",
        ".",
        "..",
        "lock",
        ".new",
        "1795229278123",
        "1795229278123-0000-0",
        "1795229278123-0000-0.data",
        "1795229278123-0000-0.data.gz.ba",
        "1795229278123-0000-0.data.gz.badx",
        "1795229278123-0000-0.data.gz~",
        "1795229278123-0000-0.data.gz.bad.bad",
        "1795229278123-0000-0.other.gz",
        "1795229278123-0000--1.data.gz",
        "1795229278123-0000-+1.data.gz",
        "1795229278123-0000- 1.data.gz",
        "1795229278123-000-0.data.gz",
        "1795229278123-00000-0.data.gz",
        "1795229278123-10000-0.data.gz",
        "1795229278123-0000-00.data.gz",
        "795229278123-0000-0.data.gz",
        "1795229278123-0000-0.data.gz/../../x",
        "../1795229278123-0000-0.data.gz",
        "9999999999999999-0000-0.data.gz",
        "1795229278123-0000-99999999999999999999.data.gz",
    };
    struct spoolname n;
    for (size_t i = 0; i < COUNT(names); i++)
        if (spoolname_parse(names[i], &n))
            fail_msg("taken: %s", names[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_reads_what_was_written),
        cmocka_unit_test(test_foreign_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
