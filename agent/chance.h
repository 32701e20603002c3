/*
 * chance: random numbers, to spread a fleet in time. Not for secrets.
 */
#ifndef AGENT_CHANCE_H
#define AGENT_CHANCE_H

#include <stdint.h>

/* From the kernel: getrandom(2), or /dev/urandom where it is older (3.17); at worst from the clock.
 */
uint64_t chance(void);

#endif
