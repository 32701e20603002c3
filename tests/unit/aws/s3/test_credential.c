/* credential: keys as ECS and EC2 send them, and invalid ones. */
#include "tests/unit/unit.h"

#include "aws/s3/credential.h"

static bool read_json(const char *text, struct credential *c, char error[CREDENTIAL_ERROR_MAX])
{
    struct buf b;
    buf_init(&b, 64 << 10);
    buf_puts(&b, text);
    bool ok = credential_from_json(&b, c, error);
    buf_release(&b);
    return ok;
}

#define KEYS "\"AccessKeyId\":\"AKIA\",\"SecretAccessKey\":\"se\\/cret\""

static void test_good_ones(void **state)
{
    (void)state;
    char error[CREDENTIAL_ERROR_MAX] = "";
    struct credential c;
    assert_true(
        read_json("{\"Code\":\"Success\"," KEYS
                  ",\"Token\":\"t==\",\"Expiration\":\"2026-11-21T05:00:00Z\",\"More\":[1]}",
                  &c, error));
    assert_string_equal(c.access, "AKIA");
    assert_string_equal(c.secret, "se/cret");
    assert_string_equal(c.token, "t==");
    assert_true(c.expires == INT64_C(1795237200000));
    assert_true(read_json("{" KEYS ",\"Expiration\":\"2026-11-21T05:00:00.123456Z\"}", &c, error));
    assert_true(c.expires == INT64_C(1795237200000));
    assert_true(read_json("{" KEYS "}", &c, error));
    assert_string_equal(c.token, "");
    assert_true(c.expires == 0);
}

static void test_bad_ones(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *text;
    } rows[] = {
        {__LINE__, ""},
        {__LINE__, "[]"},
        {__LINE__, "null"},
        {__LINE__, "{" KEYS},
        {__LINE__, "{}"},
        {__LINE__, "{\"Code\":\"Failed\"," KEYS "}"},
        {__LINE__, "{\"AccessKeyId\":\"AKIA\"}"},
        {__LINE__, "{\"SecretAccessKey\":\"x\"}"},
        {__LINE__, "{\"AccessKeyId\":1,\"SecretAccessKey\":\"x\"}"},
        {__LINE__, "{\"AccessKeyId\":\"a\\nb\",\"SecretAccessKey\":\"x\"}"},
        {__LINE__, "{\"AccessKeyId\":\"a b\",\"SecretAccessKey\":\"x\"}"},
        {__LINE__, "{\"AccessKeyId\":\"a\\u0000b\",\"SecretAccessKey\":\"x\"}"},
        {__LINE__, "{" KEYS ",\"Token\":\"a\\r\\nX: y\"}"},
        {__LINE__, "{" KEYS ",\"Expiration\":\"tomorrow\"}"},
        {__LINE__, "{" KEYS ",\"Expiration\":\"2026-13-21T05:00:00Z\"}"},
        {__LINE__, "{" KEYS "," KEYS "}"},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        char error[CREDENTIAL_ERROR_MAX] = "";
        struct credential c;
        ROW_TRUE(&rows[i], !read_json(rows[i].text, &c, error));
        ROW_TRUE(&rows[i], error[0] && !strstr(error, "se/cret"));
    }
}

static void test_lengths(void **state)
{
    (void)state;
    char error[CREDENTIAL_ERROR_MAX], longest[CREDENTIAL_TOKEN_MAX + 1];
    struct credential c;
    memset(longest, 'a', sizeof longest);
    longest[CREDENTIAL_TOKEN_MAX] = '\0';
    assert_false(credential_set(&c, "a", "b", longest, error));
    longest[CREDENTIAL_TOKEN_MAX - 1] = '\0';
    assert_true(credential_set(&c, "a", "b", longest, error));
    longest[CREDENTIAL_KEY_MAX] = '\0';
    assert_false(credential_set(&c, longest, "b", NULL, error));
    assert_false(credential_set(&c, "a", longest, NULL, error));
    assert_false(credential_set(&c, "", "b", NULL, error));
    credential_clear(&c);
    assert_string_equal(c.secret, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_ones),
        cmocka_unit_test(test_bad_ones),
        cmocka_unit_test(test_lengths),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
