/*
 * psnet: a process's TCP and UDP sockets, as psutil's Process.connections() has them:
 * pconn: fd family type laddr raddr status; an address is [ip, port], or [] without a port.
 */
#ifndef AGENT_PSUTIL_PSNET_H
#define AGENT_PSUTIL_PSNET_H

#include <stdbool.h>

struct buf;

/* Adds a JSON array, or null. `dir` is the open /proc/PID. */
void psnet_connections(int dir, struct buf *out);

/* The text of an address of /proc/net/tcp, "0100007F:0016"; false when it is none. For tests. */
bool psnet_address(const char *text, bool v6, struct buf *out);

#endif
