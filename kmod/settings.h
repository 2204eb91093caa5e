/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_SETTINGS_H
#define TWSCOPE_SETTINGS_H

#include <linux/types.h>

#include "netns.h"
#include "verdict.h"

struct net;
struct twscope_bucket;
struct twscope_filter;

/**
 * struct twscope_setting - what decides on the buckets of one namespace
 * @id:		our number of the namespace
 * @net:	to be compared only: nobody keeps it alive
 * @netns:	its inode number
 * @sysctls:	as they were
 * @policy:	what the kernel decides by
 * @whatif:	the same with the caller's sysctls, if there are any
 * @unsearched:	a bit for each port that the port search never comes to
 * @blocked:	a bit for each port that it passes by, for sockets under no L3 master
 *		device
 * @blocked_ports: how many of these it would come to else
 */
struct twscope_setting {
	u64			id;
	const struct net	*net;
	u32			netns;
	struct twscope_sysctls	sysctls;
	struct twscope_policy	policy;
	struct twscope_policy	whatif;
	unsigned long		*unsearched;
	unsigned long		*blocked;
	u32			blocked_ports;
};

/* Under so many L3 master devices bound ports are counted. */
#define TWSCOPE_MAX_L3MDEVS	64

/**
 * struct twscope_l3mdev - an L3 master device under which ports are bound
 * @net:	its namespace, to be compared only
 * @ifindex:	the device
 * @blocked:	ports that the port search of those under it passes by
 */
struct twscope_l3mdev {
	const struct net	*net;
	u32			ifindex;
	u32			blocked;
};

/**
 * struct twscope_settings - what decides, read once before a walk
 * @has_whatif:	the caller gave sysctls
 * @only:	the one namespace, which the caller keeps alive; NULL for all
 * @bitmaps:	their memory
 * @more_l3mdevs: there are more than found room
 * @n_l3mdevs:	L3 master devices under which ports are bound, of all namespaces
 * @l3mdevs:	these
 * @n:		namespaces
 * @ns:		each of them, @ns[].id ascending
 */
struct twscope_settings {
	bool			has_whatif;
	const struct net	*only;
	unsigned long		*bitmaps;
	bool			more_l3mdevs;
	unsigned int		n_l3mdevs;
	struct twscope_l3mdev	l3mdevs[TWSCOPE_MAX_L3MDEVS];
	unsigned int		n;
	struct twscope_setting	ns[];
};

/* settings.c */
int twscope_settings_init(void);
u8 twscope_settings_rules(void);
bool twscope_settings_rules_are_unsure(void);
bool twscope_settings_rules_told(void);
void twscope_settings_policy(const struct twscope_sysctls *s,
			     struct twscope_policy *p);
void twscope_settings_policy_now(const struct net *net,
				 struct twscope_policy *p);
struct twscope_settings *twscope_settings_take(struct net *net,
					       const struct twscope_whatif *w);
void twscope_settings_free(struct twscope_settings *set);
const struct twscope_setting *
twscope_settings_find(const struct twscope_settings *set, u64 id);
u8 twscope_settings_search(const struct twscope_settings *set,
			   const struct twscope_setting *s,
			   const struct twscope_bucket *b);
bool twscope_settings_blocked_under(const struct twscope_settings *set,
				    const struct twscope_setting *s, u32 l3mdev,
				    u32 *ports);
bool twscope_settings_match(const struct twscope_settings *set,
			    const struct twscope_setting *s,
			    const struct twscope_filter *f,
			    const struct twscope_bucket *b);

#endif /* TWSCOPE_SETTINGS_H */
