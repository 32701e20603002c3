/*
 * ids: which record of a request has this id first?
 *
 *     ids_init(&ids, most, &arena);
 *     ids_add(&ids, id, index); ...     in the order of the records
 *     ids_sort(&ids);
 *     ids_find(&ids, id)
 *
 * A sorted list, not a hash table: ids come from outside, and no choice of them makes it slow.
 */
#ifndef HANDLER_STORE_IDS_H
#define HANDLER_STORE_IDS_H

#include "handler/shared/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids_entry {
    const char *id; /* borrowed */
    size_t index;
};

struct ids {
    struct ids_entry *list; /* in the arena */
    size_t count;
};

#define IDS_NONE SIZE_MAX

/* Room for `most` ids. False when memory is out. */
bool ids_init(struct ids *ids, size_t most, struct arena *arena);

void ids_add(struct ids *ids, const char *id, size_t index);
void ids_sort(struct ids *ids);

/* The first record that has `id`, or IDS_NONE. */
size_t ids_find(const struct ids *ids, const char *id);

#endif
