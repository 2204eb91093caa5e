// SPDX-License-Identifier: GPL-2.0
/*
 * observe-set, stats-get and hook-get: the hooks, and what they counted.
 */

#include <linux/kernel.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "compat/genetlink.h"
#include "counters.h"
#include "hooks.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "netns.h"
#include "observe.h"

int twscope_nl_observe_set_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *on = info->attrs[TWSCOPE_A_OBSERVE_ON];
	struct nlattr *recorder = info->attrs[TWSCOPE_A_OBSERVE_RECORDER];
	const char *why;
	int err;

	if (!on) {
		NL_SET_ERR_MSG(info->extack, "on is missing: 1 for on, 0 for off");
		return -EINVAL;
	}
	if (recorder && nla_get_u32(recorder) > TWSCOPE_MAX_RECORDER) {
		NL_SET_ERR_MSG_ATTR(info->extack, recorder,
				    "a recorder keeps at most 1048576 events for each processor");
		return -ERANGE;
	}
	if (!nla_get_u32(on)) {
		twscope_observe_off();
		return 0;
	}

	err = twscope_observe_on(recorder ? nla_get_u32(recorder) : 0, &why);
	if (err) {
		/* Not NL_SET_ERR_MSG(): its text has to be a literal. */
		if (why && info->extack)
			info->extack->_msg = why;
		return err;
	}
	twscope_netlink_notify_kick();
	return 0;
}

static int put_u64(struct sk_buff *skb, int attrtype, u64 value)
{
	return nla_put_u64_64bit(skb, attrtype, value, TWSCOPE_A_STATS_PAD);
}

static int put_array(struct sk_buff *skb, int attrtype,
		     const unsigned long *counts, unsigned int n)
{
	struct nlattr *attr;
	unsigned int i;
	u64 *to;

	attr = nla_reserve_64bit(skb, attrtype, n * sizeof(u64),
				 TWSCOPE_A_STATS_PAD);
	if (!attr)
		return -EMSGSIZE;
	to = nla_data(attr);
	for (i = 0; i < n; i++)
		to[i] = counts[i];
	return 0;
}

/*
 * What became of a segment tells whoever sent it, with a forged source maybe,
 * where the bucket's window is.
 */
static void hide_segments(struct twscope_counts *c)
{
	memset(&c->decisions[TWSCOPE_DECISION_SYN_SEQUENCE], 0,
	       sizeof(c->decisions) -
	       TWSCOPE_DECISION_SYN_SEQUENCE * sizeof(c->decisions[0]));
	c->decisions[TWSCOPE_DECISION_UNKNOWN] = 0;
}

static int put_stats(struct sk_buff *skb, struct twscope_stats *s,
		     bool net_admin)
{
	struct twscope_counts *c = &s->c;

	if (!net_admin)
		hide_segments(c);
	if ((s->netns ? nla_put_u32(skb, TWSCOPE_A_STATS_NETNS, s->netns) :
			nla_put_flag(skb, TWSCOPE_A_STATS_ENDED_NETNS)) ||
	    put_u64(skb, TWSCOPE_A_STATS_OBSERVED_MS,
		    twscope_observe_since_ms()) ||
	    put_u64(skb, TWSCOPE_A_STATS_BEFORE, s->before) ||
	    (!s->settled &&
	     nla_put_flag(skb, TWSCOPE_A_STATS_BEFORE_UNSETTLED)) ||
	    put_u64(skb, TWSCOPE_A_STATS_CREATED_TIME_WAIT,
		    c->created_time_wait) ||
	    put_u64(skb, TWSCOPE_A_STATS_CREATED_FIN_WAIT2,
		    c->created_fin_wait2) ||
	    put_array(skb, TWSCOPE_A_STATS_ENDED, c->ended,
		      ARRAY_SIZE(c->ended)) ||
	    put_u64(skb, TWSCOPE_A_STATS_PRESENT, s->present) ||
	    put_u64(skb, TWSCOPE_A_STATS_OVERFLOW, c->overflow) ||
	    put_u64(skb, TWSCOPE_A_STATS_OUT_OF_MEMORY, c->out_of_memory) ||
	    put_u64(skb, TWSCOPE_A_STATS_RESTARTED, c->restarted) ||
	    put_array(skb, TWSCOPE_A_STATS_DECISIONS, c->decisions,
		      ARRAY_SIZE(c->decisions)) ||
	    (net_admin &&
	     (put_u64(skb, TWSCOPE_A_STATS_SEGMENTS, c->segments) ||
	      put_u64(skb, TWSCOPE_A_STATS_ANSWERED, c->answered) ||
	      put_u64(skb, TWSCOPE_A_STATS_SEGMENT_MISMATCH,
		      c->segment_mismatch))) ||
	    put_u64(skb, TWSCOPE_A_STATS_VERDICT_MISMATCH,
		    c->verdict_mismatch) ||
	    put_u64(skb, TWSCOPE_A_STATS_VERDICT_BOUNDARY,
		    c->verdict_boundary) ||
	    put_u64(skb, TWSCOPE_A_STATS_MISSED, twscope_hooks_missed()))
		return -EMSGSIZE;
	return 0;
}

static int fill_own_stats(struct sk_buff *msg, struct genl_info *info,
			  bool net_admin)
{
	struct twscope_stats s;
	void *hdr;

	hdr = genlmsg_put_reply(msg, info, &twscope_nl_family, 0,
				TWSCOPE_CMD_STATS_GET);
	if (!hdr)
		return -EMSGSIZE;
	twscope_counters_read(genl_info_net(info), &s);
	if (put_stats(msg, &s, net_admin))
		return -EMSGSIZE;
	genlmsg_end(msg, hdr);
	return 0;
}

int twscope_nl_stats_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	bool net_admin = netlink_net_capable(skb, CAP_NET_ADMIN);
	struct sk_buff *msg;
	int err;

	if (!twscope_observe_hold())
		return twscope_netlink_not_observing(info->extack);

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	err = msg ? fill_own_stats(msg, info, net_admin) : -ENOMEM;
	twscope_observe_release();
	if (err) {
		nlmsg_free(msg);
		return err;
	}
	return genlmsg_reply(msg, info);
}

/**
 * struct stats_dump - a dump of stats between two reads
 * @caps: what the sender of the request may see
 * @last: number of the namespace that was told of last
 * @ended: all listed ones have been, next are those that ended
 * @done: these, too
 */
struct stats_dump {
	struct twscope_nl_caps	caps;
	u64			last;
	bool			ended;
	bool			done;
};

static struct stats_dump *stats_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct stats_dump) > sizeof(cb->ctx));

	return (struct stats_dump *)cb->ctx;
}

int twscope_nl_stats_get_start(struct netlink_callback *cb)
{
	twscope_netlink_caps(cb, &stats_dump(cb)->caps);
	return 0;
}

static int fill_stats(struct sk_buff *skb, struct netlink_callback *cb,
		      struct twscope_stats *s)
{
	void *hdr;

	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_STATS_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (put_stats(skb, s, true)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

/* False when there is none left. One that ends meanwhile is skipped. */
static bool next_stats(struct stats_dump *dump, u64 *id,
		       struct twscope_stats *s)
{
	const struct net *net;

	while ((*id = twscope_netns_next(*id))) {
		rcu_read_lock();
		net = twscope_netns_of(*id);
		if (net)
			twscope_counters_read((struct net *)net, s);
		rcu_read_unlock();
		if (net)
			return true;
	}
	return false;
}

static int dump_stats(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct stats_dump *dump = stats_dump(cb);
	struct twscope_stats s;
	u64 id = dump->last;

	while (!dump->ended) {
		if (!next_stats(dump, &id, &s)) {
			dump->ended = true;
			break;
		}
		if (fill_stats(skb, cb, &s))
			return skb->len ?: -EMSGSIZE;
		dump->last = id;
	}
	if (!dump->done) {
		twscope_counters_read_ended(&s);
		if (fill_stats(skb, cb, &s))
			return skb->len ?: -EMSGSIZE;
		dump->done = true;
	}
	return skb->len;
}

int twscope_nl_stats_get_dumpit(struct sk_buff *skb,
				struct netlink_callback *cb)
{
	int err;

	/* The hooks may be off by now. */
	if (stats_dump(cb)->done)
		return skb->len;

	err = twscope_netlink_all_netns(&stats_dump(cb)->caps, cb->extack);
	if (err)
		return err;
	if (!twscope_observe_hold())
		return twscope_netlink_not_observing(cb->extack);
	err = dump_stats(skb, cb);
	twscope_observe_release();
	return err;
}

static int fill_hook(struct sk_buff *skb, struct netlink_callback *cb,
		     const struct twscope_hook_state *s)
{
	void *hdr;

	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_HOOK_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (nla_put_string(skb, TWSCOPE_A_HOOK_SYMBOL, s->symbol) ||
	    nla_put_u32(skb, TWSCOPE_A_HOOK_MECHANISM, s->mechanism) ||
	    nla_put_u64_64bit(skb, TWSCOPE_A_HOOK_HITS, s->hits,
			      TWSCOPE_A_HOOK_PAD) ||
	    nla_put_u64_64bit(skb, TWSCOPE_A_HOOK_MISSED, s->missed,
			      TWSCOPE_A_HOOK_PAD)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int twscope_nl_hook_get_dumpit(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	struct twscope_hook_state s;
	long *hook = &cb->args[0];

	if (!twscope_observe_hold())
		return skb->len;
	for (; *hook < TWSCOPE_N_HOOKS; ++*hook) {
		if (!twscope_hooks_has(*hook))
			continue;
		twscope_hooks_state(*hook, &s);
		if (fill_hook(skb, cb, &s))
			break;
	}
	twscope_observe_release();
	return skb->len;
}
