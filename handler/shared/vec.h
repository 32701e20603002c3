/*
 * vec: grows an array. The owner keeps the pointer, the number of elements and the room:
 *
 *     struct token *list = vec_grow(t->list, t->count, &t->room, sizeof *list);
 *     if (!list)
 *         return false;
 *     t->list = list;
 *     t->list[t->count++] = token;
 */
#ifndef HANDLER_SHARED_VEC_H
#define HANDLER_SHARED_VEC_H

#include <stddef.h>

/*
 * Returns `list` with room for at least one element after the first `count`, and updates `*room`.
 * NULL with ENOMEM if that is impossible: `list` is then unchanged and still the caller's. The
 * caller frees the array with free(3).
 */
void *vec_grow(void *list, size_t count, size_t *room, size_t size);

#endif
