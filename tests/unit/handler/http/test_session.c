/* session: the cookie's name, where it is found, and which values count. */
#include "tests/unit/unit.h"

#include "handler/http/session.h"

static void names(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *https, *scheme, *host, *name;
    } rows[] = {
        {__LINE__, "on", "", "collector.example.com", "__Host-rollcall"},
        {__LINE__, "", "https", "collector.example.com:8443", "__Host-rollcall"},
        {__LINE__, "", "http", "localhost:7000", "rollcall-7000"},
        {__LINE__, "off", "", "127.0.0.1:7000", "rollcall-7000"},
        {__LINE__, "", "", "[::1]:7000", "rollcall-7000"},
        {__LINE__, "", "", "[::1]", "rollcall-80"},
        {__LINE__, "", "", "localhost", "rollcall-80"},
        {__LINE__, "", "", "", NULL},
        {__LINE__, "", "", "localhost:", NULL},
        {__LINE__, "", "", "localhost:1;x", NULL},
        {__LINE__, "", "", "localhost:123456", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char name[SESSION_NAME_LEN];
        struct request r = {.https = rows[i].https, .scheme = rows[i].scheme, .host = rows[i].host};
        ROW_INT(&rows[i], session_name(&r, name), rows[i].name != NULL);
        if (rows[i].name)
            ROW_STR(&rows[i], name, rows[i].name);
    }
}

static void cookies(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *cookie, *value;
    } rows[] = {
        {__LINE__, "rollcall-7000=a", "a"},
        {__LINE__, "x=1; rollcall-7000=a; y=2", "a"},
        {__LINE__, "x=1;rollcall-7000=a;y=2", "a"},
        {__LINE__, "rollcall-70=b; rollcall-70000=c; rollcall-7000=a", "a"},
        {__LINE__, "rollcall-7000=a; rollcall-7000=b", "a"},
        {__LINE__, "rollcall-7000=", ""},
        {__LINE__, "xrollcall-7000=a", NULL},
        {__LINE__, "rollcall-7000", NULL},
        {__LINE__, "__Host-rollcall=a", NULL},
        {__LINE__, "x=rollcall-7000=a", NULL},
        {__LINE__, ";;; ; ", NULL},
        {__LINE__, "", NULL},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        struct request r = {
            .https = "", .scheme = "http", .host = "localhost:7000", .cookie = rows[i].cookie};
        size_t len = 0;
        const char *value = session_cookie(&r, &len);
        ROW_INT(&rows[i], value != NULL, rows[i].value != NULL);
        if (value)
            ROW_TRUE(&rows[i],
                     len == strlen(rows[i].value) && memcmp(value, rows[i].value, len) == 0);
    }
}

/* Every byte of a value counts, and so do its length, its end and its key. */
static void values(void **state)
{
    (void)state;
    struct digest *d = digest_new();
    unsigned char hash[DIGEST_LEN], other[DIGEST_LEN];
    char value[SESSION_LEN + 2];
    memset(hash, 0xab, sizeof hash);
    memcpy(other, hash, sizeof other);
    other[DIGEST_LEN - 1] ^= 1; /* the same first 16 digits */
    assert_true(session_make(d, hash, 1000, value));
    size_t len = strlen(value);
    assert_true(session_valid(d, hash, value, len, 999));
    assert_false(session_valid(d, hash, value, len, 1000));
    assert_false(session_valid(d, other, value, len, 999));
    for (size_t cut = 0; cut < len; cut++)
        assert_false(session_valid(d, hash, value, cut, 999));
    for (size_t i = 0; i < len; i++)
        for (int bit = 1; bit < 256; bit <<= 1) {
            value[i] = (char)(value[i] ^ bit);
            assert_false(session_valid(d, hash, value, len, 1));
            value[i] = (char)(value[i] ^ bit);
        }
    value[len] = '0';
    value[len + 1] = '\0';
    assert_false(session_valid(d, hash, value, len + 1, 999));
    assert_true(session_make(d, hash, 999999999999999999, value));
    assert_true(session_valid(d, hash, value, strlen(value), 999));
    digest_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),
        cmocka_unit_test(cookies),
        cmocka_unit_test(values),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
