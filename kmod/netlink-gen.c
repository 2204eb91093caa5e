// SPDX-License-Identifier: ((GPL-2.0 WITH Linux-syscall-note) OR BSD-3-Clause)
/* Do not edit directly, auto-generated from: */
/*	docs/netlink/specs/twscope.yaml */
/* YNL-GEN kernel source */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "netlink-gen.h"

#include <uapi/linux/twscope.h>

/* Common nested types */
const struct nla_policy twscope_clause_nl_policy[TWSCOPE_A_CLAUSE_TERM + 1] = {
	[TWSCOPE_A_CLAUSE_TERM] = NLA_POLICY_NESTED(twscope_term_nl_policy),
};

const struct nla_policy twscope_policy_nl_policy[TWSCOPE_A_POLICY_TCP_TIMESTAMPS + 1] = {
	[TWSCOPE_A_POLICY_TCP_TW_REUSE] = NLA_POLICY_MAX(NLA_U32, 2),
	[TWSCOPE_A_POLICY_TCP_TW_REUSE_DELAY] = { .type = NLA_U32, },
	[TWSCOPE_A_POLICY_TCP_TIMESTAMPS] = NLA_POLICY_MAX(NLA_U32, 2),
};

const struct nla_policy twscope_syn_nl_policy[TWSCOPE_A_SYN_TSVAL + 1] = {
	[TWSCOPE_A_SYN_SEQ] = { .type = NLA_U32, },
	[TWSCOPE_A_SYN_TSVAL] = { .type = NLA_U32, },
};

const struct nla_policy twscope_term_nl_policy[TWSCOPE_A_TERM_IFINDEX + 1] = {
	[TWSCOPE_A_TERM_NOT] = { .type = NLA_FLAG, },
	[TWSCOPE_A_TERM_FAMILY] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_SUBSTATE] = NLA_POLICY_RANGE(NLA_U32, 5, 6),
	[TWSCOPE_A_TERM_LOCAL] = { .type = NLA_BINARY, },
	[TWSCOPE_A_TERM_LOCAL_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[TWSCOPE_A_TERM_REMOTE] = { .type = NLA_BINARY, },
	[TWSCOPE_A_TERM_REMOTE_PREFIX_LEN] = NLA_POLICY_MAX(NLA_U32, 128),
	[TWSCOPE_A_TERM_LOCAL_PORT_MIN] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_LOCAL_PORT_MAX] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_REMOTE_PORT_MIN] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_REMOTE_PORT_MAX] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_VERDICT] = NLA_POLICY_MAX(NLA_U32, 8),
	[TWSCOPE_A_TERM_REMAINING_MIN_MS] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_REMAINING_MAX_MS] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_AGE_MIN_MS] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_AGE_MAX_MS] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_MARK] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_MARK_MASK] = { .type = NLA_U32, },
	[TWSCOPE_A_TERM_IFINDEX] = { .type = NLA_U32, },
};

/* TWSCOPE_CMD_SUMMARY_GET - do */
static const struct nla_policy twscope_summary_get_do_nl_policy[TWSCOPE_A_SUMMARY_POLICY + 1] = {
	[TWSCOPE_A_SUMMARY_FILTER] = NLA_POLICY_NESTED(twscope_clause_nl_policy),
	[TWSCOPE_A_SUMMARY_POLICY] = NLA_POLICY_NESTED(twscope_policy_nl_policy),
};

/* TWSCOPE_CMD_SUMMARY_GET - dump */
static const struct nla_policy twscope_summary_get_dump_nl_policy[TWSCOPE_A_SUMMARY_POLICY + 1] = {
	[TWSCOPE_A_SUMMARY_FILTER] = NLA_POLICY_NESTED(twscope_clause_nl_policy),
	[TWSCOPE_A_SUMMARY_POLICY] = NLA_POLICY_NESTED(twscope_policy_nl_policy),
};

/* TWSCOPE_CMD_BUCKET_GET - dump */
static const struct nla_policy twscope_bucket_get_nl_policy[TWSCOPE_A_BUCKET_EXPLAIN + 1] = {
	[TWSCOPE_A_BUCKET_FILTER] = NLA_POLICY_NESTED(twscope_clause_nl_policy),
	[TWSCOPE_A_BUCKET_ALL_NETNS] = { .type = NLA_FLAG, },
	[TWSCOPE_A_BUCKET_POLICY] = NLA_POLICY_NESTED(twscope_policy_nl_policy),
	[TWSCOPE_A_BUCKET_SYN] = NLA_POLICY_NESTED(twscope_syn_nl_policy),
	[TWSCOPE_A_BUCKET_EXPLAIN] = { .type = NLA_FLAG, },
};

/* TWSCOPE_CMD_PORT_GET - do */
static const struct nla_policy twscope_port_get_nl_policy[TWSCOPE_A_PORT_CELLS + 1] = {
	[TWSCOPE_A_PORT_LOCAL] = { .type = NLA_BINARY, },
	[TWSCOPE_A_PORT_REMOTE] = { .type = NLA_BINARY, },
	[TWSCOPE_A_PORT_REMOTE_PORT] = { .type = NLA_U32, },
	[TWSCOPE_A_PORT_IFINDEX] = { .type = NLA_U32, },
	[TWSCOPE_A_PORT_POLICY] = NLA_POLICY_NESTED(twscope_policy_nl_policy),
	[TWSCOPE_A_PORT_CELLS] = { .type = NLA_U32, },
};

/* TWSCOPE_CMD_OBSERVE_SET - do */
static const struct nla_policy twscope_observe_set_nl_policy[TWSCOPE_A_OBSERVE_RECORDER + 1] = {
	[TWSCOPE_A_OBSERVE_ON] = NLA_POLICY_MAX(NLA_U32, 1),
	[TWSCOPE_A_OBSERVE_RECORDER] = { .type = NLA_U32, },
};

/* TWSCOPE_CMD_EVENT_GET - dump */
static const struct nla_policy twscope_event_get_nl_policy[TWSCOPE_A_EVENT_CURSOR + 1] = {
	[TWSCOPE_A_EVENT_FILTER] = NLA_POLICY_NESTED(twscope_clause_nl_policy),
	[TWSCOPE_A_EVENT_ALL_NETNS] = { .type = NLA_FLAG, },
	[TWSCOPE_A_EVENT_SINCE_MS] = { .type = NLA_U32, },
	[TWSCOPE_A_EVENT_CURSOR] = { .type = NLA_BINARY, },
};

/* TWSCOPE_CMD_GROUP_GET - dump */
static const struct nla_policy twscope_group_get_nl_policy[TWSCOPE_A_GROUP_COUNT_PORTS + 1] = {
	[TWSCOPE_A_GROUP_FILTER] = NLA_POLICY_NESTED(twscope_clause_nl_policy),
	[TWSCOPE_A_GROUP_ALL_NETNS] = { .type = NLA_FLAG, },
	[TWSCOPE_A_GROUP_POLICY] = NLA_POLICY_NESTED(twscope_policy_nl_policy),
	[TWSCOPE_A_GROUP_KEYS] = NLA_POLICY_MASK(NLA_U32, 0x3ff),
	[TWSCOPE_A_GROUP_LOCAL_PREFIX_LEN_IPV4] = NLA_POLICY_MAX(NLA_U32, 32),
	[TWSCOPE_A_GROUP_LOCAL_PREFIX_LEN_IPV6] = NLA_POLICY_MAX(NLA_U32, 128),
	[TWSCOPE_A_GROUP_REMOTE_PREFIX_LEN_IPV4] = NLA_POLICY_MAX(NLA_U32, 32),
	[TWSCOPE_A_GROUP_REMOTE_PREFIX_LEN_IPV6] = NLA_POLICY_MAX(NLA_U32, 128),
	[TWSCOPE_A_GROUP_SORT] = NLA_POLICY_MAX(NLA_U32, 2),
	[TWSCOPE_A_GROUP_LIMIT] = { .type = NLA_U32, },
	[TWSCOPE_A_GROUP_COUNT_PORTS] = { .type = NLA_FLAG, },
};

/* Ops table for twscope */
const struct genl_split_ops twscope_nl_ops[11] = {
	{
		.cmd	= TWSCOPE_CMD_INFO_GET,
		.doit	= twscope_nl_info_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TWSCOPE_CMD_SUMMARY_GET,
		.doit		= twscope_nl_summary_get_doit,
		.policy		= twscope_summary_get_do_nl_policy,
		.maxattr	= TWSCOPE_A_SUMMARY_POLICY,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TWSCOPE_CMD_SUMMARY_GET,
		.start		= twscope_nl_summary_get_start,
		.dumpit		= twscope_nl_summary_get_dumpit,
		.done		= twscope_nl_summary_get_done,
		.policy		= twscope_summary_get_dump_nl_policy,
		.maxattr	= TWSCOPE_A_SUMMARY_POLICY,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= TWSCOPE_CMD_BUCKET_GET,
		.start		= twscope_nl_bucket_get_start,
		.dumpit		= twscope_nl_bucket_get_dumpit,
		.done		= twscope_nl_bucket_get_done,
		.policy		= twscope_bucket_get_nl_policy,
		.maxattr	= TWSCOPE_A_BUCKET_EXPLAIN,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= TWSCOPE_CMD_PORT_GET,
		.doit		= twscope_nl_port_get_doit,
		.policy		= twscope_port_get_nl_policy,
		.maxattr	= TWSCOPE_A_PORT_CELLS,
		.flags		= GENL_CMD_CAP_DO,
	},
	{
		.cmd		= TWSCOPE_CMD_OBSERVE_SET,
		.doit		= twscope_nl_observe_set_doit,
		.policy		= twscope_observe_set_nl_policy,
		.maxattr	= TWSCOPE_A_OBSERVE_RECORDER,
		.flags		= GENL_ADMIN_PERM | GENL_CMD_CAP_DO,
	},
	{
		.cmd	= TWSCOPE_CMD_STATS_GET,
		.doit	= twscope_nl_stats_get_doit,
		.flags	= GENL_CMD_CAP_DO,
	},
	{
		.cmd	= TWSCOPE_CMD_STATS_GET,
		.start	= twscope_nl_stats_get_start,
		.dumpit	= twscope_nl_stats_get_dumpit,
		.flags	= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd	= TWSCOPE_CMD_HOOK_GET,
		.dumpit	= twscope_nl_hook_get_dumpit,
		.flags	= GENL_ADMIN_PERM | GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= TWSCOPE_CMD_EVENT_GET,
		.start		= twscope_nl_event_get_start,
		.dumpit		= twscope_nl_event_get_dumpit,
		.done		= twscope_nl_event_get_done,
		.policy		= twscope_event_get_nl_policy,
		.maxattr	= TWSCOPE_A_EVENT_CURSOR,
		.flags		= GENL_CMD_CAP_DUMP,
	},
	{
		.cmd		= TWSCOPE_CMD_GROUP_GET,
		.start		= twscope_nl_group_get_start,
		.dumpit		= twscope_nl_group_get_dumpit,
		.done		= twscope_nl_group_get_done,
		.policy		= twscope_group_get_nl_policy,
		.maxattr	= TWSCOPE_A_GROUP_COUNT_PORTS,
		.flags		= GENL_CMD_CAP_DUMP,
	},
};

static const struct genl_multicast_group twscope_nl_mcgrps[] = {
	[TWSCOPE_NLGRP_EVENTS] = { "events", },
};
