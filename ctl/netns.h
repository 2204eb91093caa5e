/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWCTL_NETNS_H
#define TWCTL_NETNS_H

#include <stddef.h>
#include <stdint.h>

/*
 * Enters the network namespace that @what names: one of "ip netns", a path, or
 * a process. Returns 0, or -1 with the reason in @err.
 */
int netns_enter(const char *what, char *err, size_t size);

/* Which inode number goes by which name. */
struct netns_names;

/* NULL where nothing is known, which the calls below take as no name. */
struct netns_names *netns_names_load(void);
void netns_names_free(struct netns_names *names);
/* The name of a namespace, or NULL. */
const char *netns_name(const struct netns_names *names, uint32_t inode);

#endif /* TWCTL_NETNS_H */
