/*
 * alarms: what is wrong with the fleet at one time, from states, flags and the rules of a policy.
 *
 *     if (alarms_collect(&alarms, &hosts, &scan, &rules)) ... alarms.list, sorted ...
 *     alarms_release(&alarms);
 *
 * The same files give the same list, however often and by whom it is made. It points into `hosts`
 * and the policy.
 */
#ifndef HANDLER_WATCH_ALARMS_H
#define HANDLER_WATCH_ALARMS_H

#include "handler/read/hosts.h"
#include "handler/shared/arena.h"
#include "handler/watch/rules.h"

enum alarm_kind {
    ALARM_DEAF,   /* no host has reported for 2 of its intervals */
    ALARM_SILENT, /* absent or never */
    ALARM_CLONE,
    ALARM_NEW,  /* its first record is less than a day old */
    ALARM_RULE, /* the host breaks a rule of the policy */
    ALARM_KINDS
};

struct alarm {
    enum alarm_kind kind;
    const char *rule;    /* ALARM_RULE: its name; else "" */
    const char *subject; /* the host: address, "address/machine_id" or hostname; "" of ALARM_DEAF */
    const char *severity;
    int64_t since; /* -1: the files do not tell */
    const struct host *host;
    bool quiet; /* not to be told now; but it is not over */
};

/* A host of the list by its subject. */
struct alarm_host {
    const char *subject;
    const struct host *host;
};

struct alarms {
    struct arena arena;
    struct alarm *list;
    size_t count, room;
    struct alarm_host *hosts; /* by subject */
    size_t host_count;
    size_t fleet;      /* hosts that are not hidden */
    bool any_record;   /* some host has one */
    int64_t newest_ms; /* of all records; 0: none */
    int64_t now_ms;
    bool rules_unknown; /* the policy cannot be read: what was broken stays so */
};

/* False with errno: memory is out, or a directory cannot be read. */
bool alarms_collect(struct alarms *a, const struct hosts *hosts, const struct hosts_scan *scan,
                    struct rules *rules);

void alarms_release(struct alarms *a);

/* By kind, rule and subject. */
int alarms_compare(const struct alarm *a, const struct alarm *b);

/* NULL: there is none. */
const struct alarm *alarms_find(const struct alarms *a, enum alarm_kind kind, const char *rule,
                                const char *subject);

/* The host with that subject, or NULL. */
const struct host *alarms_host(const struct alarms *a, const char *subject);

/* True while the hosts file mutes the host. */
bool alarms_muted(const struct alarms *a, const struct host *host);

#endif
