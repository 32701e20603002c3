#include "handler/shared/digest.h"

#include "handler/shared/text.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>

struct digest {
    EVP_MD *md;
    EVP_MD_CTX *ctx;
};

struct digest *digest_new(void)
{
    struct digest *d = calloc(1, sizeof *d);
    if (!d)
        return NULL;
    d->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    d->ctx = EVP_MD_CTX_new();
    if (d->md && d->ctx)
        return d;
    digest_free(d);
    return NULL;
}

void digest_free(struct digest *d)
{
    if (!d)
        return;
    EVP_MD_CTX_free(d->ctx);
    EVP_MD_free(d->md);
    free(d);
}

bool digest_start(struct digest *d)
{
    return EVP_DigestInit_ex2(d->ctx, d->md, NULL) == 1;
}

bool digest_add(struct digest *d, const void *bytes, size_t len)
{
    return EVP_DigestUpdate(d->ctx, bytes, len) == 1;
}

bool digest_finish(struct digest *d, unsigned char out[DIGEST_LEN])
{
    return EVP_DigestFinal_ex(d->ctx, out, NULL) == 1;
}

bool digest_hmac(struct digest *d, const unsigned char key[DIGEST_LEN], const void *bytes,
                 size_t len, unsigned char out[DIGEST_LEN])
{
    enum { BLOCK = 64 };
    unsigned char inner[BLOCK], outer[BLOCK];
    for (size_t i = 0; i < BLOCK; i++) {
        unsigned char k = i < DIGEST_LEN ? key[i] : 0;
        inner[i] = k ^ 0x36;
        outer[i] = k ^ 0x5c;
    }
    return digest_start(d) && digest_add(d, inner, BLOCK) && digest_add(d, bytes, len) &&
           digest_finish(d, out) && digest_start(d) && digest_add(d, outer, BLOCK) &&
           digest_add(d, out, DIGEST_LEN) && digest_finish(d, out);
}

void digest_hex(const unsigned char sum[DIGEST_LEN], char out[DIGEST_HEX_LEN + 1])
{
    static const char hex[] = "0123456789abcdef";
    for (size_t i = 0; i < DIGEST_LEN; i++) {
        out[2 * i] = hex[sum[i] >> 4];
        out[2 * i + 1] = hex[sum[i] & 15];
    }
    out[DIGEST_HEX_LEN] = '\0';
}

bool digest_from_hex(const char *hex, unsigned char out[DIGEST_LEN])
{
    for (size_t i = 0; i < DIGEST_LEN; i++) {
        int high = text_hex_digit(hex[2 * i]);
        int low = high < 0 ? -1 : text_hex_digit(hex[2 * i + 1]);
        if (low < 0)
            return false;
        out[i] = (unsigned char)(high << 4 | low);
    }
    return true;
}

bool digest_equal(const unsigned char a[DIGEST_LEN], const unsigned char b[DIGEST_LEN])
{
    return CRYPTO_memcmp(a, b, DIGEST_LEN) == 0;
}
