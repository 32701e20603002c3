/*
 * random: numbers that spread a fleet, or the tries of many processes, over time. Not for secrets.
 */
#ifndef HANDLER_SHARED_RANDOM_H
#define HANDLER_SHARED_RANDOM_H

#include <stdint.h>

/* 64 random bits of the kernel (getrandom(2), before Linux 3.17 /dev/urandom); if both fail, bits
 * of the clock. */
uint64_t random_bits(void);

/* A whole number from 0 to `most`, both included; 0 if `most` is not positive. */
int64_t random_up_to(int64_t most);

#endif
