/* SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause) */
/* Do not edit directly, auto-generated from: */
/*	docs/netlink/specs/twscope.yaml */
/* YNL-GEN kernel header */

#ifndef _LINUX_TWSCOPE_GEN_H
#define _LINUX_TWSCOPE_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/twscope.h>

/* Common nested types */
extern const struct nla_policy twscope_clause_nl_policy[TWSCOPE_A_CLAUSE_TERM + 1];
extern const struct nla_policy twscope_policy_nl_policy[TWSCOPE_A_POLICY_TCP_TIMESTAMPS + 1];
extern const struct nla_policy twscope_syn_nl_policy[TWSCOPE_A_SYN_TSVAL + 1];
extern const struct nla_policy twscope_term_nl_policy[TWSCOPE_A_TERM_IFINDEX + 1];

/* Ops table for twscope */
extern const struct genl_split_ops twscope_nl_ops[11];

int twscope_nl_summary_get_start(struct netlink_callback *cb);
int twscope_nl_bucket_get_start(struct netlink_callback *cb);
int twscope_nl_stats_get_start(struct netlink_callback *cb);
int twscope_nl_event_get_start(struct netlink_callback *cb);
int twscope_nl_group_get_start(struct netlink_callback *cb);
int twscope_nl_summary_get_done(struct netlink_callback *cb);
int twscope_nl_bucket_get_done(struct netlink_callback *cb);
int twscope_nl_event_get_done(struct netlink_callback *cb);
int twscope_nl_group_get_done(struct netlink_callback *cb);

int twscope_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info);
int twscope_nl_summary_get_doit(struct sk_buff *skb, struct genl_info *info);
int twscope_nl_summary_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb);
int twscope_nl_bucket_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb);
int twscope_nl_port_get_doit(struct sk_buff *skb, struct genl_info *info);
int twscope_nl_observe_set_doit(struct sk_buff *skb, struct genl_info *info);
int twscope_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info);
int twscope_nl_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int twscope_nl_hook_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb);
int twscope_nl_event_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);
int twscope_nl_group_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb);

enum {
	TWSCOPE_NLGRP_EVENTS,
};

#endif /* _LINUX_TWSCOPE_GEN_H */
