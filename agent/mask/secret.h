/*
 * secret: the tables of secret.def, and how to ask them.
 *
 * secret_index_init() computes what makes the look-ups fast. All else only reads. Nothing here
 * allocates memory. Text is given as pointer and length, and need not end with NUL.
 */
#ifndef AGENT_MASK_SECRET_H
#define AGENT_MASK_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum secret_kind {
    SECRET_NOT,
    SECRET_PASSWORD, /* the value is secret */
    SECRET_KEY,      /* secret, unless it is the name of a file */
    SECRET_PAIR,     /* user:password */
    SECRET_COOKIE,   /* secret if it has a '='; else it is the name of a file */
};

/* What a row of a program says; see secret.def. */
enum secret_rule { RULE_FLAG, RULE_WORD, RULE_FIELD, RULE_BARE, RULE_PLAIN, RULE_READS, RULE_RUNS };

enum {
    /* Forms of RULE_FLAG, and of RULE_PLAIN, where SEPARATE alone is ASKS. A flag of more than two
       characters may be followed by '=', too. */
    ATTACHED = 1, /* -pVALUE */
    SEPARATE = 2, /* -p VALUE */
    BOTH = ATTACHED | SEPARATE,
    OPTIONAL = 4, /* the next word may be another option */

    REST = 64,   /* RULE_WORD: this word and all after it */
    DASHES = 64, /* RULE_RUNS */

    SECRET_GROUP_ROWS = 64, /* most rows of one group */
};

struct secret_row {
    uint16_t group;
    uint8_t rule;
    uint8_t number;   /* forms, or which word, or how many words to skip */
    char after;       /* the secret follows this character of the value; 0: all of it */
    const char *sub;  /* only after this word; "" is any */
    const char *text; /* the flag, the field, or the options of the program */
};

struct secret_group {
    const char *names;   /* separated by spaces */
    const char *letters; /* short options without a value, which may come before another one */
};

enum { SECRET_PROGRAMS_MAX = 768, SECRET_ROWS_MAX = 512, SECRET_TEXTS_MAX = 512 };

struct secret_index {
    uint16_t first_row[SECRET_ROWS_MAX]; /* of a group; + 1, so that 0 is none, as in all below */
    uint16_t next_row[SECRET_ROWS_MAX];
    struct {
        const char *name;
        uint8_t len;
        bool prefix; /* the name may go on */
        uint16_t group, next;
    } programs[SECRET_PROGRAMS_MAX];
    uint16_t program_count, program_head[256];
    uint16_t name_head[256], name_next[SECRET_TEXTS_MAX];
    uint16_t shape_head[256], shape_next[SECRET_TEXTS_MAX];
    uint16_t shell, su, httpie, echo; /* groups that are more than their rows */
    uint16_t suffix_head[32], suffix_next[SECRET_TEXTS_MAX];
};

void secret_index_init(struct secret_index *ix);

/*
 * Kind of the value that belongs to `name`: an option ("--db-password"), an environment variable
 * ("GITHUB_TOKEN"), a JSON name ("apiKey"), a header ("X-Api-Key"). What counts is how the name
 * ends, so "--password-file" has no secret.
 */
enum secret_kind secret_name(const struct secret_index *ix, const char *name, size_t len);

/* "--ask-pass", "--no-password": an option that has no value, whatever it ends with. */
bool secret_asks(const char *name, size_t len);

/* The group of `program`, a path; 0 is that of all others. */
unsigned secret_group(const struct secret_index *ix, const char *program, size_t len);

/* The rows of a group: the first, and the one after `row`; NULL at the end. */
const struct secret_row *secret_first(const struct secret_index *ix, unsigned group);
const struct secret_row *secret_next(const struct secret_index *ix, const struct secret_row *row);

/*
 * True if `word` is the flag of `row`. `*at` is where the value begins in it; `len` if the value is
 * the next word.
 */
bool secret_flag(const struct secret_row *row, const char *word, size_t len, size_t *at);

/* "-x", an option of the group without a value. */
bool secret_is_letter(unsigned group, const char *word, size_t len);

/* For a row of RULE_RUNS: the value of the option `word` is the next word. */
bool secret_takes_next(const struct secret_row *row, const char *word, size_t len);

/* Length of the token of a known shape that starts at `s`; 0 if there is none. */
size_t secret_token(const struct secret_index *ix, const char *s, size_t len);

/*
 * `s` is a URL after its "://". Where the secret part of its path begins; 0 if it has none.
 */
size_t secret_hook(const char *s, size_t len);

/* The tables, for tests. */
const struct secret_group *secret_groups(size_t *count);
const struct secret_row *secret_rows(size_t *count);

#endif
