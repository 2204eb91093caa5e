// SPDX-License-Identifier: GPL-2.0
/*
 * summary-get: counts of one walk.
 */

#include <linux/err.h>
#include <linux/slab.h>
#include <net/genetlink.h>

#include "census.h"
#include "compat/genetlink.h"
#include "filter.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "twsk.h"

static int put_sysctls(struct sk_buff *skb, const struct twscope_sysctls *s)
{
	struct nlattr *nest;

	nest = nla_nest_start(skb, TWSCOPE_A_SUMMARY_SYSCTLS);
	if (!nest)
		return -EMSGSIZE;

	if (nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_TW_REUSE, s->tcp_tw_reuse) ||
	    (s->has_reuse_delay &&
	     nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_TW_REUSE_DELAY,
			 s->tcp_tw_reuse_delay)) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_TIMESTAMPS,
			s->tcp_timestamps) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_MAX_TW_BUCKETS,
			s->tcp_max_tw_buckets) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_FIN_TIMEOUT,
			s->tcp_fin_timeout) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_RFC1337, s->tcp_rfc1337) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_INVALID_RATELIMIT,
			s->tcp_invalid_ratelimit) ||
	    (s->has_child_ehash &&
	     nla_put_u32(skb, TWSCOPE_A_SYSCTLS_TCP_CHILD_EHASH_ENTRIES,
			 s->tcp_child_ehash_entries)) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MIN,
			s->ip_local_port_range_min) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MAX,
			s->ip_local_port_range_max) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_IP_LOCAL_RESERVED_PORTS,
			s->ip_local_reserved_ports) ||
	    nla_put_u32(skb, TWSCOPE_A_SYSCTLS_IP_AUTOBIND_REUSE,
			s->ip_autobind_reuse))
		return -EMSGSIZE;

	nla_nest_end(skb, nest);
	return 0;
}

static int put_verdicts(struct sk_buff *skb, const struct twscope_verdicts *v,
			bool has_whatif)
{
	if (nla_put(skb, TWSCOPE_A_SUMMARY_VERDICTS, sizeof(v->now), v->now) ||
	    nla_put(skb, TWSCOPE_A_SUMMARY_BOUND_VERDICTS, sizeof(v->bound),
		    v->bound) ||
	    nla_put(skb, TWSCOPE_A_SUMMARY_WAIT_HIST, sizeof(v->wait), v->wait))
		return -EMSGSIZE;
	if (!has_whatif)
		return 0;
	if (nla_put(skb, TWSCOPE_A_SUMMARY_CHANGES, sizeof(v->changes),
		    v->changes) ||
	    nla_put(skb, TWSCOPE_A_SUMMARY_WHATIF_WAIT_HIST,
		    sizeof(v->whatif_wait), v->whatif_wait))
		return -EMSGSIZE;
	return 0;
}

static int put_summary(struct sk_buff *skb, const struct twscope_census *census,
		       const struct twscope_netns_summary *ns)
{
	bool has_whatif = census->has_whatif;
	const struct twscope_summary *c = &ns->counts;

	if (nla_put_u32(skb, TWSCOPE_A_SUMMARY_NETNS, ns->netns) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_TOTAL, c->total) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_TIMEWAIT, c->timewait) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_FIN_WAIT2, c->fin_wait2) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_IPV4, c->ipv4) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_IPV6, c->ipv6) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_IPV4_MAPPED, c->ipv4_mapped) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_KERNEL_COUNT,
			ns->kernel_count) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_KERNEL_COUNT_BEFORE,
			ns->kernel_count_before) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_WALK_US, census->walk_us) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_LIMIT,
			ns->sysctls.tcp_max_tw_buckets) ||
	    nla_put_u64_64bit(skb, TWSCOPE_A_SUMMARY_BYTES,
			      (u64)c->total * twscope_twsk_bytes(),
			      TWSCOPE_A_SUMMARY_PAD) ||
	    nla_put(skb, TWSCOPE_A_SUMMARY_REMAINING_HIST,
		    sizeof(c->remaining), c->remaining) ||
	    nla_put(skb, TWSCOPE_A_SUMMARY_CLOSES_HIST,
		    sizeof(c->closes), c->closes) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_EHASH_ENTRIES,
			ns->ehash_entries) ||
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_BIND_BLOCKED_PORTS,
			ns->blocked_ports) ||
	    (ns->owns_ehash &&
	     nla_put_flag(skb, TWSCOPE_A_SUMMARY_EHASH_PERNET)) ||
	    put_sysctls(skb, &ns->sysctls) ||
	    put_verdicts(skb, &ns->verdicts, has_whatif))
		return -EMSGSIZE;
	return 0;
}

/* What the request asks to have counted. The filter is too large for the stack. */
static struct twscope_census *take_census(struct net *net,
					  const struct nlmsghdr *nlh,
					  struct nlattr **attrs,
					  const struct twscope_nl_caps *caps,
					  struct netlink_ext_ack *extack)
{
	struct nlattr *policy = attrs[TWSCOPE_A_SUMMARY_POLICY];
	struct twscope_census *census;
	struct twscope_filter *filter;
	struct twscope_whatif whatif;
	int err;

	filter = kzalloc(sizeof(*filter), GFP_KERNEL_ACCOUNT);
	if (!filter)
		return ERR_PTR(-ENOMEM);

	err = twscope_netlink_filter(nlh, TWSCOPE_A_SUMMARY_FILTER, filter,
				     caps, extack);
	if (!err && policy)
		err = twscope_netlink_whatif(policy, &whatif, extack);
	if (err)
		census = ERR_PTR(err);
	else
		census = twscope_census_take(net, filter,
					     policy ? &whatif : NULL);
	kfree(filter);
	return census;
}

int twscope_nl_summary_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	const struct twscope_nl_caps caps = {
		.net = netlink_net_capable(skb, CAP_NET_ADMIN),
	};
	struct twscope_census *census;
	struct sk_buff *msg;
	void *hdr;

	census = take_census(genl_info_net(info), info->nlhdr, info->attrs,
			     &caps, info->extack);
	if (IS_ERR(census))
		return PTR_ERR(census);

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg) {
		twscope_census_free(census);
		return -ENOMEM;
	}

	hdr = genlmsg_put_reply(msg, info, &twscope_nl_family, 0,
				TWSCOPE_CMD_SUMMARY_GET);
	if (!hdr || put_summary(msg, census, &census->ns[0])) {
		twscope_census_free(census);
		nlmsg_free(msg);
		return -EMSGSIZE;
	}
	genlmsg_end(msg, hdr);
	twscope_census_free(census);
	return genlmsg_reply(msg, info);
}

/**
 * struct summary_dump - a dump of summaries between two reads
 * @caps: what the sender of the request may see
 * @census: what the walk counted, NULL before the first read
 * @next: the next namespace to tell of
 */
struct summary_dump {
	struct twscope_nl_caps	caps;
	struct twscope_census	*census;
	unsigned int		next;
};

static struct summary_dump *summary_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct summary_dump) > sizeof(cb->ctx));

	return (struct summary_dump *)cb->ctx;
}

int twscope_nl_summary_get_start(struct netlink_callback *cb)
{
	twscope_netlink_caps(cb, &summary_dump(cb)->caps);
	return 0;
}

/* In the first read rather than in .start: there, an old kernel has no extack. */
static int summary_dump_begin(struct netlink_callback *cb)
{
	struct twscope_census *census;
	int err;

	err = twscope_netlink_all_netns(&summary_dump(cb)->caps, cb->extack);
	if (err)
		return err;

	census = take_census(NULL, cb->nlh, twscope_compat_dump_attrs(cb),
			     &summary_dump(cb)->caps, cb->extack);
	if (IS_ERR(census))
		return PTR_ERR(census);

	summary_dump(cb)->census = census;
	return 0;
}

static int fill_summary(struct sk_buff *skb, struct netlink_callback *cb,
			const struct twscope_census *census, unsigned int i)
{
	void *hdr;

	if (census->ns[i].gone)
		return 0;
	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_SUMMARY_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (put_summary(skb, census, &census->ns[i])) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int twscope_nl_summary_get_dumpit(struct sk_buff *skb,
				  struct netlink_callback *cb)
{
	struct summary_dump *dump = summary_dump(cb);
	int err;

	if (!dump->census) {
		err = summary_dump_begin(cb);
		if (err)
			return err;
	}

	for (; dump->next < dump->census->n; dump->next++) {
		if (fill_summary(skb, cb, dump->census, dump->next))
			return skb->len ?: -EMSGSIZE;
	}
	return skb->len;
}

int twscope_nl_summary_get_done(struct netlink_callback *cb)
{
	twscope_census_free(summary_dump(cb)->census);
	return 0;
}
