/*
 * snapshot: one stored record, taken apart to be compared and searched: facts, processes, users and
 * listening sockets.
 */
#ifndef HANDLER_READ_SNAPSHOT_H
#define HANDLER_READ_SNAPSHOT_H

#include "handler/read/facts.h"
#include "handler/read/procs.h"

/* A user who is logged in. What is not known is empty. */
struct snapshot_user {
    struct text name, tty, host, started;
};

/* A socket that accepts connections or datagrams; `port` and `uid` are digits, or empty. */
struct snapshot_socket {
    struct text proto, addr, port, uid;
};

struct snapshot {
    int64_t received_ms;
    struct facts facts;
    struct procs procs;
    struct snapshot_user *users; /* in the order of the record */
    size_t user_count, user_room;
    bool listening_known; /* the record has the member `listening`, an array */
    struct snapshot_socket *sockets;
    size_t socket_count, socket_room;
    struct buf text; /* of users and sockets */
};

void snapshot_init(struct snapshot *s);
void snapshot_release(struct snapshot *s);

/*
 * Reads the current line of `t`. Everything in `s` is valid until the next call. False: the line is
 * not ours, the file changed under the reader, or memory is out.
 */
bool snapshot_read(struct snapshot *s, struct tail *t);

/* Appends them as JSON objects: {"name","tty","host","started"}, {"proto","addr","port","uid"}. */
void snapshot_put_user(const struct snapshot_user *user, struct buf *out);
void snapshot_put_socket(const struct snapshot_socket *socket, struct buf *out);

#endif
