/*
 * lock: flock(2) with a time limit.
 *
 * It tries without blocking and pauses between the tries: a blocking flock(2) has no time limit,
 * and on NFS it polls with growing pauses of its own.
 */
#ifndef HANDLER_SHARED_LOCK_H
#define HANDLER_SHARED_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes the exclusive lock on `fd`. Gives up at `deadline` (clock_monotonic()); a deadline in the
 * past means one try. False with errno: EWOULDBLOCK if another process still holds the lock.
 * Closing the file releases the lock.
 */
bool lock_wait(int fd, int64_t deadline);

#endif
