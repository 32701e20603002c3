/* sign: HMAC-SHA256 as libcrypto computes it, over time and body. */
#include "handler/watch/sign.h"
#include "tests/unit/unit.h"

#include <inttypes.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

static void is_the_hmac_of_libcrypto(void **state)
{
    (void)state;
    static const size_t lengths[] = {1, 32, 63, 64, 65, 131, 4096};
    struct digest *d = digest_new();
    uint64_t seed = 5;
    assert_non_null(d);
    for (size_t i = 0; i < 40 * COUNT(lengths); i++) {
        char secret[4096], text[600], got[SIGN_TEXT_MAX], want[SIGN_TEXT_MAX];
        unsigned char sum[EVP_MAX_MD_SIZE];
        unsigned sum_len;
        size_t secret_len = lengths[i % COUNT(lengths)], body_len = unit_below(&seed, 512);
        int64_t seconds = (int64_t)unit_below(&seed, 1u << 31);
        for (size_t k = 0; k < secret_len; k++)
            secret[k] = (char)unit_random(&seed);
        int head = snprintf(text, sizeof text, "%" PRId64 ".", seconds);
        for (size_t k = 0; k < body_len; k++)
            text[(size_t)head + k] = (char)unit_random(&seed);
        assert_true(sign(d, (struct text){secret, secret_len}, seconds,
                         (struct text){text + head, body_len}, got));
        assert_non_null(HMAC(EVP_sha256(), secret, (int)secret_len, (unsigned char *)text,
                             (size_t)head + body_len, sum, &sum_len));
        size_t at = (size_t)snprintf(want, sizeof want, "t=%" PRId64 ",v1=", seconds);
        for (unsigned k = 0; k < sum_len; k++)
            at += (size_t)snprintf(want + at, sizeof want - at, "%02x", sum[k]);
        assert_string_equal(got, want);
    }
    digest_free(d);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_the_hmac_of_libcrypto),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
