#include "agent/host/host.h"

#include "agent/host/cpuinfo.h"
#include "agent/host/osrelease.h"
#include "agent/proc/procfs.h"

#include "handler/shared/buf.h"
#include "handler/shared/clock.h"
#include "handler/shared/json/write.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/utsname.h>
#include <unistd.h>

enum {
    CPUINFO_FIRST = 1024, /* enough for "model name" of the first CPU, without a second CPU */
    CPUINFO_MAX = 1 << 20,
    SMALL_FILE = 64 << 10,
    PROC_STAT_MAX = 4 << 20, /* the line of interrupts is long on large machines */
    MACHINE_ID_LEN = 32,
    BOOT_DIFFERENCE_MAX = 60000, /* ms */
};

#define SECONDS_MAX 253402300799 /* the end of the year 9999 */

static const char hex_digits[] = "0123456789abcdef";

bool host_uuid(const char *machine_id, char out[HOST_ID])
{
    if (strlen(machine_id) != MACHINE_ID_LEN || machine_id[strspn(machine_id, hex_digits)] ||
        !machine_id[strspn(machine_id, "0")])
        return false;
    snprintf(out, HOST_ID, "%.8s-%.4s-%.4s-%.4s-%.12s", machine_id, machine_id + 8, machine_id + 12,
             machine_id + 16, machine_id + 20);
    return true;
}

bool host_is_instance(const char *text)
{
    return strncmp(text, "i-", 2) == 0 && text[2] && !text[2 + strspn(text + 2, hex_digits)];
}

int64_t host_boot(int64_t btime, int64_t now, int64_t uptime)
{
    int64_t boot = now - uptime;
    return btime && llabs(btime - boot) <= BOOT_DIFFERENCE_MAX ? btime : boot - boot % 1000;
}

/* hostname(5): the first line that is not a comment. */
static bool host_read_name(int root, char out[HOST_TEXT])
{
    struct buf b;
    struct text line, rest;
    buf_init(&b, SMALL_FILE);
    bool found = false;
    tree_read(root, "etc/hostname", &b);
    for (rest = (struct text){b.data, b.len}; !found && text_line(&rest, &line);) {
        line = text_trim(line, " \t\r");
        found = line.len > 0 && line.len < HOST_TEXT && line.ptr[0] != '#' &&
                !memchr(line.ptr, '\0', line.len);
    }
    if (found)
        snprintf(out, HOST_TEXT, "%.*s", (int)line.len, line.ptr);
    buf_release(&b);
    return found;
}

/* Another tree's /proc/sys has the host name of this process, not of that machine. */
static void host_read_uname(int root, bool own_root, struct machine *m)
{
    struct utsname u;
    char text[HOST_TEXT];
    if (uname(&u) == 0) {
        snprintf(m->hostname, sizeof m->hostname, "%s", u.nodename);
        snprintf(m->os_name, sizeof m->os_name, "%s", u.sysname);
        snprintf(m->os_ver, sizeof m->os_ver, "%s", u.release);
        snprintf(m->arch, sizeof m->arch, "%s", u.machine);
    }
    if (own_root)
        return;
    if (!host_read_name(root, m->hostname) &&
        tree_line(root, "proc/sys/kernel/hostname", text, sizeof text))
        memcpy(m->hostname, text, sizeof text);
    if (tree_line(root, "proc/sys/kernel/ostype", text, sizeof text))
        memcpy(m->os_name, text, sizeof text);
    if (tree_line(root, "proc/sys/kernel/osrelease", text, sizeof text))
        memcpy(m->os_ver, text, sizeof text);
}

static void host_read_ids(int root, const char *uuid, struct machine *m)
{
    char derived[HOST_ID];
    tree_line(root, "etc/machine-id", m->machine_id, sizeof m->machine_id);
    if (!host_uuid(m->machine_id, derived)) {
        tree_line(root, "var/lib/dbus/machine-id", m->machine_id, sizeof m->machine_id);
        if (!host_uuid(m->machine_id, derived)) /* "uninitialized", for example */
            m->machine_id[0] = derived[0] = '\0';
    }
    snprintf(m->uuid, sizeof m->uuid, "%s", uuid ? uuid : derived);
    tree_line(root, "proc/sys/kernel/random/boot_id", m->boot_id, sizeof m->boot_id);
    tree_line(root, "sys/class/dmi/id/board_asset_tag", m->instance_id, sizeof m->instance_id);
    if (!host_is_instance(m->instance_id))
        m->instance_id[0] = '\0';
}

static void host_read_os_release(int root, struct machine *m)
{
    struct buf b;
    buf_init(&b, SMALL_FILE);
    if (!tree_read(root, "etc/os-release", &b))
        tree_read(root, "usr/lib/os-release", &b);
    struct text text = {b.data, b.len};
    osrelease_get(text, "ID", m->os_id, sizeof m->os_id);
    osrelease_get(text, "VERSION_ID", m->os_version_id, sizeof m->os_version_id);
    osrelease_get(text, "PRETTY_NAME", m->os_pretty_name, sizeof m->os_pretty_name);
    buf_release(&b);
}

/*
 * On x86 the first CPU has the processor's name. Reading all of them is expensive: the kernel
 * measures each CPU's clock.
 */
static void host_read_processor(int root, struct machine *m)
{
    struct buf b;
    buf_init(&b, CPUINFO_FIRST);
    tree_read(root, "proc/cpuinfo", &b);
    if (!cpuinfo_model((struct text){b.data, b.len}, m->processor, sizeof m->processor)) {
        buf_reset(&b);
        b.max = CPUINFO_MAX;
        tree_read(root, "proc/cpuinfo", &b);
        cpuinfo_name((struct text){b.data, b.len}, m->processor, sizeof m->processor);
    }
    buf_release(&b);
    if (!m->processor[0])
        tree_line(root, "proc/device-tree/model", m->processor, sizeof m->processor);
    if (!m->processor[0])
        memcpy(m->processor, m->arch, sizeof m->processor);
}

/* The list of online CPUs is long on a large machine without hyper-threading: "0,2,4,6". */
static void host_read_cores(int root, struct machine *m)
{
    struct buf b;
    buf_init(&b, SMALL_FILE);
    if (tree_read(root, "sys/devices/system/cpu/online", &b))
        m->cores = cpuinfo_list(text_trim((struct text){b.data, b.len}, " \n"));
    if (m->cores == 0) {
        buf_reset(&b);
        b.max = CPUINFO_MAX;
        tree_read(root, "proc/cpuinfo", &b);
        m->cores = cpuinfo_count((struct text){b.data, b.len});
    }
    buf_release(&b);
}

static uint64_t host_read_memory(int root)
{
    struct buf b;
    uint64_t kib = 0;
    buf_init(&b, SMALL_FILE);
    tree_read(root, "proc/meminfo", &b);
    if (!proc_number_field((struct text){b.data, b.len}, "MemTotal", &kib, 1) ||
        kib > UINT64_MAX / 1024)
        kib = 0;
    buf_release(&b);
    return kib * 1024;
}

static int64_t host_read_btime(int root)
{
    struct buf b;
    struct text value;
    uint64_t seconds = 0;
    buf_init(&b, PROC_STAT_MAX);
    tree_read(root, "proc/stat", &b);
    if (!proc_field((struct text){b.data, b.len}, "btime", ' ', &value) ||
        !text_number(value, &seconds) || seconds > SECONDS_MAX)
        seconds = 0;
    buf_release(&b);
    return (int64_t)seconds * 1000;
}

/* "12345.67 …": seconds with hundredths, read without the locale of strtod(3). */
static int64_t host_read_uptime(int root)
{
    char line[64];
    uint64_t seconds;
    if (!tree_line(root, "proc/uptime", line, sizeof line))
        return 0;
    size_t n = text_digits(text_of(line), &seconds);
    if (n == 0 || seconds > SECONDS_MAX)
        return 0;
    int64_t ms = (int64_t)seconds * 1000;
    const char *at = line + n;
    if (at[0] == '.' && text_is_digit(at[1]))
        ms += (at[1] - '0') * 100;
    if (at[0] == '.' && text_is_digit(at[1]) && text_is_digit(at[2]))
        ms += (at[2] - '0') * 10;
    return ms;
}

/*
 * lxcfs replaces /proc/uptime and /proc/stat by those of the container, but a process's start
 * counts from the boot of the machine. So the own root asks the kernel.
 */
static void host_read_times(int root, bool own_root, struct machine *m)
{
    m->boot_ms = host_read_btime(root);
    m->uptime_ms = host_read_uptime(root);
    if (own_root) {
        int64_t now = clock_now();
        m->uptime_ms = now - clock_boot();
        m->boot_ms = host_boot(m->boot_ms, now, m->uptime_ms);
    }
}

void host_read(int root, bool own_root, const char *uuid, struct machine *m)
{
    *m = (struct machine){0};
    host_read_uname(root, own_root, m);
    host_read_ids(root, uuid, m);
    host_read_os_release(root, m);
    host_read_processor(root, m);
    host_read_cores(root, m);
    m->memory_bytes = host_read_memory(root);
    host_read_times(root, own_root, m);
}

static void host_put_text(struct buf *out, const char *name, const char *value)
{
    if (!value[0])
        return;
    jsonw_name(out, name);
    jsonw_str(out, value);
    buf_putc(out, ',');
}

static void host_put_number(struct buf *out, const char *name, uint64_t value)
{
    if (value == 0)
        return;
    jsonw_name(out, name);
    buf_u64(out, value);
    buf_putc(out, ',');
}

void host_write(const struct machine *m, struct buf *out)
{
    char boot[CLOCK_TIME_LEN + 1] = "";
    if (m->boot_ms)
        clock_rfc3339(m->boot_ms, boot);
    host_put_text(out, "hostname", m->hostname);
    host_put_text(out, "machine_id", m->machine_id);
    host_put_text(out, "boot_id", m->boot_id);
    host_put_text(out, "instance_id", m->instance_id);
    host_put_text(out, "uuid", m->uuid);
    host_put_text(out, "processor", m->processor);
    host_put_number(out, "cores", m->cores);
    host_put_text(out, "arch", m->arch);
    host_put_number(out, "memory_bytes", m->memory_bytes);
    host_put_text(out, "boot_time", boot);
    host_put_text(out, "os_name", m->os_name);
    host_put_text(out, "os_ver", m->os_ver);
    host_put_text(out, "os_id", m->os_id);
    host_put_text(out, "os_version_id", m->os_version_id);
    host_put_text(out, "os_pretty_name", m->os_pretty_name);
}
