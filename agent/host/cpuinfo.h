/*
 * cpuinfo: the processor's name from the text of /proc/cpuinfo, which every architecture writes
 * in its own way. Pure.
 */
#ifndef AGENT_HOST_CPUINFO_H
#define AGENT_HOST_CPUINFO_H

#include <stdbool.h>
#include <stddef.h>

/*
 * x86: "model name". arm64 has numbers only, which become the core's name ("ARM Neoverse-N1"),
 * several kinds of cores joined by " + ". Else what POWER, s390, RISC-V and boards say under
 * "cpu", "processor 0", "uarch", "Hardware", "Model". NUL-terminated, cut to `size` - 1
 * bytes; false (and "") when there is nothing of that.
 */
bool cpuinfo_name(const char *text, size_t len, char *out, size_t size);

/* How many CPUs the text counts: lines that start with "processor". */
unsigned cpuinfo_count(const char *text, size_t len);

/* How many CPUs a list as in /sys/devices/system/cpu/online names: "0-3,8" is 5; 0 when bad. */
unsigned cpuinfo_list(const char *list);

#endif
