/* psnet: addresses as /proc/net has them. */
#include "tests/unit/unit.h"

#include "agent/psutil/psnet.h"
#include "handler/shared/buf.h"

static void test_addresses(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
        bool v6;
        const char *want; /* NULL: none */
    } rows[] = {
        {__LINE__, "0100007F:0016", false, "[\"127.0.0.1\",22]"},
        {__LINE__, "0500000A:FFFF", false, "[\"10.0.0.5\",65535]"},
        {__LINE__, "00000000:0000", false, "[]"},
        {__LINE__, "0000000000000000FFFF00000100007F:9E49", true, "[\"::ffff:127.0.0.1\",40521]"},
        {__LINE__, "00000000000000000000000001000000:1F90", true, "[\"::1\",8080]"},
        {__LINE__, "B80D0120000000000000000001000000:0001", true, "[\"2001:db8::1\",1]"},
        {__LINE__, "", false, NULL},
        {__LINE__, "0100007F", false, NULL},
        {__LINE__, "0100007G:0016", false, NULL},
        {__LINE__, "0100007F:10000", false, NULL},
        {__LINE__, "0100007F:0016", true, NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct buf out;
        buf_init(&out, 256);
        bool ok = psnet_address(rows[i].text, rows[i].v6, &out);
        ROW_INT(&rows[i], ok, rows[i].want != NULL);
        if (ok)
            ROW_STR(&rows[i], buf_str(&out), rows[i].want);
        buf_release(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
