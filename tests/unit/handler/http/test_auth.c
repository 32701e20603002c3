/* auth: who may do what, from where. */
#include "tests/unit/unit.h"

#include "handler/http/auth.h"

static char directory[64], path[96];
static struct tokens tokens;
static struct digest *digest;

/* The SHA-256 of "all", "in", "rd", "net". */
static void write_tokens(void)
{
    static const struct {
        const char *token, *rest;
    } rows[] = {
        {"all", "ingest,read"},
        {"in", "ingest"},
        {"rd", "read"},
        {"net", "ingest 10.0.0.0/8,2001:db8::/32"},
        {"twice", "ingest 10.0.0.0/8"},
        {"twice", "read 192.0.2.0/24"},
        {NULL, "ingest 127.0.0.1,::1"},
    };
    char text[2048] = "", hex[DIGEST_HEX_LEN + 1];
    unsigned char sum[DIGEST_LEN];
    for (size_t i = 0; i < COUNT(rows); i++) {
        const char *token = rows[i].token;
        if (token) {
            digest_start(digest);
            digest_add(digest, token, strlen(token));
            digest_finish(digest, sum);
            digest_hex(sum, hex);
        }
        size_t len = strlen(text);
        snprintf(text + len, sizeof text - len, "%s %s\n", token ? hex : "-", rows[i].rest);
    }
    unit_write(path, text, strlen(text));
}

static const struct {
    int line;
    const char *authorization, *address;
    enum scope scope;
    enum verdict want;
} checks[] = {
    {__LINE__, "Bearer all", "1.2.3.4", SCOPE_INGEST, V_OK},
    {__LINE__, "Bearer all", "1.2.3.4", SCOPE_READ, V_OK},
    {__LINE__, "bearer in", "1.2.3.4", SCOPE_INGEST, V_OK},
    {__LINE__, "BEARER   in", "1.2.3.4", SCOPE_INGEST, V_OK},
    {__LINE__, "Bearer in", "1.2.3.4", SCOPE_READ, V_FORBIDDEN},
    {__LINE__, "Bearer rd", "1.2.3.4", SCOPE_INGEST, V_FORBIDDEN},
    {__LINE__, "Bearer rd", "::1", SCOPE_READ, V_OK},
    {__LINE__, "Bearer net", "10.9.8.7", SCOPE_INGEST, V_OK},
    {__LINE__, "Bearer net", "::ffff:10.9.8.7", SCOPE_INGEST, V_OK},
    {__LINE__, "Bearer net", "2001:db8::5", SCOPE_INGEST, V_OK},
    {__LINE__, "Bearer net", "11.0.0.1", SCOPE_INGEST, V_FORBIDDEN},
    {__LINE__, "Bearer net", "10.9.8.7", SCOPE_READ, V_FORBIDDEN},
    /* one token on two lines: scope and address must be those of one of them */
    {__LINE__, "Bearer twice", "10.0.0.1", SCOPE_INGEST, V_OK},
    {__LINE__, "Bearer twice", "10.0.0.1", SCOPE_READ, V_FORBIDDEN},
    {__LINE__, "Bearer twice", "192.0.2.1", SCOPE_READ, V_OK},
    {__LINE__, "Bearer twice", "192.0.2.1", SCOPE_INGEST, V_FORBIDDEN},
    {__LINE__, "Bearer ALL", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "Bearer all ", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "Bearer allx", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "Bearer ", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "Bearer", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "Bearerall", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "Basic YWxs", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "all", "1.2.3.4", SCOPE_INGEST, V_UNAUTHORIZED},
    /* without a token */
    {__LINE__, "", "127.0.0.1", SCOPE_INGEST, V_OK},
    {__LINE__, "", "::1", SCOPE_INGEST, V_OK},
    {__LINE__, "", "127.0.0.1", SCOPE_READ, V_UNAUTHORIZED},
    {__LINE__, "", "127.0.0.2", SCOPE_INGEST, V_UNAUTHORIZED},
    /* a wrong token is not made right by where it comes from */
    {__LINE__, "Bearer wrong", "127.0.0.1", SCOPE_INGEST, V_UNAUTHORIZED},
    {__LINE__, "Bearer -", "127.0.0.1", SCOPE_INGEST, V_UNAUTHORIZED},
};

static void decisions(void **state)
{
    (void)state;
    for (size_t i = 0; i < COUNT(checks); i++) {
        struct request r = {
            .authorization = checks[i].authorization, .cookie = "", .method = "GET"};
        struct fault f;
        struct ip ip;
        fault_clear(&f);
        ROW_TRUE(&checks[i], ip_parse(checks[i].address, &ip));
        ROW_INT(&checks[i],
                auth_check(&(struct auth){&tokens, digest}, &r, &ip, checks[i].scope, &f),
                checks[i].want);
        bool bearer = f.headers && strcmp(f.headers, "WWW-Authenticate: Bearer\r\n") == 0;
        ROW_INT(&checks[i], bearer, checks[i].want == V_UNAUTHORIZED);
        if (checks[i].want == V_UNAUTHORIZED)
            ROW_STR(&checks[i], f.reason, "Unauthorized Access");
    }
}

/* A token whose hash is all zeros is no key to an open line, whose hash is unset. */
static void open_lines_have_no_hash(void **state)
{
    (void)state;
    unsigned char sum[DIGEST_LEN];
    digest_start(digest);
    digest_add(digest, "open", 4);
    digest_finish(digest, sum);
    unit_write(path, "- ingest,read 127.0.0.1\n", 24);
    assert_true(tokens_refresh(&tokens));
    assert_int_equal(tokens.count, 1);
    memcpy(tokens.list[0].hash, sum, sizeof sum); /* as if it matched */
    tokens.settled = true;
    struct request r = {.authorization = "Bearer open"};
    struct fault f;
    struct ip ip;
    fault_clear(&f);
    ip_parse("127.0.0.1", &ip);
    assert_int_equal(auth_check(&(struct auth){&tokens, digest}, &r, &ip, SCOPE_READ, &f),
                     V_UNAUTHORIZED);
}

static void without_a_file_every_request_is_refused(void **state)
{
    (void)state;
    struct fault f;
    struct ip ip;
    struct capture out;
    ip_parse("127.0.0.1", &ip);
    unlink(path);
    static const char *const headers[] = {"", "Bearer all"};
    for (size_t i = 0; i < COUNT(headers); i++) {
        struct request r = {.authorization = headers[i], .cookie = "", .method = "GET"};
        fault_clear(&f);
        capture_begin(&out, STDERR_FILENO);
        enum verdict v = auth_check(&(struct auth){&tokens, digest}, &r, &ip, SCOPE_INGEST, &f);
        capture_end(&out);
        assert_int_equal(v, V_UNAVAILABLE);
        assert_null(strchr(f.reason, '/'));
    }
}

static int set_up(void **state)
{
    (void)state;
    unit_directory(directory);
    snprintf(path, sizeof path, "%s/tokens", directory);
    digest = digest_new();
    tokens_init(&tokens, path);
    write_tokens();
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    tokens_release(&tokens);
    digest_free(digest);
    unit_remove(directory);
    return 0;
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(decisions),
        TEST(open_lines_have_no_hash),
        TEST(without_a_file_every_request_is_refused),
    };
    return cmocka_run_group_tests_name("auth", tests, NULL, NULL);
}
