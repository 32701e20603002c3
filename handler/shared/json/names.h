/*
 * known: the names that the members of an object are likely to have, because the last object had
 * them. The processes of a record are objects of one kind: a name that stands where it stood in the
 * one before needs no look at each of its bytes, and its number is known.
 *
 *     struct known_name *next = known_first(&k);              at the start of an object
 *     if (known_is(next, p))
 *         p += next->len, next++;                             it is that name, and its colon
 *     else if ((found = known_ahead(&k, next, p)))
 *         ...                                                 members in between were left out
 *     else
 *         next = known_learn(&k, next, p, len, number);       once it has been found to be a name
 *
 * Only whole names in their quotes with the colon right behind, of KNOWN_BYTES at most, are known;
 * what is here was a name once, and so it always is one. It can be kept from one text to the next:
 * what is known decides how fast a text is read, never what it says.
 */
#ifndef HANDLER_SHARED_JSON_NAMES_H
#define HANDLER_SHARED_JSON_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum { KNOWN_MAX = 32, KNOWN_BYTES = 16 };

struct known_name {
    uint64_t word[2], mask[2]; /* its bytes, and which of the KNOWN_BYTES are */
    size_t len;                /* with quotes and colon */
    uint16_t key;
};

struct known {
    struct known_name list[KNOWN_MAX + 1]; /* the last one is no name ever */
};

void known_init(struct known *k);

static inline struct known_name *known_first(struct known *k)
{
    return k->list;
}

/* Does it stand at `p`, where KNOWN_BYTES can be read? */
static inline bool known_is(const struct known_name *n, const char *p)
{
    uint64_t word[2];
    memcpy(word, p, sizeof word);
    return (((word[0] & n->mask[0]) ^ n->word[0]) | ((word[1] & n->mask[1]) ^ n->word[1])) == 0;
}

/* One of the next few behind `from` that stands at `p`; NULL: none does. */
struct known_name *known_ahead(struct known *k, struct known_name *from, const char *p);

/* The name at `p`, of `len` bytes with quotes and colon, takes the place of `at`; returns the place
 * of the next. A long one is not kept. */
struct known_name *known_learn(struct known *k, struct known_name *at, const char *p, size_t len,
                               uint16_t key);

#endif
