// SPDX-License-Identifier: GPL-2.0
/*
 * bucket-get: a row for each bucket.
 */

#include <linux/err.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <net/genetlink.h>
#include <net/sock.h>

#include "bucket.h"
#include "compat/genetlink.h"
#include "ehash.h"
#include "filter.h"
#include "netlink-gen.h"
#include "netlink.h"
#include "settings.h"

/**
 * struct bucket_dump - a dump of buckets between two reads
 * @walk: where the walk is: at the bucket the last message had no room for
 * @settings: what decides on the buckets
 * @filter: which buckets are asked for
 * @syn: a SYN to be judged
 * @has_syn: there is one
 * @explain: the conditions are asked for
 * @net_admin: the reader may see what an attacker would like to: see put_secrets()
 */
struct bucket_dump {
	struct twscope_walk	walk;
	struct twscope_settings	*settings;
	struct twscope_filter	filter;
	struct twscope_syn	syn;
	bool			has_syn;
	bool			explain;
	bool			net_admin;
};

/**
 * struct bucket_ctx - what netlink keeps for us between .start, reads and .done
 * @caps: what the sender of the request may see
 * @dump: the dump, NULL before the first read
 */
struct bucket_ctx {
	struct twscope_nl_caps	caps;
	struct bucket_dump	*dump;
};

static struct bucket_ctx *bucket_ctx(struct netlink_callback *cb)
{
	BUILD_BUG_ON(sizeof(struct bucket_ctx) > sizeof(cb->ctx));

	return (struct bucket_ctx *)cb->ctx;
}

int twscope_nl_bucket_get_start(struct netlink_callback *cb)
{
	twscope_netlink_caps(cb, &bucket_ctx(cb)->caps);
	return 0;
}

static void bucket_dump_free(struct bucket_dump *dump)
{
	twscope_walk_free(&dump->walk);
	twscope_settings_free(dump->settings);
	kfree(dump);
}

/* Each answer halves what rcv_nxt may be: asking is as good as reading it. */
static int parse_syn(struct bucket_dump *dump, struct nlattr *attr,
		     struct netlink_ext_ack *extack)
{
	if (!dump->net_admin) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "judging a SYN: needs CAP_NET_ADMIN over the network namespace");
		return -EPERM;
	}
	dump->has_syn = true;
	return twscope_netlink_syn(attr, &dump->syn, extack);
}

static int parse_request(struct bucket_dump *dump, struct netlink_callback *cb,
			 struct net **net)
{
	struct nlattr **attrs = twscope_compat_dump_attrs(cb);
	struct nlattr *policy = attrs[TWSCOPE_A_BUCKET_POLICY];
	struct nlattr *syn = attrs[TWSCOPE_A_BUCKET_SYN];
	struct twscope_whatif whatif;
	int err = 0;

	dump->explain = nla_get_flag(attrs[TWSCOPE_A_BUCKET_EXPLAIN]);
	dump->net_admin = bucket_ctx(cb)->caps.net;
	*net = sock_net(cb->skb->sk);
	if (nla_get_flag(attrs[TWSCOPE_A_BUCKET_ALL_NETNS])) {
		*net = NULL;
		err = twscope_netlink_all_netns(&bucket_ctx(cb)->caps,
						cb->extack);
	}
	if (!err)
		err = twscope_netlink_filter(cb->nlh, TWSCOPE_A_BUCKET_FILTER,
					     &dump->filter,
					     &bucket_ctx(cb)->caps, cb->extack);
	if (!err && syn)
		err = parse_syn(dump, syn, cb->extack);
	if (!err && policy)
		err = twscope_netlink_whatif(policy, &whatif, cb->extack);
	if (err)
		return err;

	dump->settings = twscope_settings_take(*net, policy ? &whatif : NULL);
	return PTR_ERR_OR_ZERO(dump->settings);
}

static int bucket_dump_begin(struct netlink_callback *cb)
{
	struct bucket_dump *dump;
	struct net *net;
	int err;

	dump = kzalloc(sizeof(*dump), GFP_KERNEL_ACCOUNT);
	if (!dump)
		return -ENOMEM;

	err = parse_request(dump, cb, &net);
	if (err) {
		/* no settings, or an error in their place */
		kfree(dump);
		return err;
	}

	err = twscope_walk_init(&dump->walk, net);
	if (err) {
		bucket_dump_free(dump);
		return err;
	}

	bucket_ctx(cb)->dump = dump;
	return 0;
}

/* As much as a row may take: each of its attributes once. */
#define ROW_MAX	(TWSCOPE_A_BUCKET_MAX * nla_total_size(sizeof(u32)) + \
		 2 * nla_total_size(sizeof(struct in6_addr)))

/**
 * struct row - the attributes of a row, while they are written
 * @end: where the next one goes
 *
 * Room for all of them is asked for once: nla_put() asks each time, and took half
 * of the time of a dump.
 */
struct row {
	void *end;
};

static __always_inline void put(struct row *row, u16 type, const void *data,
				u16 len)
{
	struct nlattr *attr = row->end;

	attr->nla_type = type;
	attr->nla_len = nla_attr_size(len);
	memcpy(attr + 1, data, len);
	row->end += nla_total_size(len);
}

static __always_inline void put_u32(struct row *row, u16 type, u32 value)
{
	put(row, type, &value, sizeof(value));
}

/* Both lengths are multiples of what attributes are aligned to. */
static void put_address(struct row *row, u16 type, u16 family,
			const struct in6_addr *addr)
{
	if (family == AF_INET)
		put(row, type, &addr->s6_addr32[3], sizeof(struct in_addr));
	else
		put(row, type, addr, sizeof(*addr));
}

/*
 * The kernel makes the initial sequence number of the connection that takes a
 * bucket's place from its snd_nxt, and the others are what a forged RST or SYN
 * has to hit. inet_diag tells nobody, and the mark only CAP_NET_ADMIN.
 */
static void put_secrets(struct row *row, const struct twscope_bucket *b)
{
	if (b->has_ts)
		put_u32(row, TWSCOPE_A_BUCKET_TS_RECENT, b->ts_recent);
	put_u32(row, TWSCOPE_A_BUCKET_RCV_NXT, b->rcv_nxt);
	put_u32(row, TWSCOPE_A_BUCKET_SND_NXT, b->snd_nxt);
	put_u32(row, TWSCOPE_A_BUCKET_MARK, b->mark);
}

static void put_judgement(struct row *row, const struct twscope_judgement *j,
			  u16 verdict_attr, u16 wait_attr)
{
	put_u32(row, verdict_attr, j->verdict);
	if (j->verdict == TWSCOPE_VERDICT_TOO_YOUNG)
		put_u32(row, wait_attr, j->wait_ms);
}

/*
 * What a SYN needs is as good as rcv_nxt and ts_recent, and so is whether the
 * last one was answered: thirty forged ones, and it is found.
 */
static void put_syn_needs(struct row *row, const struct twscope_bucket *b,
			  const struct twscope_policy *p)
{
	u32 answer_in_ms = twscope_answer_in_ms(b, p);
	u32 seq, tsval;

	if (twscope_syn_seq(b, &seq))
		put_u32(row, TWSCOPE_A_BUCKET_SYN_SEQ, seq);
	if (twscope_syn_tsval(b, p, &tsval))
		put_u32(row, TWSCOPE_A_BUCKET_SYN_TSVAL, tsval);
	if (answer_in_ms)
		put_u32(row, TWSCOPE_A_BUCKET_ANSWER_IN_MS, answer_in_ms);
	put_u32(row, TWSCOPE_A_BUCKET_RCV_WND, b->rcv_wnd);
}

static void put_verdicts(struct row *row, const struct bucket_dump *dump,
			 const struct twscope_setting *s,
			 const struct twscope_bucket *b)
{
	u8 search = twscope_settings_search(dump->settings, s, b);
	struct twscope_judgement j;

	twscope_judge(b, &s->policy, search, &j);
	put_judgement(row, &j, TWSCOPE_A_BUCKET_VERDICT,
		      TWSCOPE_A_BUCKET_WAIT_MS);
	put_u32(row, TWSCOPE_A_BUCKET_BOUND_VERDICT,
		twscope_judge_bound(b, &s->policy));
	if (dump->explain) {
		put_u32(row, TWSCOPE_A_BUCKET_CONDITIONS_ASKED, j.asked);
		put_u32(row, TWSCOPE_A_BUCKET_CONDITIONS_HELD, j.held);
		if (dump->net_admin)
			put_syn_needs(row, b, &s->whatif);
	}
	if (dump->has_syn)
		put_u32(row, TWSCOPE_A_BUCKET_SYN_VERDICT,
			twscope_judge_syn(b, &s->whatif, &dump->syn));
	if (!dump->settings->has_whatif)
		return;

	twscope_judge(b, &s->whatif, search, &j);
	put_judgement(row, &j, TWSCOPE_A_BUCKET_WHATIF_VERDICT,
		      TWSCOPE_A_BUCKET_WHATIF_WAIT_MS);
}

static u32 age_ms(const struct twscope_bucket *b)
{
	return max(b->age_ms, 0);
}

static u32 ts_recent_age_s(const struct twscope_bucket *b)
{
	s64 ms = max_t(s64, b->ts_recent_age_ms, 0);

	return div_u64(ms, MSEC_PER_SEC);
}

static void put_bucket(struct row *row, const struct twscope_bucket *b,
		       bool net_admin)
{
	put_u32(row, TWSCOPE_A_BUCKET_NETNS, b->netns);
	put_u32(row, TWSCOPE_A_BUCKET_FAMILY, b->family);
	put_address(row, TWSCOPE_A_BUCKET_LOCAL, b->family, &b->local);
	put_u32(row, TWSCOPE_A_BUCKET_LOCAL_PORT, b->local_port);
	put_address(row, TWSCOPE_A_BUCKET_REMOTE, b->family, &b->remote);
	put_u32(row, TWSCOPE_A_BUCKET_REMOTE_PORT, b->remote_port);
	put_u32(row, TWSCOPE_A_BUCKET_SUBSTATE, b->substate);
	put_u32(row, TWSCOPE_A_BUCKET_REMAINING_MS, b->remaining_ms);
	if (b->has_age)
		put_u32(row, TWSCOPE_A_BUCKET_AGE_MS, age_ms(b));
	if (b->has_ts)
		put_u32(row, TWSCOPE_A_BUCKET_TS_RECENT_AGE_S, ts_recent_age_s(b));
	if (net_admin)
		put_secrets(row, b);
	put_u32(row, TWSCOPE_A_BUCKET_IFINDEX, b->ifindex);
}

/* Of a namespace made since the dump began nobody has read what decides. */
static void put_unknown(struct row *row)
{
	put_u32(row, TWSCOPE_A_BUCKET_VERDICT, TWSCOPE_VERDICT_UNKNOWN);
	put_u32(row, TWSCOPE_A_BUCKET_BOUND_VERDICT, TWSCOPE_VERDICT_UNKNOWN);
}

static int fill_bucket(struct sk_buff *skb, struct netlink_callback *cb,
		       const struct bucket_dump *dump,
		       const struct twscope_setting *s,
		       const struct twscope_bucket *b)
{
	struct row row;
	void *hdr;

	hdr = twscope_netlink_begin(cb, skb, TWSCOPE_CMD_BUCKET_GET);
	if (!hdr)
		return -EMSGSIZE;
	if (skb_tailroom(skb) < ROW_MAX) {
		genlmsg_cancel(skb, hdr);
		return -EMSGSIZE;
	}

	row.end = skb_tail_pointer(skb);
	put_bucket(&row, b, dump->net_admin);
	if (s)
		put_verdicts(&row, dump, s, b);
	else
		put_unknown(&row);
	skb_put(skb, row.end - (void *)skb_tail_pointer(skb));
	genlmsg_end(skb, hdr);
	return 0;
}

int twscope_nl_bucket_get_dumpit(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	const struct twscope_setting *s = NULL;
	const struct twscope_bucket *b;
	struct bucket_dump *dump;
	int err;

	if (!bucket_ctx(cb)->dump) {
		err = bucket_dump_begin(cb);
		if (err)
			return err;
	}
	dump = bucket_ctx(cb)->dump;

	for (; !IS_ERR_OR_NULL(b = twscope_walk_peek(&dump->walk));
	     twscope_walk_advance(&dump->walk)) {
		if (!s || s->id != b->netns_id)
			s = twscope_settings_find(dump->settings, b->netns_id);
		if (!twscope_settings_match(dump->settings, s, &dump->filter, b))
			continue;
		if (fill_bucket(skb, cb, dump, s, b))
			return skb->len ?: -EMSGSIZE;
	}
	return IS_ERR(b) ? PTR_ERR(b) : skb->len;
}

int twscope_nl_bucket_get_done(struct netlink_callback *cb)
{
	struct bucket_dump *dump = bucket_ctx(cb)->dump;

	if (dump)
		bucket_dump_free(dump);
	return 0;
}
