/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The few things that verify does to the devices of its own namespaces. Each
 * returns 0 or a negative errno, and works in the namespace that the socket
 * was opened in.
 */
#ifndef TWCTL_VERIFY_RTNL_H
#define TWCTL_VERIFY_RTNL_H

#include "verify_plan.h"

/* A socket for the calls below. */
int verify_rtnl_open(void);
int verify_rtnl_up(int fd, unsigned int ifindex);
int verify_rtnl_address(int fd, unsigned int ifindex,
			const struct verify_address *a, unsigned int prefix_len);
/* A pair @name and @peer, the latter in the namespace that @netns is open on. */
int verify_rtnl_veth(int fd, const char *name, const char *peer, int netns);

#endif /* TWCTL_VERIFY_RTNL_H */
