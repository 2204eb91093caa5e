// SPDX-License-Identifier: GPL-2.0
/* What is asked, as attributes. */
#include <sys/socket.h>

#include <netlink/attr.h>

#include "nl_parts.h"

/* What the nla_ calls return adds up by "or": 0 where all of them succeeded. */

static int put_term(struct nl_msg *msg, const struct tws_term *t)
{
	struct nlattr *nest = nla_nest_start(msg, TWSCOPE_A_CLAUSE_TERM);
	int ret;

	if (!nest)
		return -1;
	ret = t->negate ? nla_put_flag(msg, TWSCOPE_A_TERM_NOT) : 0;
	switch ((enum tws_term_kind)t->kind) {
	case TERM_FAMILY:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_FAMILY, t->family);
		break;
	case TERM_SUBSTATE:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_SUBSTATE, t->substate);
		break;
	case TERM_LOCAL:
		ret |= nla_put(msg, TWSCOPE_A_TERM_LOCAL, t->addr_len, t->addr);
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_LOCAL_PREFIX_LEN,
				  t->prefix_len);
		break;
	case TERM_REMOTE:
		ret |= nla_put(msg, TWSCOPE_A_TERM_REMOTE, t->addr_len, t->addr);
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_REMOTE_PREFIX_LEN,
				  t->prefix_len);
		break;
	case TERM_LOCAL_PORT:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_LOCAL_PORT_MIN, t->port_min);
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_LOCAL_PORT_MAX, t->port_max);
		break;
	case TERM_REMOTE_PORT:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_REMOTE_PORT_MIN, t->port_min);
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_REMOTE_PORT_MAX, t->port_max);
		break;
	case TERM_VERDICT:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_VERDICT, t->verdict);
		break;
	case TERM_REMAINING:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_REMAINING_MIN_MS, t->ms_min);
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_REMAINING_MAX_MS, t->ms_max);
		break;
	case TERM_AGE:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_AGE_MIN_MS, t->ms_min);
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_AGE_MAX_MS, t->ms_max);
		break;
	case TERM_MARK:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_MARK, t->mark);
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_MARK_MASK, t->mark_mask);
		break;
	case TERM_IFINDEX:
		ret |= nla_put_u32(msg, TWSCOPE_A_TERM_IFINDEX, t->ifindex);
		break;
	}
	nla_nest_end(msg, nest);
	return ret;
}

int twnl_put_filter(struct nl_msg *msg, int type, const struct tws_filter *f)
{
	unsigned int clause, i = 0;
	struct nlattr *nest;

	for (clause = 0; f && clause < f->n_clauses; clause++) {
		nest = nla_nest_start(msg, type);
		if (!nest)
			return -1;
		for (; i < f->clause_end[clause]; i++)
			if (put_term(msg, &f->term[i]))
				return -1;
		nla_nest_end(msg, nest);
	}
	return 0;
}

int twnl_put_policy(struct nl_msg *msg, int type, const struct tws_policy *p)
{
	struct nlattr *nest;
	int ret = 0;

	if (!p)
		return 0;
	nest = nla_nest_start(msg, type);
	if (!nest)
		return -1;
	if (p->has_tcp_tw_reuse)
		ret |= nla_put_u32(msg, TWSCOPE_A_POLICY_TCP_TW_REUSE,
				  p->tcp_tw_reuse);
	if (p->has_tcp_tw_reuse_delay)
		ret |= nla_put_u32(msg, TWSCOPE_A_POLICY_TCP_TW_REUSE_DELAY,
				  p->tcp_tw_reuse_delay);
	if (p->has_tcp_timestamps)
		ret |= nla_put_u32(msg, TWSCOPE_A_POLICY_TCP_TIMESTAMPS,
				  p->tcp_timestamps);
	/* one that names nothing asks for the answers all the same */
	nla_nest_end_keep_empty(msg, nest);
	return ret;
}

static int put_syn(struct nl_msg *msg, int type, const struct tws_syn *syn)
{
	struct nlattr *nest;
	int ret;

	if (!syn)
		return 0;
	nest = nla_nest_start(msg, type);
	if (!nest)
		return -1;
	ret = nla_put_u32(msg, TWSCOPE_A_SYN_SEQ, syn->seq);
	if (syn->has_tsval)
		ret |= nla_put_u32(msg, TWSCOPE_A_SYN_TSVAL, syn->tsval);
	nla_nest_end(msg, nest);
	return ret;
}

int twnl_put_summary(struct nl_msg *msg, const struct tws_filter *filter,
		   const struct tws_policy *policy)
{
	return twnl_put_filter(msg, TWSCOPE_A_SUMMARY_FILTER, filter) ||
	       twnl_put_policy(msg, TWSCOPE_A_SUMMARY_POLICY, policy) ? -1 : 0;
}

int twnl_put_bucket(struct nl_msg *msg, const struct tws_bucket_query *q)
{
	int ret = twnl_put_filter(msg, TWSCOPE_A_BUCKET_FILTER, q->filter);

	if (q->all_netns)
		ret |= nla_put_flag(msg, TWSCOPE_A_BUCKET_ALL_NETNS);
	ret |= twnl_put_policy(msg, TWSCOPE_A_BUCKET_POLICY, q->policy);
	ret |= put_syn(msg, TWSCOPE_A_BUCKET_SYN, q->syn);
	if (q->explain)
		ret |= nla_put_flag(msg, TWSCOPE_A_BUCKET_EXPLAIN);
	return ret ? -1 : 0;
}

int twnl_put_port(struct nl_msg *msg, const struct tws_port_query *q)
{
	int len = q->family == AF_INET ? 4 : 16;
	int ret = nla_put(msg, TWSCOPE_A_PORT_LOCAL, len, q->local);

	ret |= nla_put(msg, TWSCOPE_A_PORT_REMOTE, len, q->remote);
	ret |= nla_put_u32(msg, TWSCOPE_A_PORT_REMOTE_PORT, q->remote_port);
	if (q->ifindex)
		ret |= nla_put_u32(msg, TWSCOPE_A_PORT_IFINDEX, q->ifindex);
	ret |= twnl_put_policy(msg, TWSCOPE_A_PORT_POLICY, q->policy);
	if (q->cells)
		ret |= nla_put_u32(msg, TWSCOPE_A_PORT_CELLS, q->cells);
	return ret ? -1 : 0;
}

int twnl_put_observe(struct nl_msg *msg, bool on, uint32_t recorder)
{
	int ret = nla_put_u32(msg, TWSCOPE_A_OBSERVE_ON, on);

	if (recorder)
		ret |= nla_put_u32(msg, TWSCOPE_A_OBSERVE_RECORDER, recorder);
	return ret ? -1 : 0;
}

int twnl_put_event(struct nl_msg *msg, const struct tws_event_query *q)
{
	int ret = twnl_put_filter(msg, TWSCOPE_A_EVENT_FILTER, q->filter);

	if (q->all_netns)
		ret |= nla_put_flag(msg, TWSCOPE_A_EVENT_ALL_NETNS);
	if (q->cursor->len)
		ret |= nla_put(msg, TWSCOPE_A_EVENT_CURSOR, (int)q->cursor->len,
			       q->cursor->data);
	else if (q->since_ms)
		ret |= nla_put_u32(msg, TWSCOPE_A_EVENT_SINCE_MS, q->since_ms);
	return ret ? -1 : 0;
}
