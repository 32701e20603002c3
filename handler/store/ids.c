#include "handler/store/ids.h"

#include <stdlib.h>
#include <string.h>

bool ids_init(struct ids *ids, size_t most, struct arena *arena)
{
    ids->list = arena_array(arena, most, sizeof *ids->list);
    ids->count = 0;
    return ids->list != NULL;
}

void ids_add(struct ids *ids, const char *id, size_t index)
{
    ids->list[ids->count++] = (struct ids_entry){id, index};
}

static int compare(const void *x, const void *y)
{
    const struct ids_entry *a = x, *b = y;
    int order = strcmp(a->id, b->id);
    return order ? order : (a->index > b->index) - (a->index < b->index);
}

void ids_sort(struct ids *ids)
{
    qsort(ids->list, ids->count, sizeof *ids->list, compare);
}

size_t ids_find(const struct ids *ids, const char *id)
{
    size_t low = 0, high = ids->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (strcmp(ids->list[middle].id, id) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == ids->count || strcmp(ids->list[low].id, id) != 0)
        return IDS_NONE;
    return ids->list[low].index;
}
