/* SPDX-License-Identifier: GPL-2.0 */
#ifndef TWSCOPE_COMPAT_GENETLINK_H
#define TWSCOPE_COMPAT_GENETLINK_H

#include <net/genetlink.h>

#include "compat/features.h"

#ifndef TWSCOPE_HAVE_GENL_SPLIT_OPS
/* As 6.2 has it, as far as the generated table uses it. */
struct genl_split_ops {
	union {
		int (*doit)(struct sk_buff *skb, struct genl_info *info);
		struct {
			int (*start)(struct netlink_callback *cb);
			int (*dumpit)(struct sk_buff *skb,
				      struct netlink_callback *cb);
			int (*done)(struct netlink_callback *cb);
		};
	};
	const struct nla_policy *policy;
	unsigned int maxattr;
	u8 cmd;
	u8 flags;
	u8 validate;
};
#endif

/* The attributes of a dump's request by type, parsed and validated. */
static inline struct nlattr **
twscope_compat_dump_attrs(struct netlink_callback *cb)
{
#ifdef TWSCOPE_HAVE_GENL_INFO_DUMP
	return genl_info_dump(cb)->attrs;
#else
	return genl_dumpit_info(cb)->attrs;
#endif
}

/*
 * What makes a multicast group ask for CAP_NET_ADMIN over its namespace. It asks
 * who joins: not those who joined the number before it was given to us, and stay.
 * So whoever sends has to ask again. Where either can't be, there must be no group:
 * anybody could listen.
 */
#ifdef TWSCOPE_HAVE_BROADCAST_FILTERED
# ifdef TWSCOPE_HAVE_MCAST_CAP
#  define TWSCOPE_MCAST_FLAGS	GENL_MCAST_CAP_NET_ADMIN
# elif defined(TWSCOPE_HAVE_MCAST_FLAGS)
#  define TWSCOPE_MCAST_FLAGS	GENL_UNS_ADMIN_PERM
# endif
#endif

/* genetlink.c */
int twscope_compat_genl_register(struct genl_family *family,
				 const struct genl_split_ops *ops,
				 unsigned int n_ops);

#endif /* TWSCOPE_COMPAT_GENETLINK_H */
