/*
 * host: what the machine says of itself, apart from its processes and users.
 */
#ifndef AGENT_HOST_HOST_H
#define AGENT_HOST_HOST_H

#include <stdbool.h>
#include <stdint.h>

struct buf;

enum { HOST_TEXT = 254, HOST_ID = 65 }; /* a host name has at most 253 bytes */

/* Texts are "" when they are not known, numbers 0. */
struct host {
    char hostname[HOST_TEXT];
    char machine_id[HOST_ID]; /* machine-id(5): 32 hex digits */
    char boot_id[HOST_ID];
    char instance_id[HOST_ID]; /* EC2's, "i-0123…", as DMI has it: no network is asked */
    char uuid[HOST_ID];
    char processor[HOST_TEXT];
    char arch[HOST_TEXT];
    char os_name[HOST_TEXT]; /* uname's system: Linux */
    char os_ver[HOST_TEXT];  /* kernel release */
    char os_id[HOST_TEXT], os_version_id[HOST_TEXT], os_pretty_name[HOST_TEXT];
    unsigned cores;
    uint64_t memory_bytes;
    int64_t boot_ms; /* since the epoch, from btime, which is in whole seconds */
    int64_t uptime_ms;
};

/*
 * Reads all below `root`. `own_root` says that this is the running system's "/", where uname(2)
 * knows name and release. `uuid` is the configured one; NULL: the machine-id as a UUID.
 */
void host_read(int root, bool own_root, const char *uuid, struct host *h);

/* Adds the members, each followed by a comma. Unknown ones are left out. */
void host_write(const struct host *h, struct buf *out);

/* A machine-id (32 lower-case hex digits) as a UUID, 8-4-4-4-12; false when it is none. */
bool host_uuid(const char *machine_id, char out[HOST_ID]);

/* "i-" and lower-case hex digits. */
bool host_is_instance(const char *text);

#endif
