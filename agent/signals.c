#include "agent/signals.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

static void fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void signals_hold(void)
{
    sigset_t set;
    fill(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

enum signals_event signals_wait(int64_t until)
{
    sigset_t set;
    fill(&set);
    for (;;) {
        int64_t left = until - clock_monotonic();
        if (left < 0)
            left = 0;
        struct timespec t = {.tv_sec = (time_t)(left / 1000), .tv_nsec = (left % 1000) * 1000000};
        int number = sigtimedwait(&set, NULL, &t);
        if (number > 0)
            return number == SIGHUP ? SIGNALS_RELOAD : SIGNALS_END;
        if (errno != EINTR)
            return SIGNALS_NONE;
    }
}

bool signals_ending(void)
{
    sigset_t waiting;
    return sigpending(&waiting) == 0 &&
           (sigismember(&waiting, SIGTERM) == 1 || sigismember(&waiting, SIGINT) == 1);
}
