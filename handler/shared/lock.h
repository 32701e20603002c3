/*
 * lock: the exclusive flock(2) with a time limit.
 *
 * All functions return false with errno: EWOULDBLOCK if another process still holds the lock.
 * Closing the file releases the lock. `deadline` is in clock_monotonic(); if it is in the past, one
 * try is made.
 */
#ifndef HANDLER_SHARED_LOCK_H
#define HANDLER_SHARED_LOCK_H

#include <stdbool.h>
#include <stdint.h>

/* Takes the lock if it is free. */
bool lock_try(int fd);

/*
 * Waits in flock(2), where waiters are served in order. A timer signal (SIGALRM) ends the wait; its
 * handler, the timer and the signal mask are restored. For processes with one thread.
 */
bool lock_wait(int fd, int64_t deadline);

/*
 * Tries again and again with short pauses: for NFS, whose blocking flock(2) polls with pauses of
 * seconds, and for processes that use SIGALRM or threads.
 */
bool lock_poll(int fd, int64_t deadline);

#endif
