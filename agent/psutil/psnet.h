/*
 * psnet: the TCP and UDP sockets of a process, as psutil's Process.connections() has them:
 * pconn: fd family type laddr raddr status. An address is [ip, port], or [] without a port.
 *
 * The kernel's tables have all sockets of a network namespace, and reading them is expensive. They
 * are read once for each namespace: call psnet_connections() for one process after the other, and
 * psnet_release() at the end. Initialise the struct with zeros.
 */
#ifndef AGENT_PSUTIL_PSNET_H
#define AGENT_PSUTIL_PSNET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;
struct psnet_space;

struct psnet {
    struct psnet_space *list; /* the namespaces that were seen */
    size_t count, room;
};

/* Appends a JSON array, or null. `dir` is the open /proc/PID. */
void psnet_connections(struct psnet *n, int dir, struct buf *out);

void psnet_release(struct psnet *n);

/*
 * Appends an address of /proc/net/tcp, "0100007F:0016", as JSON. False if it is not one. For
 * tests.
 */
bool psnet_address(const char *text, bool v6, struct buf *out);

#endif
