/*
 * digest: SHA-256 (FIPS 180-4) and a comparison in constant time, by libcrypto.
 *
 * A struct digest is made once and used again and again: digest_start(), digest_add() as often as
 * wanted, digest_finish(). False means that libcrypto failed (no memory): treat it as an error of
 * ours, never as a mismatch.
 */
#ifndef HANDLER_SHARED_DIGEST_H
#define HANDLER_SHARED_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_LEN = 32, DIGEST_HEX_LEN = 64 };

struct digest;

/* NULL when libcrypto has no SHA-256 or memory is out. The caller owns it. */
struct digest *digest_new(void);
void digest_free(struct digest *d);

bool digest_start(struct digest *d);
bool digest_add(struct digest *d, const void *bytes, size_t len);
bool digest_finish(struct digest *d, unsigned char out[DIGEST_LEN]);

/* Lower-case hex with a NUL behind it. */
void digest_hex(const unsigned char sum[DIGEST_LEN], char out[DIGEST_HEX_LEN + 1]);

/* The reverse, of DIGEST_HEX_LEN lower- or upper-case digits; false when they are none. */
bool digest_from_hex(const char *hex, unsigned char out[DIGEST_LEN]);

/* Takes the same time whatever the bytes are. */
bool digest_equal(const unsigned char a[DIGEST_LEN], const unsigned char b[DIGEST_LEN]);

#endif
