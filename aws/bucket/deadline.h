/*
 * deadline: a span of time for all that one request asks of others. When it is over, a flag is set,
 * which whoever waits looks at; waits in the kernel end by the signal (SIGALRM). One at a time.
 */
#ifndef AWS_BUCKET_DEADLINE_H
#define AWS_BUCKET_DEADLINE_H

#include <signal.h>

/* The flag: not 0 once the time is over. */
const volatile sig_atomic_t *deadline_flag(void);

void deadline_start(unsigned seconds);
void deadline_end(void);

#endif
