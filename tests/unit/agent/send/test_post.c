/* post: no password in curl's messages. The requests themselves are tested against a server. */
#include "tests/unit/unit.h"

#include "agent/send/post.h"

static void test_hidden_passwords(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text, *want;
    } rows[] = {
        {__LINE__, "Could not resolve host: example.com", "Could not resolve host: example.com"},
        {__LINE__, "Unsupported proxy syntax in 'http://u:p@[bad'", "Unsupported proxy syntax in "},
        {__LINE__, "Unsupported proxy syntax in 'u:p@[bad'", "Unsupported proxy syntax in "},
        {__LINE__, "Unsupported proxy syntax in 'http://u:cut", "Unsupported proxy syntax in "},
        {__LINE__, "Unsupported proxy scheme for 'ftp://u:p@h'", "Unsupported proxy scheme for "},
        {__LINE__, "Proxy http://u:p@h/ failed", "Proxy http://***@h/ failed"},
        {__LINE__, "failed for http://u:p@ss@h:1", "failed for http://******@h:1"},
        {__LINE__, "cannot reach u:secret@h now", "cannot reach ********@h now"},
        {__LINE__, "@", "@"},
        {__LINE__, "", ""},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char text[128];
        snprintf(text, sizeof text, "%s", rows[i].text);
        post_hide_passwords(text);
        ROW_STR(&rows[i], text, rows[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_hidden_passwords)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
