/*
 * tokens: the tokens file, kept in memory and read again when it changes.
 *
 * One token a line (see rollcall-handler.json(5)):
 *
 *     sha256-hex scope[,scope] [address/prefix,...] # label
 *
 * A `-` in place of the hash admits clients from its addresses without a token. Blank lines and
 * comments are ignored, a bad line is skipped and logged.
 *
 * Call tokens_refresh() once for each request, then read `list`.
 */
#ifndef HANDLER_HTTP_TOKENS_H
#define HANDLER_HTTP_TOKENS_H

#include "handler/shared/digest.h"
#include "handler/shared/ip.h"

#include <sys/stat.h>

enum scope { SCOPE_INGEST = 1, SCOPE_READ = 2, SCOPE_METRICS = 4 }; /* bits */

struct token {
    bool open; /* `-`: clients from `prefixes` need no token */
    unsigned char hash[DIGEST_LEN];
    unsigned scopes;
    struct ip_prefix *prefixes; /* NULL: any address */
    size_t prefix_count;
};

struct tokens {
    const char *path; /* borrowed */
    struct token *list;
    size_t count;
    bool present;       /* the file was read */
    bool complained;    /* it was not, and that is logged */
    bool settled;       /* it was read some time after its last change */
    struct stat loaded; /* of the file that `list` was read from */
};

void tokens_init(struct tokens *t, const char *path);

/* Reads the file again if it was replaced or has changed. False if it cannot be read. */
bool tokens_refresh(struct tokens *t);

/* "ingest", "read" or "metrics". */
const char *tokens_scope_name(enum scope scope);

void tokens_release(struct tokens *t);

#endif
