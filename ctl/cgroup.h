/* SPDX-License-Identifier: GPL-2.0 */
/* Whose a process is, by the names that managers give their cgroups. */
#ifndef TWCTL_CGROUP_H
#define TWCTL_CGROUP_H

#include <stdbool.h>
#include <stddef.h>

/* In the order in which they matter where the hierarchies of v1 disagree. */
enum cgroup_kind {
	CGROUP_NONE, CGROUP_UNIT, CGROUP_NSPAWN, CGROUP_LXC, CGROUP_CONTAINER,
	CGROUP_CRIO, CGROUP_CONTAINERD, CGROUP_PODMAN, CGROUP_DOCKER, CGROUP_POD,
	N_CGROUP_KINDS,
};

/* Longer than a name of a cgroup can be. */
#define CGROUP_NAME 256

struct cgroup_owner {
	enum cgroup_kind kind;
	/* a container's 64 digits, a pod's uid with its dashes, or a name */
	char id[CGROUP_NAME];
};

/*
 * Reads what /proc/PID/cgroup of either version says. False, with CGROUP_NONE,
 * where it names nobody that is known here. Bytes are copied as they come.
 */
bool cgroup_parse(const char *text, size_t len, struct cgroup_owner *owner);

/* "docker"; "" of CGROUP_NONE */
const char *cgroup_kind_name(enum cgroup_kind kind);

/*
 * A name that is short enough for a column: docker:3f2a9c81d0e4,
 * pod:8f6a1b2c-1d2e, lxc:web, foo.service. Returns @buf.
 */
char *cgroup_name(char *buf, size_t size, const struct cgroup_owner *owner);

#endif /* TWCTL_CGROUP_H */
