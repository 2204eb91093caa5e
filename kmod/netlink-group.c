// SPDX-License-Identifier: GPL-2.0
/*
 * group-get: the buckets grouped by what they have in common.
 */

#include <linux/err.h>
#include <linux/minmax.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/sock.h>

#include "compat/genetlink.h"
#include "filter.h"
#include "groupscan.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "verdict.h"

/**
 * struct group_dump - a dump of groups between two reads
 * @scan: what the walk counted
 * @limit: so many groups are told of
 * @rest: the sum of the others
 * @next: the next message: 0 is the first, then come the groups, @rest, and
 *	those that found no group
 */
struct group_dump {
	struct twscope_groupscan	*scan;
	unsigned int			limit;
	struct twscope_group		rest;
	unsigned int			next;
};

/**
 * struct group_ctx - what netlink keeps for us between .start, reads and .done
 * @caps: what the sender of the request may see
 * @dump: the dump, NULL before the first read
 */
struct group_ctx {
	struct twscope_nl_caps	caps;
	struct group_dump	*dump;
};

static struct group_ctx *group_ctx(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct group_ctx) > sizeof(cb->ctx));

	return (struct group_ctx *)cb->ctx;
}

int twscope_nl_group_get_start(struct netlink_callback *cb)
{
	twscope_netlink_caps(cb, &group_ctx(cb)->caps);
	return 0;
}

static u8 bits_or(struct nlattr *attr, u8 bits)
{
	return attr ? nla_get_u32(attr) : bits;
}

static int parse_by(struct netlink_callback *cb, struct nlattr **attrs,
		    struct twscope_group_by *by)
{
	struct nlattr *keys = attrs[TWSCOPE_A_GROUP_KEYS];

	if (!keys || !nla_get_u32(keys)) {
		NL_SET_ERR_MSG_ATTR(cb->extack, keys,
				    "by what to group: needs one key at least (keys)");
		return -EINVAL;
	}

	*by = (struct twscope_group_by) {
		.keys		= nla_get_u32(keys),
		.local_len	= bits_or(attrs[TWSCOPE_A_GROUP_LOCAL_PREFIX_LEN_IPV6], 128),
		.local_len4	= bits_or(attrs[TWSCOPE_A_GROUP_LOCAL_PREFIX_LEN_IPV4], 32),
		.remote_len	= bits_or(attrs[TWSCOPE_A_GROUP_REMOTE_PREFIX_LEN_IPV6], 128),
		.remote_len4	= bits_or(attrs[TWSCOPE_A_GROUP_REMOTE_PREFIX_LEN_IPV4], 32),
		.count_ports	= nla_get_flag(attrs[TWSCOPE_A_GROUP_COUNT_PORTS]),
	};
	if (!(by->keys & TWSCOPE_GROUP_KEY_MARK) || group_ctx(cb)->caps.net)
		return 0;

	NL_SET_ERR_MSG_ATTR(cb->extack, keys,
			    "mark: needs CAP_NET_ADMIN over the network namespace");
	return -EPERM;
}

static struct twscope_groupscan *take_scan(struct netlink_callback *cb,
					   struct nlattr **attrs,
					   struct twscope_filter *filter)
{
	struct nlattr *policy = attrs[TWSCOPE_A_GROUP_POLICY];
	struct nlattr *order = attrs[TWSCOPE_A_GROUP_SORT];
	struct net *net = sock_net(cb->skb->sk);
	struct twscope_group_by by;
	struct twscope_whatif whatif;
	int err = 0;

	if (nla_get_flag(attrs[TWSCOPE_A_GROUP_ALL_NETNS])) {
		net = NULL;
		err = twscope_netlink_all_netns(&group_ctx(cb)->caps, cb->extack);
	}
	if (!err)
		err = parse_by(cb, attrs, &by);
	if (!err)
		err = twscope_netlink_filter(cb->nlh, TWSCOPE_A_GROUP_FILTER,
					     filter, &group_ctx(cb)->caps,
					     cb->extack);
	if (!err && policy)
		err = twscope_netlink_whatif(policy, &whatif, cb->extack);
	if (err)
		return ERR_PTR(err);

	return twscope_groupscan_take(net, &by, order ? nla_get_u32(order) :
					   TWSCOPE_GROUP_SORT_COUNT,
				      filter, policy ? &whatif : NULL);
}

static void sum_rest(struct group_dump *dump)
{
	const struct twscope_groupscan *scan = dump->scan;
	unsigned int i;

	for (i = dump->limit; i < scan->groups->n; i++)
		twscope_group_sum(&dump->rest, scan->sorted[i]);
}

static int group_dump_begin(struct netlink_callback *cb)
{
	struct nlattr **attrs = twscope_compat_dump_attrs(cb);
	struct nlattr *limit = attrs[TWSCOPE_A_GROUP_LIMIT];
	struct twscope_groupscan *scan = ERR_PTR(-ENOMEM);
	struct twscope_filter *filter;
	struct group_dump *dump;

	dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	if (dump && filter)
		scan = take_scan(cb, attrs, filter);
	kfree(filter);
	if (IS_ERR(scan)) {
		kfree(dump);
		return PTR_ERR(scan);
	}

	dump->scan = scan;
	dump->limit = scan->groups->n;
	if (limit && nla_get_u32(limit))
		dump->limit = min(dump->limit, nla_get_u32(limit));
	sum_rest(dump);
	group_ctx(cb)->dump = dump;
	return 0;
}

static int put_address(struct sk_buff *skb, int attrtype,
		       const struct in6_addr *addr)
{
	if (ipv6_addr_v4mapped(addr))
		return nla_put_in_addr(skb, attrtype, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, attrtype, addr);
}

static int put_key(struct sk_buff *skb, u32 keys,
		   const struct twscope_group_keys *k)
{
	if ((keys & TWSCOPE_GROUP_KEY_NETNS &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_NETNS, k->netns)) ||
	    (keys & TWSCOPE_GROUP_KEY_FAMILY &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_FAMILY, k->family)) ||
	    (keys & TWSCOPE_GROUP_KEY_LOCAL &&
	     put_address(skb, TWSCOPE_A_GROUP_LOCAL, &k->local)) ||
	    (keys & TWSCOPE_GROUP_KEY_LOCAL_PORT &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_LOCAL_PORT, k->local_port)) ||
	    (keys & TWSCOPE_GROUP_KEY_REMOTE &&
	     put_address(skb, TWSCOPE_A_GROUP_REMOTE, &k->remote)) ||
	    (keys & TWSCOPE_GROUP_KEY_REMOTE_PORT &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_REMOTE_PORT, k->remote_port)) ||
	    (keys & TWSCOPE_GROUP_KEY_IFINDEX &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_IFINDEX, k->ifindex)) ||
	    (keys & TWSCOPE_GROUP_KEY_MARK &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_MARK, k->mark)) ||
	    (keys & TWSCOPE_GROUP_KEY_SUBSTATE &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_SUBSTATE, k->substate)) ||
	    (keys & TWSCOPE_GROUP_KEY_VERDICT &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_VERDICT, k->verdict)))
		return -EMSGSIZE;
	return 0;
}

static int put_full(struct sk_buff *skb, const struct twscope_groups *gs,
		    const struct twscope_group *g)
{
	if (twscope_groups_have_full(gs) &&
	    (nla_put_u32(skb, TWSCOPE_A_GROUP_IN_USE, g->in_use) ||
	     nla_put_u32(skb, TWSCOPE_A_GROUP_IN_USE_SEARCHED,
			 g->in_use_searched)))
		return -EMSGSIZE;
	return 0;
}

static int put_counts(struct sk_buff *skb, const struct twscope_groupscan *scan,
		      const struct twscope_group *g)
{
	if (nla_put_u32(skb, TWSCOPE_A_GROUP_COUNT, g->count) ||
	    nla_put(skb, TWSCOPE_A_GROUP_VERDICTS, sizeof(g->verdicts),
		    g->verdicts) ||
	    (scan->has_whatif &&
	     nla_put(skb, TWSCOPE_A_GROUP_WHATIF_VERDICTS, sizeof(g->whatif),
		     g->whatif)) ||
	    nla_put(skb, TWSCOPE_A_GROUP_CLOSES_HIST, sizeof(g->closes),
		    g->closes) ||
	    (g->count &&
	     (nla_put_u32(skb, TWSCOPE_A_GROUP_EARLIEST_MS, g->earliest_ms) ||
	      nla_put_u32(skb, TWSCOPE_A_GROUP_LATEST_MS, g->latest_ms))) ||
	    put_full(skb, scan->groups, g) ||
	    (g->ports &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_LOCAL_PORTS, g->n_ports)) ||
	    (g->has_blocked &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_BIND_BLOCKED_PORTS,
			 g->blocked_ports)))
		return -EMSGSIZE;
	return 0;
}

static int put_totals(struct sk_buff *skb, const struct twscope_groupscan *scan)
{
	if (nla_put_u32(skb, TWSCOPE_A_GROUP_TOTAL, scan->total) ||
	    (twscope_groups_have_full(scan->groups) &&
	     nla_put_u32(skb, TWSCOPE_A_GROUP_TOTAL_IN_USE,
			 scan->total_in_use)) ||
	    nla_put_u32(skb, TWSCOPE_A_GROUP_GROUPS, scan->groups->n) ||
	    nla_put_u32(skb, TWSCOPE_A_GROUP_WALK_US, scan->walk_us))
		return -EMSGSIZE;
	return 0;
}

static int put_rest(struct sk_buff *skb, const struct group_dump *dump)
{
	if (nla_put_flag(skb, TWSCOPE_A_GROUP_REST) ||
	    nla_put_u32(skb, TWSCOPE_A_GROUP_GROUPS,
			dump->scan->groups->n - dump->limit) ||
	    put_counts(skb, dump->scan, &dump->rest))
		return -EMSGSIZE;
	return 0;
}

static bool is_empty(const struct twscope_group *g)
{
	return !g->count && !g->in_use;
}

static int put_message(struct sk_buff *skb, const struct group_dump *dump)
{
	const struct twscope_groupscan *scan = dump->scan;
	const struct twscope_groups *gs = scan->groups;
	unsigned int i = dump->next - 1;

	if (!dump->next)
		return put_totals(skb, scan);
	if (i < dump->limit)
		return put_key(skb, gs->by.keys, &scan->sorted[i]->key) ?:
		       put_counts(skb, scan, scan->sorted[i]);
	if (i == dump->limit)
		return put_rest(skb, dump);
	return nla_put_flag(skb, TWSCOPE_A_GROUP_OTHER) ?:
	       put_counts(skb, scan, &gs->other);
}

/* Sums of nothing are not told of. */
static bool has_message(const struct group_dump *dump)
{
	unsigned int i = dump->next - 1;

	if (!dump->next || i < dump->limit)
		return true;
	if (i == dump->limit)
		return dump->limit < dump->scan->groups->n;
	return !is_empty(&dump->scan->groups->other);
}

static int fill_message(struct sk_buff *skb, struct netlink_callback *cb,
			const struct group_dump *dump)
{
	void *hdr;

	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_GROUP_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (put_message(skb, dump)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int twscope_nl_group_get_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct group_dump *dump;
	int err;

	if (!group_ctx(cb)->dump) {
		err = group_dump_begin(cb);
		if (err)
			return err;
	}
	dump = group_ctx(cb)->dump;

	for (; dump->next <= dump->limit + 2; dump->next++) {
		if (has_message(dump) && fill_message(skb, cb, dump))
			return skb->len ?: -EMSGSIZE;
	}
	return skb->len;
}

int twscope_nl_group_get_done(struct netlink_callback *cb)
{
	struct group_dump *dump = group_ctx(cb)->dump;

	if (dump)
		twscope_groupscan_free(dump->scan);
	kfree(dump);
	return 0;
}
