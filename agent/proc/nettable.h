/*
 * nettable: the listening sockets from /proc/net/{tcp,tcp6,udp,udp6} (proc_net(5)), for kernels
 * without sockdiag.h. The tables have all connections too, so this may take long.
 */
#ifndef AGENT_PROC_NETTABLE_H
#define AGENT_PROC_NETTABLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct listener;
struct listeners;

/*
 * Adds the sockets of one table; `net` is its open directory. A host without IPv6 has no table of
 * it, which is no error. False with errno: it cannot be read, time is up (ETIMEDOUT), or
 * listeners_add() failed.
 */
bool nettable_read(int net, bool udp, bool v6, int64_t until, struct listeners *to);

/*
 * Reads a line, NUL-terminated, whose protocol is set in `out`. False if it is not a line of such a
 * table, or not of a listening socket. For tests.
 */
bool nettable_line(const char *line, struct listener *out);

#endif
