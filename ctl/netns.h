/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_NETNS_H
#define TWCTL_NETNS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "cgroup.h"

/*
 * Enters the network namespace that @what names: one of "ip netns", a path, or
 * a process. Returns 0, or -1 with the reason in @err.
 */
int netns_enter(const char *what, char *err, size_t size);
/* Where we were before, which is where commands are typed; 0 if we never left it. */
uint32_t netns_came_from(void);

/* where "ip netns" keeps them */
#define NETNS_DIR "/run/netns"

enum netns_kind { NETNS_INITIAL, NETNS_NAMED, NETNS_CGROUP, NETNS_PROCESS };

/* What a namespace is called, and by whom; harmless to a terminal. */
struct netns_label {
	uint32_t inode;
	enum netns_kind kind;
	/* of NETNS_CGROUP: whose that is */
	struct cgroup_owner owner;
	/* the process with the lowest number; 0 where none was looked for or seen */
	uint32_t pid;
	char name[CGROUP_NAME + 32];
};

/* Which inode number goes by which name. */
struct netns_names;

/* Where they are looked for. */
struct netns_places {
	const char *proc;
	const char *netns;
	/* its containers/ID/config.v2.json have the names that people gave */
	const char *docker;
};

/*
 * Whose names are wanted, beside what "ip netns" named and the initial one: a
 * look at each process of a machine takes 10 us or 20. For our own it is spared
 * where that has a name already.
 */
enum netns_wanted { NETNS_CHEAP, NETNS_OWN, NETNS_ALL };

/* NULL where nothing is known: the calls below take that as no name. */
struct netns_names *netns_names_load(enum netns_wanted wanted);
struct netns_names *netns_names_load_from(const struct netns_places *places,
					  enum netns_wanted wanted);
/*
 * Looks for them again. @names is where it was, but what netns_find() and netns_name()
 * gave before is gone. Without memory all is as before.
 */
void netns_names_reload(struct netns_names *names, enum netns_wanted wanted);
void netns_names_free(struct netns_names *names);
/* Of a namespace, or NULL. */
const struct netns_label *netns_find(const struct netns_names *names,
				     uint32_t inode);
const char *netns_name(const struct netns_names *names, uint32_t inode);
/* "initial", "named", "docker", ..., "process" */
const char *netns_kind_name(const struct netns_label *label);

/* False as well where it cannot be told, as in a container. */
bool netns_is_initial(const struct netns_names *names, uint32_t inode);
/* Whether we are in it. */
bool netns_is_own(const struct netns_names *names, uint32_t inode);

#endif /* TWCTL_NETNS_H */
