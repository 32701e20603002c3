#include "handler/shared/lock.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <sys/file.h>

/* Short pauses: with long ones a waiter finds a busy file locked again and again. */
enum { PAUSE_FIRST_US = 50, PAUSE_MAX_US = 1000 };

bool lock_wait(int fd, int64_t deadline)
{
    int64_t pause = PAUSE_FIRST_US;
    while (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        if (errno == EINTR)
            continue;
        if (errno != EWOULDBLOCK || clock_monotonic() >= deadline)
            return false;
        clock_sleep_us(pause);
        pause = pause * 2 < PAUSE_MAX_US ? pause * 2 : PAUSE_MAX_US;
    }
    return true;
}
