/*
 * hosts: every host of the fleet as it is at one time: state, flags, newest record.
 *
 *     if (hosts_scan(&hosts, &scan)) ... hosts.list, sorted by address ...
 *     hosts_release(&hosts);
 *
 * A host is an address, or, where several machines share one, each of them. Hosts that are only in
 * the hosts file are in the list with the state `never`.
 */
#ifndef HANDLER_READ_HOSTS_H
#define HANDLER_READ_HOSTS_H

#include "handler/read/files.h"
#include "handler/read/hostsfile.h"
#include "handler/read/memo.h"
#include "handler/read/states.h"

enum host_flag {
    FLAG_CLONE,      /* its machine_id is present at another address with another boot_id */
    FLAG_MULTIHOMED, /* the same boot of the same machine reports from another address */
    FLAG_CLOCK,      /* its clock is off by over a minute */
    FLAG_TRUNCATED,
    FLAG_UNREADABLE, /* its newest file could not be read to the end */
    FLAG_BEHIND,     /* its record was received long after it was collected */
    FLAG_SHARED,     /* several machines report from its address */
    FLAG_REGRESSED,  /* kernel or OS version lower than in one of the last records */
    FLAG_REBOOTED,   /* within the last records */
    FLAG_COUNT
};

struct host {
    struct ip ip;                /* text "": only the hostname is known (hosts file) */
    const struct report *report; /* NULL: no record */
    bool owned;                  /* the report is this list's, not the memo's */
    int64_t day_ms;              /* day of the file that the report is from */
    struct host_attributes says; /* of the hosts file */
    int64_t every_ms;
    enum host_state state;
    unsigned flags;              /* 1 << enum host_flag */
    const struct host *moved_to; /* STATE_MOVED: where the machine reports from now */
};

struct hosts {
    struct host *list; /* by address, hostname and machine_id; those without an address last */
    size_t count, room;
    bool complete;        /* false: `over` ended the scan */
    size_t looked_at, of; /* addresses */
    struct ip reached;    /* the last address looked at; text "": none */
    size_t unreadable;    /* files that could not be read to the end */
};

struct hosts_scan {
    int data;            /* <records_dir>/data; -1: there is none */
    int64_t now_ms;      /* the time that states are judged at */
    int64_t every_ms;    /* interval of hosts that the hosts file gives none */
    int64_t absent_days; /* how many days before today are looked at */
    const struct hostsfile *hosts_file;
    struct memo *memo; /* NULL: none */
    /* To continue an incomplete scan: the address to start after, or at. NULL: the first one. Then
     * hosts are compared with those of this scan only, and hostnames of the hosts file without a
     * record are left out. */
    const struct ip *from;
    bool from_too;
    bool (*over)(void *context); /* true: end the scan, after some addresses; NULL: never */
    void *context;
};

/* False when memory is out or a directory cannot be read (errno); then there is nothing to free. */
bool hosts_scan(struct hosts *out, const struct hosts_scan *scan);

void hosts_release(struct hosts *h);

/* The state that a host of the list had at another time, as far as its newest record tells. */
enum host_state hosts_state_at(const struct host *host, int64_t now_ms);

/* The hostname that it reported, else the one of the hosts file; "" when there is none. */
const char *hosts_name(const struct host *host);

/* "clone" ... */
const char *hosts_flag_name(enum host_flag flag);
enum host_flag hosts_flag_find(const char *name); /* FLAG_COUNT: there is none */

#endif
