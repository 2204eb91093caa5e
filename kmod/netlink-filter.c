// SPDX-License-Identifier: GPL-2.0
/*
 * The filter of a request, from attributes to terms.
 */

#include <linux/kernel.h>
#include <linux/netlink.h>
#include <linux/socket.h>
#include <net/genetlink.h>
#include <net/ipv6.h>

#include "compat/genetlink.h"
#include "compat/timewait.h"
#include "filter.h"
#include "netlink-gen.h"
#include "netlink.h"

#define IPV4_BITS	32
#define IPV6_BITS	128
/* Where the IPv4 address begins in the mapped form. */
#define MAPPED_BITS	(IPV6_BITS - IPV4_BITS)

static int parse_family(struct nlattr *attr, struct twscope_term *t,
			struct netlink_ext_ack *extack)
{
	u32 family = nla_get_u32(attr);

	t->value = family;
	if (family == AF_INET || family == AF_INET6)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, attr,
			    "family must be 2 (AF_INET) or 10 (AF_INET6)");
	return -EAFNOSUPPORT;
}

static int parse_prefix(struct nlattr *attr, struct nlattr *len_attr,
			struct twscope_term *t, struct netlink_ext_ack *extack)
{
	unsigned int bits;

	if (!attr) {
		NL_SET_ERR_MSG_ATTR(extack, len_attr,
				    "a prefix length needs the address it belongs to");
		return -EINVAL;
	}

	switch (nla_len(attr)) {
	case sizeof(struct in_addr):
		ipv6_addr_set_v4mapped(nla_get_in_addr(attr), &t->prefix);
		t->ipv4 = true;
		bits = IPV4_BITS;
		break;
	case sizeof(struct in6_addr):
		t->prefix = nla_get_in6_addr(attr);
		t->ipv4 = false;
		bits = IPV6_BITS;
		break;
	default:
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "an address has 4 bytes (IPv4) or 16 (IPv6)");
		return -EINVAL;
	}

	t->prefix_len = len_attr ? nla_get_u32(len_attr) : bits;
	if (t->prefix_len > bits) {
		NL_SET_ERR_MSG_ATTR(extack, len_attr,
				    "prefix longer than the address: at most 32 for IPv4, 128 for IPv6");
		return -ERANGE;
	}
	if (t->ipv4)
		t->prefix_len += MAPPED_BITS;
	return 0;
}

static int parse_ports(struct nlattr *min, struct nlattr *max,
		       struct twscope_term *t, struct netlink_ext_ack *extack)
{
	u32 low = min ? nla_get_u32(min) : 0;
	u32 high = max ? nla_get_u32(max) : U16_MAX;

	if (low > U16_MAX || high > U16_MAX) {
		NL_SET_ERR_MSG_ATTR(extack, high > U16_MAX ? max : min,
				    "a port is at most 65535");
		return -ERANGE;
	}
	t->port_min = low;
	t->port_max = high;
	if (low <= high)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, max,
			    "port range upside down: the minimum is above the maximum");
	return -ERANGE;
}

static int parse_ms(struct nlattr *min, struct nlattr *max,
		    struct twscope_term *t, struct netlink_ext_ack *extack)
{
	t->ms_min = min ? nla_get_u32(min) : 0;
	t->ms_max = max ? nla_get_u32(max) : U32_MAX;
	if (t->ms_min <= t->ms_max)
		return 0;

	NL_SET_ERR_MSG_ATTR(extack, max,
			    "range of time upside down: the minimum is above the maximum");
	return -ERANGE;
}

static int parse_age(struct nlattr *min, struct nlattr *max,
		     struct twscope_term *t, struct netlink_ext_ack *extack)
{
	if (twscope_compat_features() & TWSCOPE_FEATURE_ENTRY_STAMP)
		return parse_ms(min, max, t, extack);

	NL_SET_ERR_MSG_ATTR(extack, min ?: max,
			    "age: the buckets of this kernel keep no time of entry; remaining tells of their timer");
	return -EOPNOTSUPP;
}

/* Who may ask whether it is this one finds out which it is. */
static int parse_mark(struct nlattr *mark, struct nlattr *mask,
		      struct twscope_term *t, const struct twscope_nl_caps *caps,
		      struct netlink_ext_ack *extack)
{
	if (!mark) {
		NL_SET_ERR_MSG_ATTR(extack, mask,
				    "a mask needs the mark it belongs to");
		return -EINVAL;
	}
	if (!caps->net) {
		NL_SET_ERR_MSG_ATTR(extack, mark,
				    "mark: needs CAP_NET_ADMIN over the network namespace");
		return -EPERM;
	}
	t->mark = nla_get_u32(mark);
	t->mark_mask = mask ? nla_get_u32(mask) : U32_MAX;
	return 0;
}

/* Which condition a term's attributes stand for, -1 for "not" alone. */
static int kind_of(struct nlattr **tb, int *kinds)
{
	static const u8 kind_by_attr[TWSCOPE_A_TERM_MAX + 1] = {
		[TWSCOPE_A_TERM_FAMILY] = TWSCOPE_TERM_FAMILY,
		[TWSCOPE_A_TERM_SUBSTATE] = TWSCOPE_TERM_SUBSTATE,
		[TWSCOPE_A_TERM_LOCAL] = TWSCOPE_TERM_LOCAL,
		[TWSCOPE_A_TERM_LOCAL_PREFIX_LEN] = TWSCOPE_TERM_LOCAL,
		[TWSCOPE_A_TERM_REMOTE] = TWSCOPE_TERM_REMOTE,
		[TWSCOPE_A_TERM_REMOTE_PREFIX_LEN] = TWSCOPE_TERM_REMOTE,
		[TWSCOPE_A_TERM_LOCAL_PORT_MIN] = TWSCOPE_TERM_LOCAL_PORT,
		[TWSCOPE_A_TERM_LOCAL_PORT_MAX] = TWSCOPE_TERM_LOCAL_PORT,
		[TWSCOPE_A_TERM_REMOTE_PORT_MIN] = TWSCOPE_TERM_REMOTE_PORT,
		[TWSCOPE_A_TERM_REMOTE_PORT_MAX] = TWSCOPE_TERM_REMOTE_PORT,
		[TWSCOPE_A_TERM_VERDICT] = TWSCOPE_TERM_VERDICT,
		[TWSCOPE_A_TERM_REMAINING_MIN_MS] = TWSCOPE_TERM_REMAINING,
		[TWSCOPE_A_TERM_REMAINING_MAX_MS] = TWSCOPE_TERM_REMAINING,
		[TWSCOPE_A_TERM_AGE_MIN_MS] = TWSCOPE_TERM_AGE,
		[TWSCOPE_A_TERM_AGE_MAX_MS] = TWSCOPE_TERM_AGE,
		[TWSCOPE_A_TERM_MARK] = TWSCOPE_TERM_MARK,
		[TWSCOPE_A_TERM_MARK_MASK] = TWSCOPE_TERM_MARK,
		[TWSCOPE_A_TERM_IFINDEX] = TWSCOPE_TERM_IFINDEX,
	};
	unsigned long seen = 0;
	int attr, kind = -1;

	for (attr = TWSCOPE_A_TERM_NOT + 1; attr <= TWSCOPE_A_TERM_MAX; attr++) {
		if (!tb[attr])
			continue;
		kind = kind_by_attr[attr];
		seen |= BIT(kind);
	}
	*kinds = hweight_long(seen);
	return kind;
}

static int parse_term(struct nlattr *attr, struct twscope_term *t,
		      const struct twscope_nl_caps *caps,
		      struct netlink_ext_ack *extack)
{
	struct nlattr *tb[TWSCOPE_A_TERM_MAX + 1];
	int err, kind, kinds;

	err = nla_parse_nested(tb, TWSCOPE_A_TERM_MAX, attr,
			       twscope_term_nl_policy, extack);
	if (err)
		return err;

	kind = kind_of(tb, &kinds);
	if (kinds != 1) {
		NL_SET_ERR_MSG_ATTR(extack, attr,
				    "a term needs exactly one condition: family, substate, local, remote, a range of local or of remote ports, verdict, a range of remaining or of age, mark or ifindex");
		return -EINVAL;
	}

	*t = (struct twscope_term) {
		.kind = kind,
		.negate = nla_get_flag(tb[TWSCOPE_A_TERM_NOT]),
	};

	switch (t->kind) {
	case TWSCOPE_TERM_FAMILY:
		return parse_family(tb[TWSCOPE_A_TERM_FAMILY], t, extack);
	case TWSCOPE_TERM_SUBSTATE:
		t->value = nla_get_u32(tb[TWSCOPE_A_TERM_SUBSTATE]);
		return 0;
	case TWSCOPE_TERM_LOCAL:
		return parse_prefix(tb[TWSCOPE_A_TERM_LOCAL],
				    tb[TWSCOPE_A_TERM_LOCAL_PREFIX_LEN],
				    t, extack);
	case TWSCOPE_TERM_REMOTE:
		return parse_prefix(tb[TWSCOPE_A_TERM_REMOTE],
				    tb[TWSCOPE_A_TERM_REMOTE_PREFIX_LEN],
				    t, extack);
	case TWSCOPE_TERM_LOCAL_PORT:
		return parse_ports(tb[TWSCOPE_A_TERM_LOCAL_PORT_MIN],
				   tb[TWSCOPE_A_TERM_LOCAL_PORT_MAX],
				   t, extack);
	case TWSCOPE_TERM_REMOTE_PORT:
		return parse_ports(tb[TWSCOPE_A_TERM_REMOTE_PORT_MIN],
				   tb[TWSCOPE_A_TERM_REMOTE_PORT_MAX],
				   t, extack);
	case TWSCOPE_TERM_VERDICT:
		t->value = nla_get_u32(tb[TWSCOPE_A_TERM_VERDICT]);
		return 0;
	case TWSCOPE_TERM_REMAINING:
		return parse_ms(tb[TWSCOPE_A_TERM_REMAINING_MIN_MS],
				tb[TWSCOPE_A_TERM_REMAINING_MAX_MS], t, extack);
	case TWSCOPE_TERM_AGE:
		return parse_age(tb[TWSCOPE_A_TERM_AGE_MIN_MS],
				 tb[TWSCOPE_A_TERM_AGE_MAX_MS], t, extack);
	case TWSCOPE_TERM_MARK:
		return parse_mark(tb[TWSCOPE_A_TERM_MARK],
				  tb[TWSCOPE_A_TERM_MARK_MASK], t, caps, extack);
	default:
		t->value = nla_get_u32(tb[TWSCOPE_A_TERM_IFINDEX]);
		return 0;
	}
}

static int parse_clause(struct nlattr *clause, struct twscope_filter *filter,
			const struct twscope_nl_caps *caps,
			struct netlink_ext_ack *extack)
{
	unsigned int first = filter->n;
	struct nlattr *attr;
	int rem, err;

	nla_for_each_nested(attr, clause, rem) {
		if (filter->n == ARRAY_SIZE(filter->terms)) {
			NL_SET_ERR_MSG_ATTR(extack, attr,
					    "filter too long: at most 64 terms in all");
			return -E2BIG;
		}
		err = parse_term(attr, &filter->terms[filter->n], caps, extack);
		if (err)
			return err;
		if (filter->terms[filter->n].kind == TWSCOPE_TERM_VERDICT)
			filter->asks_verdict = true;
		filter->n++;
	}

	if (filter->n == first) {
		NL_SET_ERR_MSG_ATTR(extack, clause,
				    "a clause needs at least one term");
		return -EINVAL;
	}
	filter->terms[filter->n - 1].last = true;
	return 0;
}

/**
 * twscope_netlink_filter() - read the filter of a request
 * @nlh: the request, which has passed the policy
 * @attrtype: the attribute that holds a clause; there may be several
 * @filter: where to
 * @caps: what the request's sender may see
 * @extack: where a text goes that says what was wrong
 *
 * Context: process.
 * Return: 0; or -EINVAL, -ERANGE, -EAFNOSUPPORT, -EOPNOTSUPP, -EPERM or -E2BIG,
 * with that text.
 */
int twscope_netlink_filter(const struct nlmsghdr *nlh, int attrtype,
			   struct twscope_filter *filter,
			   const struct twscope_nl_caps *caps,
			   struct netlink_ext_ack *extack)
{
	struct nlattr *attr;
	int rem, err;

	BUILD_BUG_ON(TWSCOPE_MAX_TERMS != 64); /* the text above says so */

	filter->n = 0;
	filter->asks_verdict = false;
	nlmsg_for_each_attr(attr, nlh, GENL_HDRLEN, rem) {
		if (nla_type(attr) != attrtype)
			continue;
		err = parse_clause(attr, filter, caps, extack);
		if (err)
			return err;
	}
	return 0;
}
