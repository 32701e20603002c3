#include "ids.h"

#include <string.h>

struct ids_slot {
    const char *id; /* NULL: free */
    size_t index;
};

bool ids_init(struct ids *ids, size_t count, struct arena *arena)
{
    size_t slots = 16;
    while (slots < count * 2)
        slots *= 2;
    ids->slots = arena_array(arena, slots, sizeof *ids->slots);
    ids->mask = slots - 1;
    return ids->slots != NULL;
}

static struct ids_slot *slot_of(const struct ids *ids, const char *id)
{
    uint64_t hash = UINT64_C(14695981039346656037); /* FNV-1a */
    for (const char *p = id; *p; p++)
        hash = (hash ^ (unsigned char)*p) * UINT64_C(1099511628211);
    size_t at = (size_t)(hash ^ hash >> 32) & ids->mask;
    while (ids->slots[at].id && strcmp(ids->slots[at].id, id) != 0)
        at = (at + 1) & ids->mask;
    return &ids->slots[at];
}

size_t ids_enter(struct ids *ids, const char *id, size_t index)
{
    struct ids_slot *slot = slot_of(ids, id);
    if (slot->id)
        return slot->index;
    *slot = (struct ids_slot){id, index};
    return IDS_NONE;
}

size_t ids_find(const struct ids *ids, const char *id)
{
    struct ids_slot *slot = slot_of(ids, id);
    return slot->id ? slot->index : IDS_NONE;
}
