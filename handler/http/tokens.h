/*
 * tokens: the tokens file, kept in memory and read again when it changes.
 *
 * One token a line (see rollcall-handler.json(5)):
 *
 *     sha256-hex scope[,scope] [address/prefix,...] # label
 *
 * A `-` in place of the hash lets its addresses in without a token. Blank lines and comments are
 * passed over, a bad line is skipped and logged.
 *
 * Call tokens_refresh() once a request, then go through `list`.
 */
#ifndef HANDLER_HTTP_TOKENS_H
#define HANDLER_HTTP_TOKENS_H

#include "handler/shared/digest.h"
#include "handler/shared/ip.h"

#include <sys/stat.h>

enum scope { SCOPE_INGEST = 1, SCOPE_READ = 2 }; /* bits */

struct token {
    bool open; /* `-`: no token is needed from `prefixes` */
    unsigned char hash[DIGEST_LEN];
    unsigned scopes;
    struct ip_prefix *prefixes; /* none: from anywhere */
    size_t prefix_count;
};

struct tokens {
    const char *path; /* borrowed */
    struct token *list;
    size_t count;
    bool present;       /* the file could be read */
    bool complained;    /* ... not, and that has been logged */
    bool settled;       /* ... and had not changed for a while then */
    struct stat loaded; /* of the file that `list` was read from */
};

void tokens_init(struct tokens *t, const char *path);

/* Reads the file again when it is another one, or has changed. False when there is none to read. */
bool tokens_refresh(struct tokens *t);

void tokens_release(struct tokens *t);

#endif
