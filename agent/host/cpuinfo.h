/*
 * cpuinfo: the processor's name from the text of /proc/cpuinfo, which every architecture writes
 * in its own way. Pure.
 */
#ifndef AGENT_HOST_CPUINFO_H
#define AGENT_HOST_CPUINFO_H

#include "handler/shared/text.h"

#include <stdbool.h>
#include <stddef.h>

/*
 * "model name", which x86 and LoongArch have. False, with "" in `out`, if there is none, or only
 * the generic one of 32-bit ARM. The first CPU is enough for this.
 */
bool cpuinfo_model(struct text text, char *out, size_t size);

/*
 * As cpuinfo_model(), or from the whole text: on ARM the name of the core ("ARM Neoverse-N1"),
 * several kinds of cores joined by " + "; on s390 the machine ("IBM z15 8561"); else the value of
 * "cpu model", "cpu", "uarch", "Hardware" or "Model". The name is NUL-terminated and cut to
 * `size` - 1 bytes.
 */
bool cpuinfo_name(struct text text, char *out, size_t size);

/* The number of CPUs: of the lines that start with "processor". */
unsigned cpuinfo_count(struct text text);

/* The number of CPUs in a list as in /sys/devices/system/cpu/online: "0-3,8" is 5. 0 if invalid. */
unsigned cpuinfo_list(struct text list);

#endif
