// SPDX-License-Identifier: GPL-2.0
/*
 * Rows of buckets. There may be a million, so each attribute goes straight to
 * its place; only where something is wrong is it found out what.
 */
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>

#include "nl_parts.h"

#define WHAT "bucket-get"

static const struct attr_spec bucket_spec[] = {
	[TWSCOPE_A_BUCKET_NETNS]	   = A_U32("netns"),
	[TWSCOPE_A_BUCKET_FAMILY]	   = A_U32("family"),
	[TWSCOPE_A_BUCKET_LOCAL]	   = A_ADDR("local"),
	[TWSCOPE_A_BUCKET_LOCAL_PORT]	   = A_U32("local-port"),
	[TWSCOPE_A_BUCKET_REMOTE]	   = A_ADDR("remote"),
	[TWSCOPE_A_BUCKET_REMOTE_PORT]	   = A_U32("remote-port"),
	[TWSCOPE_A_BUCKET_SUBSTATE]	   = A_U32("substate"),
	[TWSCOPE_A_BUCKET_REMAINING_MS]	   = A_U32("remaining-ms"),
	[TWSCOPE_A_BUCKET_AGE_MS]	   = A_OPT_U32("age-ms"),
	[TWSCOPE_A_BUCKET_TS_RECENT]	   = A_OPT_U32("ts-recent"),
	[TWSCOPE_A_BUCKET_TS_RECENT_AGE_S] = A_OPT_U32("ts-recent-age-s"),
	[TWSCOPE_A_BUCKET_RCV_NXT]	   = A_OPT_U32("rcv-nxt"),
	[TWSCOPE_A_BUCKET_SND_NXT]	   = A_OPT_U32("snd-nxt"),
	[TWSCOPE_A_BUCKET_MARK]		   = A_OPT_U32("mark"),
	[TWSCOPE_A_BUCKET_IFINDEX]	   = A_U32("ifindex"),
	[TWSCOPE_A_BUCKET_VERDICT]	   = A_U32("verdict"),
	[TWSCOPE_A_BUCKET_WAIT_MS]	   = A_OPT_U32("wait-ms"),
	[TWSCOPE_A_BUCKET_BOUND_VERDICT]   = A_U32("bound-verdict"),
	[TWSCOPE_A_BUCKET_WHATIF_VERDICT]  = A_OPT_U32("whatif-verdict"),
	[TWSCOPE_A_BUCKET_WHATIF_WAIT_MS]  = A_OPT_U32("whatif-wait-ms"),
	[TWSCOPE_A_BUCKET_SYN_VERDICT]	   = A_OPT_U32("syn-verdict"),
	[TWSCOPE_A_BUCKET_CONDITIONS_ASKED] = A_OPT_U32("conditions-asked"),
	[TWSCOPE_A_BUCKET_CONDITIONS_HELD] = A_OPT_U32("conditions-held"),
	[TWSCOPE_A_BUCKET_SYN_SEQ]	   = A_OPT_U32("syn-seq"),
	[TWSCOPE_A_BUCKET_SYN_TSVAL]	   = A_OPT_U32("syn-tsval"),
	[TWSCOPE_A_BUCKET_RCV_WND]	   = A_OPT_U32("rcv-wnd"),
	[TWSCOPE_A_BUCKET_ANSWER_IN_MS]	   = A_OPT_U32("answer-in-ms"),
};

#define SEEN(type) (1ULL << (type))

/* Those of bucket_spec[] that are not optional. */
static const uint64_t required =
	SEEN(TWSCOPE_A_BUCKET_NETNS) | SEEN(TWSCOPE_A_BUCKET_FAMILY) |
	SEEN(TWSCOPE_A_BUCKET_LOCAL) | SEEN(TWSCOPE_A_BUCKET_LOCAL_PORT) |
	SEEN(TWSCOPE_A_BUCKET_REMOTE) | SEEN(TWSCOPE_A_BUCKET_REMOTE_PORT) |
	SEEN(TWSCOPE_A_BUCKET_SUBSTATE) | SEEN(TWSCOPE_A_BUCKET_REMAINING_MS) |
	SEEN(TWSCOPE_A_BUCKET_IFINDEX) | SEEN(TWSCOPE_A_BUCKET_VERDICT) |
	SEEN(TWSCOPE_A_BUCKET_BOUND_VERDICT);

/* Of an attribute of four bytes; what a newer module adds is passed over. */
static inline bool take_number(struct tws_bucket *b, unsigned int type,
			       uint32_t v)
{
	switch (type) {
	case TWSCOPE_A_BUCKET_FAMILY:
		b->family = (uint16_t)v;
		return v == AF_INET || v == AF_INET6;
	case TWSCOPE_A_BUCKET_LOCAL:
		memcpy(b->local, &v, sizeof(v));
		return b->family == AF_INET;
	case TWSCOPE_A_BUCKET_LOCAL_PORT:
		b->local_port = (uint16_t)v;
		return v <= UINT16_MAX;
	case TWSCOPE_A_BUCKET_REMOTE:
		memcpy(b->remote, &v, sizeof(v));
		return b->family == AF_INET;
	case TWSCOPE_A_BUCKET_REMOTE_PORT:
		b->remote_port = (uint16_t)v;
		return v <= UINT16_MAX;
	case TWSCOPE_A_BUCKET_SUBSTATE:
		b->substate = (uint8_t)v;
		return true;
	case TWSCOPE_A_BUCKET_NETNS:
		b->netns = v;
		return true;
	case TWSCOPE_A_BUCKET_REMAINING_MS:
		b->remaining_ms = v;
		return true;
	case TWSCOPE_A_BUCKET_AGE_MS:
		b->age_ms = v;
		b->has_age = true;
		return true;
	case TWSCOPE_A_BUCKET_TS_RECENT:
		b->ts_recent = v;
		b->has_ts_recent = true;
		return true;
	case TWSCOPE_A_BUCKET_TS_RECENT_AGE_S:
		b->ts_recent_age_s = v;
		b->has_ts_recent_age = true;
		return true;
	case TWSCOPE_A_BUCKET_RCV_NXT:
		b->rcv_nxt = v;
		b->has_rcv_nxt = true;
		return true;
	case TWSCOPE_A_BUCKET_SND_NXT:
		b->snd_nxt = v;
		b->has_snd_nxt = true;
		return true;
	case TWSCOPE_A_BUCKET_MARK:
		b->mark = v;
		b->has_mark = true;
		return true;
	case TWSCOPE_A_BUCKET_IFINDEX:
		b->ifindex = v;
		return true;
	case TWSCOPE_A_BUCKET_VERDICT:
		b->verdict = v;
		return true;
	case TWSCOPE_A_BUCKET_WAIT_MS:
		b->wait_ms = v;
		b->has_wait = true;
		return true;
	case TWSCOPE_A_BUCKET_BOUND_VERDICT:
		b->bound_verdict = v;
		return true;
	case TWSCOPE_A_BUCKET_WHATIF_VERDICT:
		b->whatif_verdict = v;
		b->has_whatif = true;
		return true;
	case TWSCOPE_A_BUCKET_WHATIF_WAIT_MS:
		b->whatif_wait_ms = v;
		b->has_whatif_wait = true;
		return true;
	case TWSCOPE_A_BUCKET_SYN_VERDICT:
		b->syn_verdict = v;
		b->has_syn_verdict = true;
		return true;
	case TWSCOPE_A_BUCKET_CONDITIONS_ASKED:
		b->conditions_asked = v;
		return true;
	case TWSCOPE_A_BUCKET_CONDITIONS_HELD:
		b->conditions_held = v;
		b->has_conditions = true;
		return true;
	case TWSCOPE_A_BUCKET_SYN_SEQ:
		b->syn_seq = v;
		b->has_syn_seq = true;
		return true;
	case TWSCOPE_A_BUCKET_SYN_TSVAL:
		b->syn_tsval = v;
		b->has_syn_tsval = true;
		return true;
	case TWSCOPE_A_BUCKET_RCV_WND:
		b->rcv_wnd = v;
		b->has_rcv_wnd = true;
		return true;
	case TWSCOPE_A_BUCKET_ANSWER_IN_MS:
		b->answer_in_ms = v;
		b->has_answer_in = true;
		return true;
	}
	return true;
}

/* Of an attribute of any other length: only an IPv6 address has one. */
static bool take_rest(struct tws_bucket *b, unsigned int type,
		      const struct nlattr *a)
{
	uint8_t *to = type == TWSCOPE_A_BUCKET_LOCAL ? b->local : b->remote;

	if (type >= ARRAY_SIZE(bucket_spec) || !bucket_spec[type].name)
		return true;
	if (type != TWSCOPE_A_BUCKET_LOCAL && type != TWSCOPE_A_BUCKET_REMOTE)
		return false;
	if (b->family != AF_INET6 || a->nla_len != NLA_HDRLEN + 16)
		return false;
	memcpy(to, a + 1, 16);
	return true;
}

/*
 * Whether all was as it should be, and the family before the addresses, as the
 * module sends it.
 */
static bool take_all(const void *attrs, size_t len, struct tws_bucket *b)
{
	const struct nlattr *a = attrs;
	unsigned int type;
	uint64_t seen = 0;
	size_t step;

	memset(b, 0, sizeof(*b));
	while (len >= NLA_HDRLEN && a->nla_len >= NLA_HDRLEN && a->nla_len <= len) {
		type = a->nla_type & NLA_TYPE_MASK;
		if (!(a->nla_len == NLA_HDRLEN + sizeof(uint32_t) ?
		      take_number(b, type, twnl_u32(a)) : take_rest(b, type, a)))
			return false;
		if (type < ARRAY_SIZE(bucket_spec))
			seen |= SEEN(type);
		step = NLA_ALIGN(a->nla_len);
		len -= step < len ? step : len;
		a = (const void *)((const char *)a + step);
	}
	return !len && (seen & required) == required;
}

/* Says what it was; always -1. */
static int say_what_is_wrong(const void *attrs, size_t len, char *err,
			     size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(bucket_spec)];
	uint8_t addr[16];
	uint16_t v;

	if (twnl_parse_attrs(attrs, len, bucket_spec, ARRAY_SIZE(bucket_spec), tb,
			     WHAT, err, size) < 0 ||
	    twnl_get_family(&v, tb[TWSCOPE_A_BUCKET_FAMILY], WHAT, err,
			    size) < 0 ||
	    twnl_get_address(addr, tb[TWSCOPE_A_BUCKET_LOCAL], v, WHAT, "local",
			     err, size) < 0 ||
	    twnl_get_address(addr, tb[TWSCOPE_A_BUCKET_REMOTE], v, WHAT,
			     "remote", err, size) < 0 ||
	    twnl_get_port(&v, tb[TWSCOPE_A_BUCKET_LOCAL_PORT], WHAT,
			  "local-port", err, size) < 0 ||
	    twnl_get_port(&v, tb[TWSCOPE_A_BUCKET_REMOTE_PORT], WHAT,
			  "remote-port", err, size) < 0)
		return -1;
	return twnl_say(err, size, "the module's " WHAT " reply is wrong");
}

int twnl_parse_bucket(const void *attrs, size_t len, struct tws_bucket *b,
		      char *err, size_t size)
{
	if (take_all(attrs, len, b))
		return 0;
	return say_what_is_wrong(attrs, len, err, size);
}
