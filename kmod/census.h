/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_CENSUS_H
#define TWSCOPE_CENSUS_H

#include <linux/types.h>

#include "netns.h"
#include "summary.h"
#include "verdict.h"

struct net;
struct twscope_filter;

/**
 * struct twscope_netns_summary - what a walk counted in one namespace
 * @id:		our number of the namespace
 * @netns:	its inode number
 * @gone:	it ended during the walk, the counts mean nothing
 * @owns_ehash:	it has an established hash of its own
 * @ehash_entries: chains of the established hash that it uses
 * @kernel_count_before: the kernel's own count before the walk
 * @kernel_count: the same after it
 * @blocked_ports: ports of the range that connect() passes by
 * @sysctls:	read before the walk
 * @counts:	what the walk counted
 * @verdicts:	how it was judged
 */
struct twscope_netns_summary {
	u64			id;
	u32			netns;
	bool			gone;
	bool			owns_ehash;
	u32			ehash_entries;
	u32			kernel_count_before;
	u32			kernel_count;
	unsigned int		blocked_ports;
	struct twscope_sysctls	sysctls;
	struct twscope_summary	counts;
	struct twscope_verdicts	verdicts;
};

/**
 * struct twscope_census - what one walk counted, by namespace
 * @has_whatif:	buckets were judged by other sysctls as well
 * @walk_us:	microseconds from the first count of the kernel to the last
 * @n:		namespaces
 * @ns:		each of them, @ns[].id ascending
 */
struct twscope_census {
	bool				has_whatif;
	u32				walk_us;
	unsigned int			n;
	struct twscope_netns_summary	ns[];
};

/* census.c */
struct twscope_census *twscope_census_take(struct net *net,
					   const struct twscope_filter *filter,
					   const struct twscope_whatif *whatif);
void twscope_census_free(struct twscope_census *census);

#endif /* TWSCOPE_CENSUS_H */
