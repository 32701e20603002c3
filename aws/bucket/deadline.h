/*
 * deadline: a time limit for all upstream calls of one request. When it expires, a flag is set for
 * callers to poll, and SIGALRM interrupts blocking system calls. Only one deadline can be active.
 */
#ifndef AWS_BUCKET_DEADLINE_H
#define AWS_BUCKET_DEADLINE_H

#include <signal.h>

/* The flag: not 0 after the deadline. */
const volatile sig_atomic_t *deadline_flag(void);

void deadline_start(unsigned seconds);
void deadline_end(void);

#endif
