/*
 * chance: random numbers, to spread a fleet in time. Not for secrets.
 */
#ifndef HANDLER_SHARED_RANDOM_H
#define HANDLER_SHARED_RANDOM_H

#include <stdint.h>

/* From the kernel: getrandom(2), or /dev/urandom where it is older (3.17); at worst from the clock.
 */
uint64_t chance(void);

#endif
