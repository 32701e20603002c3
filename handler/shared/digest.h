/*
 * digest: SHA-256 (FIPS 180-4) and a comparison in constant time, by libcrypto.
 *
 * Create a struct digest once and use it for any number of sums: digest_start(), digest_add() as
 * often as needed, digest_finish(). False means that libcrypto failed (no memory): treat it as a
 * server error, never as a mismatch.
 */
#ifndef HANDLER_SHARED_DIGEST_H
#define HANDLER_SHARED_DIGEST_H

#include <stdbool.h>
#include <stddef.h>

enum { DIGEST_LEN = 32, DIGEST_HEX_LEN = 64 };

struct digest;

/* NULL if libcrypto has no SHA-256 or memory runs out. The caller frees it with digest_free(). */
struct digest *digest_new(void);
void digest_free(struct digest *d);

bool digest_start(struct digest *d);
bool digest_add(struct digest *d, const void *bytes, size_t len);
bool digest_finish(struct digest *d, unsigned char out[DIGEST_LEN]);

/* HMAC-SHA256 (RFC 2104) of `bytes`, with a key of DIGEST_LEN bytes; a sum in hand is lost. */
bool digest_hmac(struct digest *d, const unsigned char key[DIGEST_LEN], const void *bytes,
                 size_t len, unsigned char out[DIGEST_LEN]);

/* Lower-case hex, NUL-terminated. */
void digest_hex(const unsigned char sum[DIGEST_LEN], char out[DIGEST_HEX_LEN + 1]);

/* The reverse, of DIGEST_HEX_LEN lower- or upper-case digits; false if one is not a digit. */
bool digest_from_hex(const char *hex, unsigned char out[DIGEST_LEN]);

/* Takes the same time whatever the bytes are. */
bool digest_equal(const unsigned char a[DIGEST_LEN], const unsigned char b[DIGEST_LEN]);

#endif
