// SPDX-License-Identifier: GPL-2.0
/*
 * What a request wants to be judged by, and what.
 */

#include <net/netlink.h>

#include "compat/genetlink.h"
#include "compat/timewait.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "verdict.h"

/* The bounds of the sysctl itself. */
#define REUSE_DELAY_MIN_MS	1
#define REUSE_DELAY_MAX_MS	60000

static int parse_reuse_delay(struct nlattr *attr, struct twscope_whatif *w,
			     struct netlink_ext_ack *extack)
{
	if (!(twscope_compat_features() & TWSCOPE_FEATURE_REUSE_DELAY)) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "this kernel has no tcp_tw_reuse_delay: its clock of reuse has a grain of one second");
		return -EOPNOTSUPP;
	}

	w->has_reuse_delay = true;
	w->tcp_tw_reuse_delay = nla_get_u32(attr);
	if (w->tcp_tw_reuse_delay >= REUSE_DELAY_MIN_MS &&
	    w->tcp_tw_reuse_delay <= REUSE_DELAY_MAX_MS)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "tcp_tw_reuse_delay is from 1 to 60000 milliseconds");
	return -ERANGE;
}

/**
 * twscope_netlink_whatif() - read the sysctls of a request
 * @attr: the attribute that holds them, which has passed the policy
 * @w: where to
 * @extack: where a text goes that says what was wrong
 *
 * Context: process.
 * Return: 0; or -EINVAL, -ERANGE or -EOPNOTSUPP, with that text.
 */
int twscope_netlink_whatif(struct nlattr *attr, struct twscope_whatif *w,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TWSCOPE_A_POLICY_MAX + 1];
	int err;

	err = nla_parse_nested(tb, TWSCOPE_A_POLICY_MAX, attr,
			       twscope_policy_nl_policy, extack);
	if (err)
		return err;

	*w = (struct twscope_whatif) {};
	if (tb[TWSCOPE_A_POLICY_TCP_TW_REUSE]) {
		w->has_reuse = true;
		w->tcp_tw_reuse = nla_get_u32(tb[TWSCOPE_A_POLICY_TCP_TW_REUSE]);
	}
	if (tb[TWSCOPE_A_POLICY_TCP_TIMESTAMPS]) {
		w->has_timestamps = true;
		w->tcp_timestamps =
			nla_get_u32(tb[TWSCOPE_A_POLICY_TCP_TIMESTAMPS]);
	}
	if (tb[TWSCOPE_A_POLICY_TCP_TW_REUSE_DELAY])
		return parse_reuse_delay(tb[TWSCOPE_A_POLICY_TCP_TW_REUSE_DELAY],
					 w, extack);
	return 0;
}

/**
 * twscope_netlink_syn() - read the SYN of a request
 * @attr: the attribute that holds it, which has passed the policy
 * @syn: where to
 * @extack: where a text goes that says what was wrong
 *
 * Context: process.
 * Return: 0, or -EINVAL with that text.
 */
int twscope_netlink_syn(struct nlattr *attr, struct twscope_syn *syn,
			struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TWSCOPE_A_SYN_MAX + 1];
	int err;

	err = nla_parse_nested(tb, TWSCOPE_A_SYN_MAX, attr,
			       twscope_syn_nl_policy, extack);
	if (err)
		return err;

	if (!tb[TWSCOPE_A_SYN_SEQ]) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a SYN needs its sequence number");
		return -EINVAL;
	}

	*syn = (struct twscope_syn) {
		.seq = nla_get_u32(tb[TWSCOPE_A_SYN_SEQ]),
		.has_tsval = tb[TWSCOPE_A_SYN_TSVAL],
	};
	if (syn->has_tsval)
		syn->tsval = nla_get_u32(tb[TWSCOPE_A_SYN_TSVAL]);
	return 0;
}
