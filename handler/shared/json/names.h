/*
 * known: the member names that the next object is likely to have, because the last one had them.
 * The processes of a record are objects of one kind: a name in its usual place is recognised
 * without a look at each of its bytes, and its number is known.
 *
 *     struct known_name *next = known_first(&k);              at the start of an object
 *     if (known_is(next, p))
 *         p += next->len, next++;                             it is that name, with its colon
 *     else if ((found = known_ahead(&k, next, p)))
 *         ...                                                 members in between were left out
 *     else
 *         next = known_learn(&k, next, p, len, number);       after it was found to be a name
 *
 * Only whole names in quotes, followed directly by the colon, of at most KNOWN_BYTES, are known.
 * Entries are only ever valid names. They may be kept from one text to the next: they decide how
 * fast a text is read, never what it means.
 */
#ifndef HANDLER_SHARED_JSON_NAMES_H
#define HANDLER_SHARED_JSON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KNOWN_MAX = 32, KNOWN_BYTES = 16 };

struct known_name {
    uint64_t word[2], mask[2]; /* its bytes, and which of the KNOWN_BYTES are its own */
    size_t len;                /* with quotes and colon */
    uint16_t key;
};

struct known {
    struct known_name list[KNOWN_MAX + 1]; /* the last one always stays empty */
};

void known_init(struct known *k);

static inline struct known_name *known_first(struct known *k)
{
    return k->list;
}

/* True if the text at `p`, where KNOWN_BYTES can be read, starts with this name. */
static inline bool known_is(const struct known_name *n, const char *p)
{
    uint64_t word[2];
    memcpy(word, p, sizeof word);
    return (((word[0] & n->mask[0]) ^ n->word[0]) | ((word[1] & n->mask[1]) ^ n->word[1])) == 0;
}

/* Which of the next few names after `from` is at `p`; NULL: none of them. */
struct known_name *known_ahead(struct known *k, struct known_name *from, const char *p);

/* Puts the name at `p`, of `len` bytes with quotes and colon, in the place of `at`, unless it is
 * too long. Returns the place of the next name. */
struct known_name *known_learn(struct known *k, struct known_name *at, const char *p, size_t len,
                               uint16_t key);

#endif
