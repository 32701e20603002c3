/*
 * kept: the files that a worker keeps open from one request to the next, by address, of one
 * directory (days.h).
 *
 * Opening and closing the two files of an address costs a small record more than writing it. So a
 * worker keeps those it wrote to last:
 *
 *     kept_take(&k, ip->file, days->opened, &files)    they are the caller's now
 *     ...                                              lock, look both names up
 *     kept_put(&k, ip->file, &files)                   unlocked, for the next request
 *
 * What is not put back is the caller's to close. Another directory closes all: no record is ever
 * appended to a past day, and a clean-up's space comes back.
 */
#ifndef HANDLER_STORE_KEPT_H
#define HANDLER_STORE_KEPT_H

#include "handler/shared/ip.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct kept_file {
    int fd;
    dev_t dev;
    ino_t ino;
};

struct kept_files {
    struct kept_file json, csv;
};

struct kept {
    struct kept_slot *slots;
    size_t room, count; /* the first `count` are in use */
    uint64_t turn;      /* counts kept_put() */
    unsigned opened;    /* the directory */
};

/* Keeps nothing. */
void kept_init(struct kept *k);

/*
 * Room for the files of KEPT_MOST addresses, or of fewer: at most half of the descriptors that
 * this process may have (RLIMIT_NOFILE). Without memory none are kept.
 */
void kept_start(struct kept *k);

enum { KEPT_MOST = 128 };

/* Closes all; more may be kept afterwards. */
void kept_close(struct kept *k);

/* Closes all that is not of this directory (days.h: opened). */
void kept_in(struct kept *k, unsigned opened);

/* Closes all, for good. */
void kept_release(struct kept *k);

/* The files of an address (`ip`: struct ip's file) there; false when they are not kept. */
bool kept_take(struct kept *k, const char *ip, unsigned opened, struct kept_files *out);

/* Takes them over. Where there is no room, those used longest ago are closed. */
void kept_put(struct kept *k, const char *ip, const struct kept_files *files);

#endif
