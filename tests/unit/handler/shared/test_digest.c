/* digest: the vectors of FIPS 180-4 (NIST's examples), hex there and back. */
#include "tests/unit/unit.h"

#include "handler/shared/digest.h"

static const struct {
    int line;
    const char *text;
    size_t times;
    const char *hex;
} vectors[] = {
    {__LINE__, "", 1, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"},
    {__LINE__, "abc", 1, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"},
    {__LINE__, "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq", 1,
     "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1"},
    {__LINE__, "a", 1000000, "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0"},
};

/* One digest for all of them: nothing is left over from the one before. */
static void known_vectors(void **state)
{
    (void)state;
    struct digest *d = digest_new();
    assert_non_null(d);
    for (size_t i = 0; i < COUNT(vectors); i++) {
        unsigned char sum[DIGEST_LEN];
        char hex[DIGEST_HEX_LEN + 1];
        ROW_TRUE(&vectors[i], digest_start(d));
        for (size_t n = 0; n < vectors[i].times; n++)
            ROW_TRUE(&vectors[i], digest_add(d, vectors[i].text, strlen(vectors[i].text)));
        ROW_TRUE(&vectors[i], digest_finish(d, sum));
        digest_hex(sum, hex);
        ROW_STR(&vectors[i], hex, vectors[i].hex);
    }
    digest_free(d);
    digest_free(NULL);
}

static void a_restart_forgets(void **state)
{
    (void)state;
    struct digest *d = digest_new();
    unsigned char sum[DIGEST_LEN];
    char hex[DIGEST_HEX_LEN + 1];
    assert_true(digest_start(d) && digest_add(d, "left over", 9));
    assert_true(digest_start(d) && digest_add(d, "ab", 2) && digest_add(d, "c", 1));
    assert_true(digest_finish(d, sum));
    digest_hex(sum, hex);
    assert_string_equal(hex, vectors[1].hex);
    digest_free(d);
}

/* RFC 4231, test case 2 with its key filled up with zeros, which changes nothing; and one made with
 * Python's hmac. */
static void known_hmac(void **state)
{
    (void)state;
    static const struct {
        int line;
        const char *key, *text, *hex;
    } rows[] = {
        {__LINE__, "Jefe", "what do ya want for nothing?",
         "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"},
        {__LINE__, "0123456789abcdef0123456789abcdef", "v1.",
         "66b6672044f8ad13e368723210c8f2fe1a97a431b2d695607741ce8b41e2a136"},
    };
    struct digest *d = digest_new();
    for (size_t i = 0; i < COUNT(rows); i++) {
        unsigned char key[DIGEST_LEN] = {0}, sum[DIGEST_LEN];
        char hex[DIGEST_HEX_LEN + 1];
        memcpy(key, rows[i].key, strlen(rows[i].key));
        ROW_TRUE(&rows[i], digest_hmac(d, key, rows[i].text, strlen(rows[i].text), sum));
        digest_hex(sum, hex);
        ROW_STR(&rows[i], hex, rows[i].hex);
    }
    digest_free(d);
}

static void hex_is_read_as_written(void **state)
{
    (void)state;
    unsigned char sum[DIGEST_LEN], again[DIGEST_LEN];
    char hex[DIGEST_HEX_LEN + 1];
    for (int byte = 0; byte < 256; byte++) {
        memset(sum, byte, sizeof sum);
        digest_hex(sum, hex);
        assert_int_equal(strlen(hex), DIGEST_HEX_LEN);
        assert_true(digest_from_hex(hex, again));
        assert_memory_equal(sum, again, DIGEST_LEN);
        for (char *p = hex; *p; p++)
            if (*p >= 'a')
                *p = (char)(*p - 'a' + 'A');
        assert_true(digest_from_hex(hex, again));
        assert_memory_equal(sum, again, DIGEST_LEN);
    }
}

static void not_hex(void **state)
{
    (void)state;
    static const char bad[] = "/:@`gGzZ -\x01\xff";
    unsigned char sum[DIGEST_LEN];
    for (size_t place = 0; place < DIGEST_HEX_LEN; place += 21)
        for (size_t i = 0; i < sizeof bad; i++) { /* the NUL too: short texts */
            char hex[DIGEST_HEX_LEN + 1];
            memset(hex, 'a', DIGEST_HEX_LEN);
            hex[DIGEST_HEX_LEN] = '\0';
            hex[place] = bad[i];
            assert_false(digest_from_hex(hex, sum));
        }
}

static void equal_or_not(void **state)
{
    (void)state;
    unsigned char a[DIGEST_LEN] = {0}, b[DIGEST_LEN] = {0};
    assert_true(digest_equal(a, b));
    for (size_t i = 0; i < DIGEST_LEN; i++)
        for (int bit = 0; bit < 8; bit++) {
            b[i] = (unsigned char)(1 << bit);
            assert_false(digest_equal(a, b));
            b[i] = 0;
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_vectors), cmocka_unit_test(a_restart_forgets),
        cmocka_unit_test(known_hmac),    cmocka_unit_test(hex_is_read_as_written),
        cmocka_unit_test(not_hex),       cmocka_unit_test(equal_or_not),
    };
    return cmocka_run_group_tests_name("digest", tests, NULL, NULL);
}
