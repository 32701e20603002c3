#include "handler/shared/arena.h"

#include <errno.h>
#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum { FIRST_BLOCK = 64 * 1024 };

struct arena_block {
    struct arena_block *next;
    size_t size, used;
    alignas(max_align_t) char bytes[];
};

void arena_init(struct arena *a, size_t max)
{
    *a = (struct arena){.max = max};
}

static struct arena_block *block_new(size_t size)
{
    struct arena_block *block = malloc(sizeof *block + size);
    if (block) {
        block->next = NULL;
        block->size = size;
        block->used = 0;
    }
    return block;
}

/* What arena_alloc() returns if there is no room. */
static void *no_room(void)
{
    errno = ENOMEM;
    return NULL;
}

void *arena_alloc(struct arena *a, size_t size)
{
    const size_t align = alignof(max_align_t);
    if (size > SIZE_MAX - align || size > a->max)
        return no_room();
    size = (size + align - 1) & ~(align - 1);
    if (size > a->max - a->used)
        return no_room();
    struct arena_block *block = a->blocks;
    if (!block || block->size - block->used < size) {
        size_t want = block ? block->size * 2 : FIRST_BLOCK;
        if (want > a->max)
            want = a->max;
        block = block_new(want > size ? want : size);
        if (!block)
            return no_room();
        block->next = a->blocks;
        a->blocks = block;
    }
    void *at = block->bytes + block->used;
    block->used += size;
    a->used += size;
    return memset(at, 0, size);
}

void *arena_array(struct arena *a, size_t count, size_t size)
{
    if (size && count > SIZE_MAX / size)
        return no_room();
    return arena_alloc(a, count * size);
}

void arena_reset(struct arena *a)
{
    struct arena_block *block = a->blocks;
    while (block && (block->next || block->size > FIRST_BLOCK)) {
        struct arena_block *next = block->next;
        free(block);
        block = next;
    }
    if (block)
        block->used = 0;
    a->blocks = block;
    a->used = 0;
}

void arena_release(struct arena *a)
{
    arena_reset(a);
    free(a->blocks);
    a->blocks = NULL;
}
