/*
 * secret: what on a command line is a secret, as far as its name or its shape tells.
 *
 * Knowledge only, in tables; mask.h applies it.
 */
#ifndef AGENT_MASK_SECRET_H
#define AGENT_MASK_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum secret_kind {
    SECRET_NOT,
    SECRET_VALUE, /* "password": whatever stands there is secret */
    SECRET_KEY,   /* "private_key", "credentials": secret, unless it is the path of a file */
};

/*
 * Kind of the value that belongs to `name`: an option ("--db-password"), an environment variable
 * ("GITHUB_TOKEN"), a JSON name ("apiKey"), a header ("X-Api-Key"). What counts is how the name
 * ends, so "--password-file" is none.
 */
enum secret_kind secret_name(const char *name, size_t len);

/* How a program's short option carries a secret. */
struct secret_flag {
    uint32_t programs; /* whose it is: see secret_program() */
    const char *flag;
    bool attached; /* -pVALUE */
    bool separate; /* -p VALUE */
    char after;    /* the secret is what follows this character of the value; 0: all */
    bool login;    /* only behind the word "login" */
};

/* What secret_flag() knows of the file name of `program` (a path); 0: nothing. */
uint32_t secret_program(const char *program, size_t len);

/*
 * The rule for `word` on the command line of a program of these kinds: NULL, or one whose flag is
 * the whole of `word`, ends a cluster of letters ("-sSu"), or starts `word` where its value may be
 * attached. `*at` is where the attached value starts, `len` when it is the next word.
 */
const struct secret_flag *secret_flag(uint32_t kinds, const char *word, size_t len, bool login,
                                      size_t *at);

/* Length of the token of a known shape (AKIA…, ghp_…, a JWT) that starts at `s`; 0 for none. */
size_t secret_token(const char *s, size_t len);

#endif
