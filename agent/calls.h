/*
 * calls: takes from the agent the system calls that it never needs (seccomp(2)).
 *
 * The filter is a list of what is refused, not of what is allowed: name services and libcurl load
 * what the machine has. Refused, with ENOSYS, are: to execute a program, to accept connections, to
 * read, trace or change other processes, to change users, capabilities, namespaces, mounts,
 * modules, clocks or the machine, and io_uring, bpf and keys. Files are left as they are: under
 * Landlock even root cannot read the links of other processes.
 */
#ifndef AGENT_CALLS_H
#define AGENT_CALLS_H

#include <stdbool.h>

/* For the rest of the process's life, and for its children. False where the kernel cannot (Linux
 * before 3.5, some containers): nothing has changed then. */
bool calls_limit(void);

#endif
