/*
 * container: the container that a process runs in, from the text of its /proc/PID/cgroup
 * (cgroups(7)). Pure.
 */
#ifndef AGENT_PROC_CONTAINER_H
#define AGENT_PROC_CONTAINER_H

#include "handler/shared/text.h"

#include <stdbool.h>

enum { CONTAINER_ID_MAX = 64 };

/*
 * The id that the runtime put into the name of a control group: the last run of exactly 64 hex
 * digits (Docker, containerd, CRI-O, Podman), or the 32 hex digits, '-' and digits of ECS, or the
 * name after "lxc.payload.". False, with "" in `out`, for a process outside of containers: conmon,
 * which watches a container, is outside.
 */
bool container_id(struct text text, char out[CONTAINER_ID_MAX + 1]);

#endif
