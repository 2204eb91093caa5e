// SPDX-License-Identifier: GPL-2.0
/*
 * port-get: the local port range as a connect() would find it.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/ipv6.h>
#include <net/l3mdev.h>

#include "compat/genetlink.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "portscan.h"
#include "verdict.h"

#define CELLS	64

static int parse_address(struct nlattr *attr, struct in6_addr *addr,
			 struct netlink_ext_ack *extack)
{
	switch (nla_len(attr)) {
	case sizeof(struct in_addr):
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), addr);
		return 0;
	case sizeof(struct in6_addr):
		*addr = nla_get_in6_addr(attr);
		return 0;
	}

	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "an address has 4 bytes (IPv4) or 16 (IPv6)");
	return -EINVAL;
}

static int parse_addresses(struct nlattr **attrs, struct twscope_route *r,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *local = attrs[TWSCOPE_A_PORT_LOCAL];
	struct nlattr *remote = attrs[TWSCOPE_A_PORT_REMOTE];
	int err;

	if (!local || !remote) {
		NL_SET_ERR_MSG(extack,
			       "needs a source (local) and a destination (remote) address");
		return -EINVAL;
	}

	err = parse_address(local, &r->local, extack);
	if (!err)
		err = parse_address(remote, &r->remote, extack);
	if (err)
		return err;

	r->ipv4 = ipv6_addr_v4mapped(&r->remote);
	if (r->ipv4 == ipv6_addr_v4mapped(&r->local))
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, remote,
			    "source and destination must be of one family, IPv4 or IPv6");
	return -EINVAL;
}

static int parse_remote_port(struct nlattr *attr, struct twscope_route *r,
			     struct netlink_ext_ack *extack)
{
	u32 port = attr ? nla_get_u32(attr) : 0;

	r->remote_port = htons(port);
	if (port && port <= U16_MAX)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "needs a destination port (remote-port), from 1 to 65535");
	return attr ? -ERANGE : -EINVAL;
}

static int parse_device(struct nlattr *attr, struct net *net,
			struct twscope_route *r, struct netlink_ext_ack *extack)
{
	struct net_device *dev;

	if (!attr)
		return 0;

	rcu_read_lock();
	dev = dev_get_by_index_rcu(net, nla_get_u32(attr));
	if (dev) {
		r->dif = dev->ifindex;
		r->sdif = l3mdev_master_ifindex_rcu(dev);
	}
	rcu_read_unlock();
	if (dev)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, attr, "no device of this ifindex");
	return -ENODEV;
}

static int parse_route(struct genl_info *info, struct twscope_route *r)
{
	struct nlattr **attrs = info->attrs;
	int err;

	*r = (struct twscope_route) {};
	err = parse_addresses(attrs, r, info->extack);
	if (!err)
		err = parse_remote_port(attrs[TWSCOPE_A_PORT_REMOTE_PORT], r,
					info->extack);
	if (!err)
		err = parse_device(attrs[TWSCOPE_A_PORT_IFINDEX],
				   genl_info_net(info), r, info->extack);
	return err;
}

static int parse_cells(struct nlattr *attr, unsigned int *cells,
		       struct netlink_ext_ack *extack)
{
	*cells = attr ? nla_get_u32(attr) : CELLS;
	if (*cells && *cells <= TWSCOPE_MAX_CELLS)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, attr, "cells are from 1 to 256");
	return -ERANGE;
}

static int put_scan(struct sk_buff *skb, const struct twscope_portscan *scan)
{
	const struct twscope_port_counts *c = &scan->counts;
	const u32 *state = c->state;

	if (nla_put_u32(skb, TWSCOPE_A_PORT_RANGE_MIN, scan->low) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_RANGE_MAX, scan->high) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_FREE,
			state[TWSCOPE_PORT_STATE_FREE]) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_REUSABLE,
			state[TWSCOPE_PORT_STATE_REUSABLE]) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_WAITING,
			state[TWSCOPE_PORT_STATE_WAITING]) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_IN_USE,
			state[TWSCOPE_PORT_STATE_IN_USE]) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_BIND_BLOCKED,
			state[TWSCOPE_PORT_STATE_BIND_BLOCKED]) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_RESERVED,
			state[TWSCOPE_PORT_STATE_RESERVED]) ||
	    nla_put(skb, TWSCOPE_A_PORT_WAITING_VERDICTS, sizeof(c->waiting),
		    c->waiting) ||
	    nla_put(skb, TWSCOPE_A_PORT_WAITING_NEXT_MS, sizeof(scan->next_ms),
		    scan->next_ms) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_BIND_BLOCKED_IN_USE,
			c->blocked_in_use) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_BIND_BLOCKED_WAITING,
			c->blocked_waiting) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_CELLS, c->cells) ||
	    nla_put(skb, TWSCOPE_A_PORT_MAP, c->cells * sizeof(c->map[0]),
		    c->map) ||
	    nla_put_u32(skb, TWSCOPE_A_PORT_WALK_US, scan->walk_us))
		return -EMSGSIZE;
	return 0;
}

static int reply(struct genl_info *info, const struct twscope_portscan *scan)
{
	struct sk_buff *msg;
	void *hdr;

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE + sizeof(scan->counts.map),
			  GFP_KERNEL);
	if (!msg)
		return -ENOMEM;

	hdr = genlmsg_put_reply(msg, info, &twscope_nl_family, 0,
				TWSCOPE_CMD_PORT_GET);
	if (!hdr || put_scan(msg, scan)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

int twscope_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *policy = info->attrs[TWSCOPE_A_PORT_POLICY];
	struct twscope_portscan *scan;
	struct twscope_whatif whatif;
	struct twscope_route route;
	unsigned int cells;
	int err;

	err = parse_route(info, &route);
	if (!err)
		err = parse_cells(info->attrs[TWSCOPE_A_PORT_CELLS], &cells,
				  info->extack);
	if (!err && policy)
		err = twscope_netlink_whatif(policy, &whatif, info->extack);
	if (err)
		return err;

	scan = twscope_portscan_take(genl_info_net(info), &route,
				     policy ? &whatif : NULL, cells);
	if (IS_ERR(scan))
		return PTR_ERR(scan);

	err = reply(info, scan);
	twscope_portscan_free(scan);
	return err;
}
