// SPDX-License-Identifier: GPL-2.0
/*
 * The generic netlink family. The table of operations, the policies and the
 * prototypes are generated from docs/netlink/specs/twscope.yaml.
 */

#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/utsname.h>
#include <generated/utsrelease.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "bucket.h"
#include "census.h"
#include "compat/genetlink.h"
#include "compat/timewait.h"
#include "ehash.h"
#include "filter.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "twsk.h"

static struct genl_family twscope_nl_family __ro_after_init = {
	.name		= TWSCOPE_FAMILY_NAME,
	.version	= TWSCOPE_FAMILY_VERSION,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
};

/*
 * What reaches beyond the caller's namespace. Judged by whoever opened the
 * socket and by whoever reads from it first.
 */
static int all_netns_permitted(struct netlink_callback *cb)
{
	if (netlink_capable(cb->skb, CAP_NET_ADMIN))
		return 0;

	NL_SET_ERR_MSG(cb->extack,
		       "all network namespaces: needs CAP_NET_ADMIN in the initial user namespace");
	return -EPERM;
}

static void *reply_begin(struct netlink_callback *cb, struct sk_buff *skb,
			 u8 cmd)
{
	return genlmsg_put(skb, NETLINK_CB(cb->skb).portid, cb->nlh->nlmsg_seq,
			   &twscope_nl_family, NLM_F_MULTI, cmd);
}

/* info-get */

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
	    nla_put_u32(skb, TWSCOPE_A_INFO_HZ, HZ))
		return -EMSGSIZE;
	return 0;
}

int twscope_nl_info_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *msg;
	void *hdr;

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

/* summary-get */

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

static int put_summary(struct sk_buff *skb, u32 walk_us,
		       const struct twscope_netns_summary *ns)
{
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
	    nla_put_u32(skb, TWSCOPE_A_SUMMARY_WALK_US, walk_us) ||
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
	    (ns->owns_ehash &&
	     nla_put_flag(skb, TWSCOPE_A_SUMMARY_EHASH_PERNET)) ||
	    put_sysctls(skb, &ns->sysctls))
		return -EMSGSIZE;
	return 0;
}

int twscope_nl_summary_get_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct twscope_census *census;
	struct sk_buff *msg;
	void *hdr;

	census = twscope_census_take(genl_info_net(info));
	if (IS_ERR(census))
		return PTR_ERR(census);

	msg = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!msg) {
		twscope_census_free(census);
		return -ENOMEM;
	}

	hdr = genlmsg_put_reply(msg, info, &twscope_nl_family, 0,
				TWSCOPE_CMD_SUMMARY_GET);
	if (!hdr || put_summary(msg, census->walk_us, &census->ns[0])) {
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
 * @census: what the walk counted, NULL before the first read
 * @next: the next namespace to tell of
 */
struct summary_dump {
	struct twscope_census	*census;
	unsigned int		next;
};

static struct summary_dump *summary_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct summary_dump) > sizeof(cb->ctx));

	return (struct summary_dump *)cb->ctx;
}

/* In the first read rather than in .start: there, an old kernel has no extack. */
static int summary_dump_begin(struct netlink_callback *cb)
{
	struct twscope_census *census;
	int err;

	err = all_netns_permitted(cb);
	if (err)
		return err;

	census = twscope_census_take(NULL);
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
	hdr = reply_begin(cb, skb, TWSCOPE_CMD_SUMMARY_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (put_summary(skb, census->walk_us, &census->ns[i])) {
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

/* bucket-get */

/**
 * struct bucket_dump - a dump of buckets between two reads
 * @walk: where the walk is: at the bucket the last message had no room for
 * @filter: which buckets are asked for
 * @net_admin: the reader may see what an attacker would like to: see put_secrets()
 */
struct bucket_dump {
	struct twscope_walk	walk;
	struct twscope_filter	filter;
	bool			net_admin;
};

static struct bucket_dump **bucket_dump(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct bucket_dump *) > sizeof(cb->ctx));

	return (struct bucket_dump **)cb->ctx;
}

static int bucket_dump_begin(struct netlink_callback *cb)
{
	struct net *net = sock_net(cb->skb->sk);
	struct bucket_dump *dump;
	int err;

	if (twscope_compat_dump_attrs(cb)[TWSCOPE_A_BUCKET_ALL_NETNS]) {
		err = all_netns_permitted(cb);
		if (err)
			return err;
		net = NULL;
	}

	dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	if (!dump)
		return -ENOMEM;

	dump->net_admin = netlink_net_capable(cb->skb, CAP_NET_ADMIN);
	err = twscope_netlink_filter(cb, TWSCOPE_A_BUCKET_FILTER, &dump->filter);
	if (err)
		goto err_free;

	err = twscope_walk_init(&dump->walk, net);
	if (err)
		goto err_free;

	*bucket_dump(cb) = dump;
	return 0;

err_free:
	kfree(dump);
	return err;
}

static int put_address(struct sk_buff *skb, int attrtype, u16 family,
		       const struct in6_addr *addr)
{
	if (family == AF_INET)
		return nla_put_in_addr(skb, attrtype, addr->s6_addr32[3]);
	return nla_put_in6_addr(skb, attrtype, addr);
}

/*
 * The kernel makes the initial sequence number of the connection that takes a
 * bucket's place from its snd_nxt, and the others are what a forged RST or SYN
 * has to hit. inet_diag tells nobody, and the mark only CAP_NET_ADMIN.
 */
static int put_secrets(struct sk_buff *skb, const struct twscope_bucket *b)
{
	if ((b->has_ts &&
	     nla_put_u32(skb, TWSCOPE_A_BUCKET_TS_RECENT, b->ts_recent)) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_RCV_NXT, b->rcv_nxt) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_SND_NXT, b->snd_nxt) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_MARK, b->mark))
		return -EMSGSIZE;
	return 0;
}

static int put_bucket(struct sk_buff *skb, const struct twscope_bucket *b,
		      bool net_admin)
{
	if (nla_put_u32(skb, TWSCOPE_A_BUCKET_NETNS, b->netns) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_FAMILY, b->family) ||
	    put_address(skb, TWSCOPE_A_BUCKET_LOCAL, b->family, &b->local) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_LOCAL_PORT, b->local_port) ||
	    put_address(skb, TWSCOPE_A_BUCKET_REMOTE, b->family, &b->remote) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_REMOTE_PORT, b->remote_port) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_SUBSTATE, b->substate) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_REMAINING_MS, b->remaining_ms) ||
	    (b->has_age &&
	     nla_put_u32(skb, TWSCOPE_A_BUCKET_AGE_MS, b->age_ms)) ||
	    (b->has_ts &&
	     nla_put_u32(skb, TWSCOPE_A_BUCKET_TS_RECENT_AGE_S,
			 b->ts_recent_age_s)) ||
	    (net_admin && put_secrets(skb, b)) ||
	    nla_put_u32(skb, TWSCOPE_A_BUCKET_IFINDEX, b->ifindex))
		return -EMSGSIZE;
	return 0;
}

static int fill_bucket(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct twscope_bucket *b, bool net_admin)
{
	void *hdr;

	hdr = reply_begin(cb, skb, TWSCOPE_CMD_BUCKET_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (put_bucket(skb, b, net_admin)) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, hdr);
	return 0;
}

int twscope_nl_bucket_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	const struct twscope_bucket *b;
	struct bucket_dump *dump;
	int err;

	if (!*bucket_dump(cb)) {
		err = bucket_dump_begin(cb);
		if (err)
			return err;
	}
	dump = *bucket_dump(cb);

	for (; !IS_ERR_OR_NULL(b = twscope_walk_peek(&dump->walk));
	     twscope_walk_advance(&dump->walk)) {
		if (!twscope_filter_match(&dump->filter, b))
			continue;
		if (fill_bucket(skb, cb, b, dump->net_admin))
			return skb->len ?: -EMSGSIZE;
	}
	return IS_ERR(b) ? PTR_ERR(b) : skb->len;
}

int twscope_nl_bucket_get_done(struct netlink_callback *cb)
{
	struct bucket_dump *dump = *bucket_dump(cb);

	if (dump) {
		twscope_walk_free(&dump->walk);
		kfree(dump);
	}
	return 0;
}

/**
 * twscope_netlink_init() - open the netlink face
 *
 * Context: process.
 * Return: 0, or a negative errno of genl_register_family().
 */
int __init twscope_netlink_init(void)
{
	return twscope_compat_genl_register(&twscope_nl_family, twscope_nl_ops,
					    ARRAY_SIZE(twscope_nl_ops));
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
	genl_unregister_family(&twscope_nl_family);
}
