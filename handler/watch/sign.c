#include "handler/watch/sign.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

enum { BLOCK = 64 }; /* of SHA-256 */

static bool sign_key(struct digest *d, struct text secret, unsigned char key[BLOCK])
{
    memset(key, 0, BLOCK);
    if (secret.len > BLOCK)
        return digest_start(d) && digest_add(d, secret.ptr, secret.len) && digest_finish(d, key);
    memcpy(key, secret.ptr, secret.len);
    return true;
}

static void sign_pad(const unsigned char key[BLOCK], unsigned char with, unsigned char out[BLOCK])
{
    for (size_t i = 0; i < BLOCK; i++)
        out[i] = key[i] ^ with;
}

bool sign(struct digest *d, struct text secret, int64_t seconds, struct text body,
          char out[SIGN_TEXT_MAX])
{
    unsigned char key[BLOCK], pad[BLOCK], sum[DIGEST_LEN];
    char time[24], hex[DIGEST_HEX_LEN + 1];
    int len = snprintf(time, sizeof time, "%" PRId64 ".", seconds);
    bool ok = sign_key(d, secret, key);
    sign_pad(key, 0x36, pad);
    ok = ok && digest_start(d) && digest_add(d, pad, BLOCK) && digest_add(d, time, (size_t)len) &&
         digest_add(d, body.ptr, body.len) && digest_finish(d, sum);
    sign_pad(key, 0x5c, pad);
    ok = ok && digest_start(d) && digest_add(d, pad, BLOCK) && digest_add(d, sum, sizeof sum) &&
         digest_finish(d, sum);
    digest_hex(sum, hex);
    snprintf(out, SIGN_TEXT_MAX, "t=%" PRId64 ",v1=%s", seconds, hex);
    explicit_bzero(key, sizeof key);
    explicit_bzero(pad, sizeof pad);
    return ok;
}
