/*
 * host: the machine itself, without its processes and users.
 */
#ifndef AGENT_HOST_HOST_H
#define AGENT_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum { HOST_TEXT = 254, HOST_ID = 65 }; /* a host name has at most 253 bytes */

/* Unknown texts are "", unknown numbers 0. */
struct machine {
    char hostname[HOST_TEXT];
    char machine_id[HOST_ID]; /* machine-id(5): 32 hex digits */
    char boot_id[HOST_ID];
    char instance_id[HOST_ID]; /* EC2's, "i-0123…", from DMI: no network request */
    char uuid[HOST_ID];
    char processor[HOST_TEXT];
    char arch[HOST_TEXT];
    char os_name[HOST_TEXT]; /* uname's system: Linux */
    char os_ver[HOST_TEXT];  /* kernel release */
    char os_id[HOST_TEXT], os_version_id[HOST_TEXT], os_pretty_name[HOST_TEXT];
    unsigned cores;
    uint64_t memory_bytes;
    int64_t boot_ms; /* since the epoch, in whole seconds */
    int64_t uptime_ms;
};

/*
 * Reads all of it below `root`. `own_root` says that this is the "/" of the running system: then
 * uname(2) and the system's clocks are right. `uuid` is the configured one, or NULL for the
 * machine-id as a UUID.
 */
void host_read(int root, bool own_root, const char *uuid, struct machine *m);

/* Appends the members, each followed by a comma. Unknown ones are left out. */
void host_write(const struct machine *m, struct buf *out);

/*
 * A machine-id as a UUID, 8-4-4-4-12. False if it is not 32 lower-case hex digits, or all of them
 * are zero.
 */
bool host_uuid(const char *machine_id, char out[HOST_ID]);

/* "i-" and lower-case hex digits. */
bool host_is_instance(const char *text);

/*
 * The time of the boot: `btime` of /proc/stat, or `now` less `uptime` (all ms) if the two are far
 * apart. In a container with lxcfs, /proc/stat has the start of the container, but processes start
 * in ticks since the boot of the machine. btime itself does not change from beat to beat.
 */
int64_t host_boot(int64_t btime, int64_t now, int64_t uptime);

#endif
