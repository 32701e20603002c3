/*
 * sign: the value of Rollcall-Signature: "t=SECONDS,v1=HEX", HEX being the HMAC-SHA256 (RFC 2104)
 * of "SECONDS." and the body.
 */
#ifndef HANDLER_WATCH_SIGN_H
#define HANDLER_WATCH_SIGN_H

#include "handler/shared/digest.h"
#include "handler/shared/text.h"

#include <stdint.h>

enum { SIGN_TEXT_MAX = DIGEST_HEX_LEN + 40 };

/* False if libcrypto fails. */
bool sign(struct digest *d, struct text secret, int64_t seconds, struct text body,
          char out[SIGN_TEXT_MAX]);

#endif
