/*
 * crowd: the addresses that make many writers wait. Many clients behind one address (NAT) share one
 * lock; without a limit their requests could occupy all workers. In a crowd, a request that finds
 * the lock free is still stored; only waiting is refused. Refusals count like waits, so the crowd
 * lasts while its requests keep coming.
 *
 * The waits of all workers of a machine are counted in the file <records_dir>/.waits. It holds no
 * records, is used only while a lock is contended, and may be removed at any time.
 */
#ifndef HANDLER_STORE_CROWD_H
#define HANDLER_STORE_CROWD_H

#include "handler/shared/ip.h"

#include <stdbool.h>
#include <stdint.h>

enum {
    CROWD_WAIT_MS = 100,    /* a wait longer than this is counted */
    CROWD_WAITS = 16,       /* this many of them ... */
    CROWD_PERIOD_MS = 1000, /* ... within this time make a crowd */
    CROWD_ADDRESSES = 256   /* counted at a time; one that is crowded out starts again */
};

/* True if there were CROWD_WAITS waits for this address in the CROWD_PERIOD_MS before `now`
 * (clock_monotonic()). False if the file cannot be used. */
bool crowd_is_full(const char *records_dir, const struct ip *ip, int64_t now);

/* Counts a wait that has ended at `now`. Keeps errno. */
void crowd_add_wait(const char *records_dir, const struct ip *ip, int64_t now);

/* Counts a request that is refused at `now`. True if the log shall say so: at most once in
 * CROWD_PERIOD_MS for an address. Keeps errno. */
bool crowd_add_refusal(const char *records_dir, const struct ip *ip, int64_t now);

#endif
