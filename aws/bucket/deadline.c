#include "aws/bucket/deadline.h"

#include <unistd.h>

static volatile sig_atomic_t over;

static void on_alarm(int number)
{
    (void)number;
    over = 1;
}

const volatile sig_atomic_t *deadline_flag(void)
{
    return &over;
}

void deadline_start(unsigned seconds)
{
    struct sigaction action = {.sa_handler = on_alarm}; /* no SA_RESTART: it must interrupt calls */
    sigemptyset(&action.sa_mask);
    over = 0;
    sigaction(SIGALRM, &action, NULL);
    alarm(seconds);
}

void deadline_end(void)
{
    alarm(0);
}
