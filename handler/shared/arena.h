/*
 * arena: memory that lives exactly as long as one request.
 *
 * arena_alloc() returns zeroed, aligned memory. Nothing is freed singly: arena_reset() frees
 * everything at once and keeps the first block, so that a worker's memory stays flat however many
 * requests it answers. NULL with ENOMEM if `max` bytes are in use or memory runs out.
 */
#ifndef HANDLER_SHARED_ARENA_H
#define HANDLER_SHARED_ARENA_H

#include <stddef.h>

struct arena_block;

struct arena {
    struct arena_block *blocks; /* newest first */
    size_t used;                /* bytes handed out since the last reset */
    size_t max;
};

void arena_init(struct arena *a, size_t max);
void *arena_alloc(struct arena *a, size_t size);

/* Like arena_alloc() for `count` elements of `size` bytes, without overflow. */
void *arena_array(struct arena *a, size_t count, size_t size);

void arena_reset(struct arena *a);
void arena_release(struct arena *a);

#endif
