/*
 * hostsfile: what the operator says of hosts; see rollcall-hosts(5).
 *
 *     address|prefix/len|hostname-glob [name=N] [every=5m] [label=L]... [ephemeral] [retired]
 *         [quiet_until=2026-12-01T06:00:00Z] # comment
 *
 * Per attribute the most specific line counts: an address, a hostname without wildcard, the glob
 * with the most literal characters, the longest prefix; of equals the later line. Labels add up.
 * Only addresses and hostnames without wildcard say that a host exists.
 *
 * The file is read again when it changes. A bad line is skipped and logged. Without a configured
 * file, every look-up finds nothing.
 */
#ifndef HANDLER_READ_HOSTSFILE_H
#define HANDLER_READ_HOSTSFILE_H

#include "handler/shared/ip.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/stat.h>

enum { HOSTSFILE_LABELS_MAX = 16, HOSTSFILE_LINE_MAX = 4096 };

enum hostsfile_kind { HOSTS_PREFIX, HOSTS_GLOB, HOSTS_NAME, HOSTS_ADDRESS }; /* by rank */

/* What lines say: of one line, or of all lines that match a host. Strings belong to the file. */
struct host_attributes {
    const char *name;    /* NULL: none */
    int64_t every_ms;    /* 0: none */
    int64_t quiet_until; /* milliseconds since the epoch; 0: none */
    bool ephemeral, retired;
    size_t label_count;
    const char *labels[HOSTSFILE_LABELS_MAX];
};

struct hosts_line {
    enum hostsfile_kind kind;
    unsigned number; /* from 1 */
    size_t rank;     /* within the kind: literal characters, or bits */
    struct ip ip;
    struct ip_prefix prefix;
    const char *pattern; /* hostname or glob */
    struct host_attributes says;
};

struct hostsfile {
    const char *path; /* borrowed; NULL: not configured */
    char *text;
    struct hosts_line *lines; /* in the order of the file */
    size_t count, room;
    /* Indexes of lines: sorted by address or hostname; prefixes and globs as they come. */
    size_t *by_address, *by_name, *others;
    size_t address_count, name_count, other_count;
    bool complained;
    struct stat loaded;
};

/* Reports a bad line: its number and what would be right. */
typedef void hostsfile_report(void *context, unsigned line, const char *reason);

void hostsfile_init(struct hostsfile *h, const char *path);
void hostsfile_release(struct hostsfile *h);

/* Reads the file again when it is another one or has changed. False: it is configured and cannot
 * be read; the lines are then gone. `report` may be NULL: bad lines are logged. */
bool hostsfile_refresh(struct hostsfile *h, hostsfile_report *report, void *context);

/* What all matching lines say of the host at `ip` (NULL: unknown) with `hostname` ("": none). */
void hostsfile_look_up(const struct hostsfile *h, const struct ip *ip, const char *hostname,
                       struct host_attributes *out);

#endif
