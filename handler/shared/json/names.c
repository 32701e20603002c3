#include "handler/shared/json/names.h"

enum { AHEAD = 4 };

void known_init(struct known *k)
{
    /* An empty slot: mask 0 but word 1, so it never matches. */
    for (size_t i = 0; i <= KNOWN_MAX; i++)
        k->list[i] = (struct known_name){.word = {1, 0}};
}

struct known_name *known_ahead(struct known *k, struct known_name *from, const char *p)
{
    struct known_name *last = &k->list[KNOWN_MAX];
    for (size_t i = 0; i < AHEAD && from < last; i++)
        if (known_is(++from, p))
            return from;
    return NULL;
}

struct known_name *known_learn(struct known *k, struct known_name *at, const char *p, size_t len,
                               uint16_t key)
{
    if (len > KNOWN_BYTES || at == &k->list[KNOWN_MAX])
        return at;
    *at = (struct known_name){.len = len, .key = key};
    memcpy(at->word, p, len);
    memset(at->mask, 0xff, len);
    return at + 1;
}
