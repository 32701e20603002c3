#include "handler/shared/vec.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

enum { FIRST_ROOM = 16 };

void *vec_grow(void *list, size_t count, size_t *room, size_t size)
{
    if (count < *room)
        return list;
    if (*room > SIZE_MAX / 2) {
        errno = ENOMEM;
        return NULL;
    }
    size_t more = *room ? *room * 2 : FIRST_ROOM;
    void *grown = reallocarray(list, more, size);
    if (grown)
        *room = more;
    return grown;
}
