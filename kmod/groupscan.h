/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_GROUPSCAN_H
#define TWSCOPE_GROUPSCAN_H

#include <linux/types.h>

#include "group.h"

struct net;
struct twscope_filter;
struct twscope_whatif;

/**
 * struct twscope_groupscan - what one walk counted, by group
 * @has_whatif:	buckets were judged by other sysctls as well
 * @timewait_len_ms: how long this kernel's TIME_WAIT lasts
 * @walk_us:	microseconds that it took
 * @total:	buckets
 * @total_in_use: full sockets
 * @groups:	by what they were grouped, and those that found no group
 * @sorted:	the groups, in the order asked for
 */
struct twscope_groupscan {
	bool				has_whatif;
	u32				timewait_len_ms;
	u32				walk_us;
	u32				total;
	u32				total_in_use;
	struct twscope_groups		*groups;
	const struct twscope_group	**sorted;
};

/* groupscan.c */
struct twscope_groupscan *
twscope_groupscan_take(struct net *net, const struct twscope_group_by *by,
		       u8 order, const struct twscope_filter *filter,
		       const struct twscope_whatif *whatif);
void twscope_groupscan_free(struct twscope_groupscan *scan);

#endif /* TWSCOPE_GROUPSCAN_H */
