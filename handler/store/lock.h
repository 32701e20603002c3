/*
 * lock: flock(2) with a time-out. Tries without blocking and pauses between, since a blocking
 * flock knows no time-out, and on NFS polls with growing pauses of its own.
 */
#ifndef HANDLER_STORE_LOCK_H
#define HANDLER_STORE_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/*
 * Takes the exclusive lock on `fd`, until `deadline` (clock_monotonic()). False with errno:
 * EWOULDBLOCK when somebody else still holds it then. Closing the file gives it back.
 */
bool lock_wait(int fd, int64_t deadline);

#endif
