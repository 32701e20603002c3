/*
 * listeners: a list of sockets that wait for peers: TCP in LISTEN, and unconnected UDP.
 */
#ifndef AGENT_PROC_LISTENERS_H
#define AGENT_PROC_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct buf;

enum {
    LISTENERS_MAX = 32768, /* a host with more reports none */
    LISTENER_LISTEN = 10,  /* the kernel's states of TCP in LISTEN */
    LISTENER_CLOSE = 7,    /* and of unconnected UDP */
};

struct listener {
    bool udp, v6;
    unsigned char addr[16]; /* network byte order; 4 bytes unless v6 */
    uint16_t port;
    uint32_t uid;
    uint64_t inode;
    size_t owner; /* place of its process in the list of processes, from 1; 0: unknown */
};

struct listeners {
    struct listener *list;
    size_t count, room;
};

/* False with errno: ENOMEM, or E2BIG if there are too many. */
bool listeners_add(struct listeners *l, const struct listener *new);

/* By inode, for listeners_find(). */
void listeners_order_by_inode(struct listeners *l);

/* The first of the list with this inode, or NULL. */
struct listener *listeners_find(const struct listeners *l, uint64_t inode);

/*
 * By protocol (tcp tcp6 udp udp6), port, address, uid and owner. Of those that are equal in all of
 * these (sockets with SO_REUSEPORT) one remains.
 */
void listeners_sort(struct listeners *l);

/* Appends `"proto":"tcp","addr":"0.0.0.0","port":22,"uid":0`. */
void listeners_write(const struct listener *l, struct buf *out);

void listeners_release(struct listeners *l);

#endif
