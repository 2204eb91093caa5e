// SPDX-License-Identifier: GPL-2.0
// 6.7 and stable releases: a multicast group can ask for CAP_NET_ADMIN.
#include <net/genetlink.h>

int probe(void);
int probe(void)
{
	return GENL_MCAST_CAP_NET_ADMIN;
}
