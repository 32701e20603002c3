/*
 * ids: which record of a request has this id? A hash table in the request's arena.
 */
#ifndef ROLLCALL_IDS_H
#define ROLLCALL_IDS_H

#include "shared/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ids {
    struct ids_slot *slots;
    size_t mask; /* slots - 1; a power of two, never more than half full */
};

#define IDS_NONE SIZE_MAX

/* Room for `count` ids. False when memory is out. */
bool ids_init(struct ids *ids, size_t count, struct arena *arena);

/* Enters `id` (borrowed) for record `index`; returns the record that has it already, or IDS_NONE.
 */
size_t ids_enter(struct ids *ids, const char *id, size_t index);

/* The record that has `id`, or IDS_NONE. */
size_t ids_find(const struct ids *ids, const char *id);

#endif
