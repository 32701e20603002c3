/*
 * sockdiag: the listening sockets of the agent's own network namespace, asked from the kernel by
 * state (sock_diag(7)): connections cost nothing.
 */
#ifndef AGENT_PROC_SOCKDIAG_H
#define AGENT_PROC_SOCKDIAG_H

#include <stdbool.h>
#include <stdint.h>

struct listeners;

/* A netlink socket; -1 with errno if the kernel has none or forbids it. The caller closes it. */
int sockdiag_open(void);

/*
 * Adds the sockets of one protocol. False with errno: the kernel does not answer such requests
 * (ENOENT, EOPNOTSUPP and others), time is up (ETIMEDOUT), or listeners_add() failed.
 */
bool sockdiag_read(int netlink, bool udp, bool v6, int64_t until, struct listeners *to);

#endif
