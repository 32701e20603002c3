#include "agent/host/host.h"

#include "agent/host/cpuinfo.h"
#include "agent/host/osrelease.h"
#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    CPUINFO_FIRST = 1024, /* enough for the first CPU's "model name", without a second CPU */
    CPUINFO_MAX = 256 << 10,
    SMALL_FILE = 16 << 10,
    PROC_STAT_MAX = 4 << 20, /* the line of interrupts is long on large machines */
    MACHINE_ID_LEN = 32,
};

#define SECONDS_MAX 253402300799 /* the end of year 9999: no clock of ours is later */

static const char hex_digits[] = "0123456789abcdef";

bool host_uuid(const char *machine_id, char out[HOST_ID])
{
    if (strlen(machine_id) != MACHINE_ID_LEN || machine_id[strspn(machine_id, hex_digits)])
        return false;
    snprintf(out, HOST_ID, "%.8s-%.4s-%.4s-%.4s-%.12s", machine_id, machine_id + 8, machine_id + 12,
             machine_id + 16, machine_id + 20);
    return true;
}

bool host_is_instance(const char *text)
{
    return strncmp(text, "i-", 2) == 0 && text[2] && !text[2 + strspn(text + 2, hex_digits)];
}

static void read_uname(int root, bool own_root, struct host *h)
{
    struct utsname u;
    if (uname(&u) == 0) {
        snprintf(h->hostname, sizeof h->hostname, "%s", u.nodename);
        snprintf(h->os_name, sizeof h->os_name, "%s", u.sysname);
        snprintf(h->os_ver, sizeof h->os_ver, "%s", u.release);
        snprintf(h->arch, sizeof h->arch, "%s", u.machine);
    }
    if (own_root)
        return;
    char text[HOST_TEXT];
    if (tree_line(root, "proc/sys/kernel/hostname", text, sizeof text))
        memcpy(h->hostname, text, sizeof text);
    if (tree_line(root, "proc/sys/kernel/ostype", text, sizeof text))
        memcpy(h->os_name, text, sizeof text);
    if (tree_line(root, "proc/sys/kernel/osrelease", text, sizeof text))
        memcpy(h->os_ver, text, sizeof text);
}

static void read_ids(int root, const char *uuid, struct host *h)
{
    char derived[HOST_ID];
    tree_line(root, "etc/machine-id", h->machine_id, sizeof h->machine_id);
    if (!host_uuid(h->machine_id, derived)) {
        tree_line(root, "var/lib/dbus/machine-id", h->machine_id, sizeof h->machine_id);
        if (!host_uuid(h->machine_id, derived)) /* "uninitialized", say */
            h->machine_id[0] = derived[0] = '\0';
    }
    snprintf(h->uuid, sizeof h->uuid, "%s", uuid ? uuid : derived);
    tree_line(root, "proc/sys/kernel/random/boot_id", h->boot_id, sizeof h->boot_id);
    tree_line(root, "sys/class/dmi/id/board_asset_tag", h->instance_id, sizeof h->instance_id);
    if (!host_is_instance(h->instance_id))
        h->instance_id[0] = '\0';
}

static void read_os_release(int root, struct host *h)
{
    struct buf b;
    buf_init(&b, SMALL_FILE);
    if (!tree_read(root, "etc/os-release", &b))
        tree_read(root, "usr/lib/os-release", &b);
    if (b.len) {
        osrelease_get(b.data, b.len, "ID", h->os_id, sizeof h->os_id);
        osrelease_get(b.data, b.len, "VERSION_ID", h->os_version_id, sizeof h->os_version_id);
        osrelease_get(b.data, b.len, "PRETTY_NAME", h->os_pretty_name, sizeof h->os_pretty_name);
    }
    buf_release(&b);
}

/* On x86 the first CPU names the processor, and reading all of them is dear: it measures clocks. */
static void read_processor(int root, struct host *h)
{
    struct buf b;
    struct tree_field model;
    buf_init(&b, CPUINFO_FIRST);
    bool ok = tree_read(root, "proc/cpuinfo", &b) && b.len;
    if (ok && !tree_field(b.data, b.len, "model name", ':', &model)) {
        buf_reset(&b);
        b.max = CPUINFO_MAX;
        ok = tree_read(root, "proc/cpuinfo", &b) && b.len;
    }
    if (ok)
        cpuinfo_name(b.data, b.len, h->processor, sizeof h->processor);
    char online[HOST_TEXT];
    if (tree_line(root, "sys/devices/system/cpu/online", online, sizeof online))
        h->cores = cpuinfo_list(online);
    if (ok && h->cores == 0) {
        buf_reset(&b);
        b.max = CPUINFO_MAX;
        tree_read(root, "proc/cpuinfo", &b);
        h->cores = cpuinfo_count(b.data, b.len);
    }
    buf_release(&b);
    if (!h->processor[0])
        tree_line(root, "proc/device-tree/model", h->processor, sizeof h->processor);
    if (!h->processor[0])
        memcpy(h->processor, h->arch, sizeof h->processor);
}

/* The number that a line of `path` starts with behind "name"; 0 when there is none. */
static uint64_t read_number(int root, const char *path, const char *name, char separator,
                            size_t max)
{
    struct buf b;
    struct tree_field f;
    uint64_t n = 0;
    buf_init(&b, max);
    if (tree_read(root, path, &b) && b.len && tree_field(b.data, b.len, name, separator, &f))
        for (size_t i = 0; i < f.len && f.value[i] >= '0' && f.value[i] <= '9'; i++)
            if (n < UINT64_MAX / 16)
                n = n * 10 + (uint64_t)(f.value[i] - '0');
    buf_release(&b);
    return n;
}

/* "12345.67 …": seconds with hundredths, read without a float's locale. */
static int64_t read_uptime(int root)
{
    char text[64], *end;
    if (!tree_line(root, "proc/uptime", text, sizeof text) || *text < '0' || *text > '9')
        return 0;
    long long ms = strtoll(text, &end, 10);
    if (ms > SECONDS_MAX)
        return 0;
    ms *= 1000;
    if (end[0] == '.' && end[1] >= '0' && end[1] <= '9')
        ms += (end[1] - '0') * 100;
    if (end[0] == '.' && end[1] >= '0' && end[1] <= '9' && end[2] >= '0' && end[2] <= '9')
        ms += (end[2] - '0') * 10;
    return ms;
}

void host_read(int root, bool own_root, const char *uuid, struct host *h)
{
    *h = (struct host){0};
    read_uname(root, own_root, h);
    read_ids(root, uuid, h);
    read_os_release(root, h);
    read_processor(root, h);
    h->memory_bytes = read_number(root, "proc/meminfo", "MemTotal", ':', SMALL_FILE) * 1024;
    uint64_t btime = read_number(root, "proc/stat", "btime", ' ', PROC_STAT_MAX);
    h->boot_ms = btime > SECONDS_MAX ? 0 : (int64_t)btime * 1000;
    h->uptime_ms = read_uptime(root);
}

static void put_text(struct buf *out, const char *name, const char *value)
{
    if (!value[0])
        return;
    jsonw_name(out, name);
    jsonw_str(out, value);
    buf_putc(out, ',');
}

static void put_number(struct buf *out, const char *name, uint64_t value)
{
    if (value == 0)
        return;
    jsonw_name(out, name);
    buf_u64(out, value);
    buf_putc(out, ',');
}

void host_write(const struct host *h, struct buf *out)
{
    char boot[CLOCK_TIME_LEN + 1] = "";
    if (h->boot_ms)
        clock_rfc3339(h->boot_ms, boot);
    put_text(out, "hostname", h->hostname);
    put_text(out, "machine_id", h->machine_id);
    put_text(out, "boot_id", h->boot_id);
    put_text(out, "instance_id", h->instance_id);
    put_text(out, "uuid", h->uuid);
    put_text(out, "processor", h->processor);
    put_number(out, "cores", h->cores);
    put_text(out, "arch", h->arch);
    put_number(out, "memory_bytes", h->memory_bytes);
    put_text(out, "boot_time", boot);
    put_text(out, "os_name", h->os_name);
    put_text(out, "os_ver", h->os_ver);
    put_text(out, "os_id", h->os_id);
    put_text(out, "os_version_id", h->os_version_id);
    put_text(out, "os_pretty_name", h->os_pretty_name);
}
