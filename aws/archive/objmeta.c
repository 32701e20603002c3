#include "aws/archive/objmeta.h"

#include "handler/shared/text.h"

#include <inttypes.h>
#include <stdio.h>

void objmeta_write(const struct manifest_entry *e, char out[OBJMETA_MAX])
{
    int len = snprintf(out, OBJMETA_MAX, "size=%" PRIu64 " sha256=%s gzip-sha256=%s", e->size,
                       e->sha256, e->gzip_sha256);
    if (e->chain[0] && len > 0 && len < OBJMETA_MAX)
        snprintf(out + len, OBJMETA_MAX - (size_t)len, " seq=%" PRIu64 " chain=%s", e->seq,
                 e->chain);
}

/* The text after "name=". NULL if it does not begin with that. */
static const char *skip(const char *at, const char *name)
{
    size_t len = strlen(name);
    return at && strncmp(at, name, len) == 0 ? at + len : NULL;
}

static const char *number(const char *at, uint64_t *out)
{
    size_t digits = at ? text_digits(text_of(at), out) : 0;
    return digits ? at + digits : NULL;
}

static const char *sum(const char *at, char out[DIGEST_HEX_LEN + 1])
{
    unsigned char bytes[DIGEST_LEN];
    if (!at || strnlen(at, DIGEST_HEX_LEN) < DIGEST_HEX_LEN || !digest_from_hex(at, bytes))
        return NULL;
    memcpy(out, at, DIGEST_HEX_LEN);
    out[DIGEST_HEX_LEN] = '\0';
    return at + DIGEST_HEX_LEN;
}

bool objmeta_read(const char *note, struct manifest_entry *out)
{
    const char *at = number(skip(note, "size="), &out->size);
    at = sum(skip(at, " sha256="), out->sha256);
    at = sum(skip(at, " gzip-sha256="), out->gzip_sha256);
    out->seq = 0;
    out->chain[0] = '\0';
    if (at && *at)
        at = sum(skip(number(skip(at, " seq="), &out->seq), " chain="), out->chain);
    return at && *at == '\0';
}
