/*
 * fuzz: what the fuzz targets share. A broken promise ends the run with the input that broke it.
 */
#ifndef ROLLCALL_FUZZ_H
#define ROLLCALL_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define CHECK(condition)                                                                           \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fprintf(stderr, "%s:%d: does not hold: %s\n", __FILE__, __LINE__, #condition);         \
            abort();                                                                               \
        }                                                                                          \
    } while (0)

/* A copy in a block of its own, with a NUL behind it, so that ASan sees a read beyond. */
static inline char *fuzz_copy(const void *bytes, size_t len)
{
    char *copy = malloc(len + 1);
    CHECK(copy);
    if (len > 0)
        memcpy(copy, bytes, len);
    copy[len] = '\0';
    return copy;
}

#endif
