// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family. The table of operations, the policies and the
 * prototypes are generated from docs/netlink/specs/twscope.yaml; each operation
 * that needs more than a few lines has a file of its own.
 */

#include <linux/module.h>
#include <linux/utsname.h>
#include <generated/utsrelease.h>
#include <net/genetlink.h>

#include "compat/genetlink.h"
#include "compat/timewait.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "observe.h"
#include "settings.h"
#include "twsk.h"

#ifdef TWSCOPE_MCAST_FLAGS
/* The generated table has no flags, as not every kernel calls them the same. */
static const struct genl_multicast_group groups[] = {
	[TWSCOPE_NLGRP_EVENTS] = {
		.name	= TWSCOPE_MCGRP_EVENTS,
		.flags	= TWSCOPE_MCAST_FLAGS,
	},
};
#endif

struct genl_family twscope_nl_family __ro_after_init = {
	.name		= TWSCOPE_FAMILY_NAME,
	.version	= TWSCOPE_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
#ifdef TWSCOPE_MCAST_FLAGS
	.mcgrps		= groups,
	.n_mcgrps	= ARRAY_SIZE(groups),
#endif
};

/**
 * twscope_netlink_caps() - what may the sender of a request see
 * @cb: the dump
 * @caps: where to
 *
 * To be called in .start, which runs in the sender's sendmsg(). The first read
 * does not: with a full receive buffer it waits for whoever reads from the
 * socket, and that may be a setuid program whose stdin it is.
 *
 * Context: process.
 */
void twscope_netlink_caps(struct netlink_callback *cb,
			  struct twscope_nl_caps *caps)
{
	caps->host = netlink_capable(cb->skb, CAP_NET_ADMIN);
	caps->net = netlink_net_capable(cb->skb, CAP_NET_ADMIN);
}

/**
 * twscope_netlink_all_netns() - may a dump reach beyond the caller's namespace
 * @caps: what its sender may see
 * @extack: where a text goes that says what is missing
 *
 * Context: process; in the first read, as .start has no place for a text on an
 * old kernel.
 * Return: 0, or -EPERM with that text.
 */
int twscope_netlink_all_netns(const struct twscope_nl_caps *caps,
			      struct netlink_ext_ack *extack)
{
	if (caps->host)
		return 0;

	NL_SET_ERR_MSG(extack,
		       "all network namespaces: needs CAP_NET_ADMIN in the initial user namespace");
	return -EPERM;
}

/**
 * twscope_netlink_not_observing() - nothing is observed
 * @extack: where a text goes that says so
 *
 * Context: process.
 * Return: -ENODATA
 */
int twscope_netlink_not_observing(struct netlink_ext_ack *extack)
{
	NL_SET_ERR_MSG(extack, "not observing: the hooks are off");
	return -ENODATA;
}

/**
 * twscope_netlink_begin() - begin a message of a dump
 * @cb: the dump
 * @skb: where to
 * @cmd: the operation
 *
 * Context: process.
 * Return: the header, NULL when there is no room.
 */
void *twscope_netlink_begin(struct netlink_callback *cb, struct sk_buff *skb,
			    u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &twscope_nl_family, NLM_F_MULTI, cmd);
}

static int put_info(struct sk_buff *skb)
{
	if (nla_put_string(skb, TWSCOPE_A_INFO_VERSION, TWSCOPE_VERSION) ||
	    nla_put_string(skb, TWSCOPE_A_INFO_KERNEL, init_utsname()->release) ||
	    nla_put_string(skb, TWSCOPE_A_INFO_BUILT_FOR, UTS_RELEASE) ||
	    nla_put_u32(skb, TWSCOPE_A_INFO_FEATURES,
			twscope_compat_features()) ||
	    nla_put_u32(skb, TWSCOPE_A_INFO_TIMEWAIT_LEN_MS,
			twscope_twsk_timewait_len_ms()) ||
	    nla_put_u32(skb, TWSCOPE_A_INFO_BUCKET_BYTES,
			twscope_twsk_bytes()) ||
	    nla_put_u32(skb, TWSCOPE_A_INFO_HZ, HZ) ||
	    nla_put_u32(skb, TWSCOPE_A_INFO_RULES, twscope_settings_rules()) ||
	    (twscope_settings_rules_told() &&
	     nla_put_flag(skb, TWSCOPE_A_INFO_RULES_TOLD)) ||
	    (twscope_observe_is_on() &&
	     nla_put_flag(skb, TWSCOPE_A_INFO_OBSERVING)))
		return -EMSGSIZE;
	return 0;
}

int twscope_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;
	void *hdr;

	if (netlink_net_capable(skb, CAP_NET_ADMIN))
		twscope_netlink_notify_kick();

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg)
		return -ENOMEM;

	hdr = genlmsg_put_reply(msg, info, &twscope_nl_family, 0,
				TWSCOPE_CMD_INFO_GET);
	if (!hdr || put_info(msg)) {
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	return genlmsg_reply(msg, info);
}

/**
 * twscope_netlink_init() - open the netlink face
 *
 * Context: process.
 * Return: 0, or a negative errno of genl_register_family().
 */
int __init twscope_netlink_init(void)
{
	int err;

	err = twscope_compat_genl_register(&twscope_nl_family, twscope_nl_ops,
					   ARRAY_SIZE(twscope_nl_ops));
	if (!err)
		twscope_netlink_notify_kick();
	return err;
}

/**
 * twscope_netlink_exit() - close the netlink face
 *
 * A dump that is under way holds the module, so none is.
 *
 * Context: process.
 */
void twscope_netlink_exit(void)
{
	twscope_netlink_notify_exit();
	genl_unregister_family(&twscope_nl_family);
}
