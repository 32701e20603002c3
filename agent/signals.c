#include "agent/signals.h"

#include "handler/shared/clock.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

int64_t pace_next(struct pace *p, int64_t now)
{
    int64_t skipped = now >= p->due ? (now - p->due) / p->period : 0;
    p->due += (skipped + 1) * p->period;
    return skipped;
}

static void signals_fill(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
}

void signals_hold(void)
{
    sigset_t set;
    signals_fill(&set);
    sigprocmask(SIG_BLOCK, &set, NULL);
}

enum signals_event signals_wait(int64_t until)
{
    sigset_t set;
    signals_fill(&set);
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
    sigset_t pending;
    return sigpending(&pending) == 0 &&
           (sigismember(&pending, SIGTERM) == 1 || sigismember(&pending, SIGINT) == 1);
}
