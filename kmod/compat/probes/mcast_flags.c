// SPDX-License-Identifier: GPL-2.0
// 5.10 and others: a multicast group can ask for a capability, by the flag of
// an operation.
#include <net/genetlink.h>

int probe(const struct genl_multicast_group *group);
int probe(const struct genl_multicast_group *group)
{
	return group->flags & GENL_UNS_ADMIN_PERM;
}
