/*
 * container: the container that a process runs in, from the text of its /proc/PID/cgroup
 * (cgroups(7)). Pure.
 */
#ifndef AGENT_PROC_CONTAINER_H
#define AGENT_PROC_CONTAINER_H

#include <stdbool.h>
#include <stddef.h>

enum { CONTAINER_ID_MAX = 64 };

/*
 * The id that the runtime put into a control group's name: the last run of exactly 64 hex digits
 * (Docker, containerd, CRI-O, Podman), or ECS's 32 hex digits, '-' and digits, or the name behind
 * "lxc.payload.". False (and "") for a process outside of containers.
 */
bool container_id(const char *text, size_t len, char out[CONTAINER_ID_MAX + 1]);

#endif
