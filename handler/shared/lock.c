#include "handler/shared/lock.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <signal.h>
#include <stddef.h>
#include <sys/file.h>
#include <sys/time.h>

/* Short pauses: with long ones a waiter finds a busy file locked again and again. */
enum { PAUSE_FIRST_US = 50, PAUSE_MAX_US = 1000 };

/* The timer repeats: a signal that comes just before flock(2) blocks must not be the only one. */
enum { TIMER_AGAIN_US = 10000 };

bool lock_try(int fd)
{
    while (flock(fd, LOCK_EX | LOCK_NB) != 0)
        if (errno != EINTR)
            return false;
    return true;
}

bool lock_poll(int fd, int64_t deadline)
{
    for (int64_t pause = PAUSE_FIRST_US; !lock_try(fd);) {
        if (errno != EWOULDBLOCK || clock_monotonic() >= deadline)
            return false;
        clock_sleep_us(pause);
        pause = pause * 2 < PAUSE_MAX_US ? pause * 2 : PAUSE_MAX_US;
    }
    return true;
}

static void lock_ignore(int signal)
{
    (void)signal; /* its arrival ends flock(2) with EINTR */
}

static bool lock_block(int fd, int64_t deadline)
{
    while (flock(fd, LOCK_EX) != 0) {
        if (errno != EINTR)
            return false;
        if (clock_monotonic() >= deadline) {
            errno = EWOULDBLOCK;
            return false;
        }
    }
    return true;
}

bool lock_wait(int fd, int64_t deadline)
{
    if (lock_try(fd))
        return true;
    int64_t left = deadline - clock_monotonic();
    if (errno != EWOULDBLOCK || left <= 0)
        return false;
    struct sigaction ours = {.sa_handler = lock_ignore}, theirs;
    struct itimerval timer = {.it_value = {left / 1000, left % 1000 * 1000},
                              .it_interval = {0, TIMER_AGAIN_US}},
                     their_timer;
    sigset_t alarm_only, mask;
    sigemptyset(&ours.sa_mask);
    sigemptyset(&alarm_only);
    sigaddset(&alarm_only, SIGALRM);
    sigaction(SIGALRM, &ours, &theirs);
    sigprocmask(SIG_UNBLOCK, &alarm_only, &mask);
    setitimer(ITIMER_REAL, &timer, &their_timer);
    bool ok = lock_block(fd, deadline);
    int error = errno;
    setitimer(ITIMER_REAL, &their_timer, NULL);
    sigprocmask(SIG_SETMASK, &mask, NULL);
    sigaction(SIGALRM, &theirs, NULL);
    errno = error;
    return ok;
}
