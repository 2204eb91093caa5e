// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>

#include "nl.h"

/*
 * The kernel makes the messages of a dump as large as the buffers it was read
 * with before, up to 32 KiB.
 */
#define RECV_SIZE	(64 * 1024)
/* more than the longest filter: 64 clauses of one term with an IPv6 prefix */
#define REQUEST_SIZE	(16 * 1024)

struct twnl {
	int fd;
	uint16_t family;
	uint32_t seq;
	bool inconsistent;
	const volatile sig_atomic_t *stop;
	void *buf;
	/* what the kernel answered last, as an errno; 0 for any other failure */
	int kernel_errno;
	char err[512];
};

/* What a reply is read by: returns as the calls of nl.h do. */
typedef int (*record_fn)(struct twnl *nl, const void *attrs, size_t len,
			 void *ctx);

static int say(char *err, size_t size, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

static int say(char *err, size_t size, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(err, size, fmt, ap);
	va_end(ap);
	return -1;
}

/* Attributes */

struct attr_spec {
	const char *name;
	uint16_t min;
	uint16_t max;
	uint16_t unit;
	bool optional;
	bool string;
};

#define A_FIXED(n, bytes) { .name = n, .min = bytes, .max = bytes }
#define A_FIXED_OPT(n, bytes) \
	{ .name = n, .min = bytes, .max = bytes, .optional = true }
#define A_U16(n)	A_FIXED(n, 2)
#define A_U32(n)	A_FIXED(n, 4)
#define A_U64(n)	A_FIXED(n, 8)
#define A_OPT_U32(n)	A_FIXED_OPT(n, 4)
#define A_FLAG(n)	{ .name = n, .max = UINT16_MAX, .optional = true }
#define A_U32S(n)	{ .name = n, .max = UINT16_MAX, .unit = 4 }
#define A_NEST(n)	{ .name = n, .max = UINT16_MAX }
#define A_ADDR(n)	{ .name = n, .min = 4, .max = 16, .unit = 4 }
#define A_STRING(n)	{ .name = n, .min = 1, .max = UINT16_MAX, .string = true }

static const struct attr_spec info_spec[] = {
	[TWSCOPE_A_INFO_VERSION]	 = A_STRING("version"),
	[TWSCOPE_A_INFO_KERNEL]		 = A_STRING("kernel"),
	[TWSCOPE_A_INFO_BUILT_FOR]	 = A_STRING("built-for"),
	[TWSCOPE_A_INFO_FEATURES]	 = A_U32("features"),
	[TWSCOPE_A_INFO_TIMEWAIT_LEN_MS] = A_U32("timewait-len-ms"),
	[TWSCOPE_A_INFO_BUCKET_BYTES]	 = A_U32("bucket-bytes"),
	[TWSCOPE_A_INFO_HZ]		 = A_U32("hz"),
};

static const struct attr_spec sysctls_spec[] = {
	[TWSCOPE_A_SYSCTLS_TCP_TW_REUSE] = A_U32("tcp-tw-reuse"),
	[TWSCOPE_A_SYSCTLS_TCP_TW_REUSE_DELAY] = A_OPT_U32("tcp-tw-reuse-delay"),
	[TWSCOPE_A_SYSCTLS_TCP_TIMESTAMPS] = A_U32("tcp-timestamps"),
	[TWSCOPE_A_SYSCTLS_TCP_MAX_TW_BUCKETS] = A_U32("tcp-max-tw-buckets"),
	[TWSCOPE_A_SYSCTLS_TCP_FIN_TIMEOUT] = A_U32("tcp-fin-timeout"),
	[TWSCOPE_A_SYSCTLS_TCP_RFC1337] = A_U32("tcp-rfc1337"),
	[TWSCOPE_A_SYSCTLS_TCP_INVALID_RATELIMIT] =
		A_U32("tcp-invalid-ratelimit"),
	[TWSCOPE_A_SYSCTLS_TCP_CHILD_EHASH_ENTRIES] =
		A_OPT_U32("tcp-child-ehash-entries"),
	[TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MIN] =
		A_U32("ip-local-port-range-min"),
	[TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MAX] =
		A_U32("ip-local-port-range-max"),
	[TWSCOPE_A_SYSCTLS_IP_LOCAL_RESERVED_PORTS] =
		A_U32("ip-local-reserved-ports"),
	[TWSCOPE_A_SYSCTLS_IP_AUTOBIND_REUSE] = A_U32("ip-autobind-reuse"),
};

static const struct attr_spec summary_spec[] = {
	[TWSCOPE_A_SUMMARY_NETNS]	   = A_U32("netns"),
	[TWSCOPE_A_SUMMARY_TOTAL]	   = A_U32("total"),
	[TWSCOPE_A_SUMMARY_TIMEWAIT]	   = A_U32("timewait"),
	[TWSCOPE_A_SUMMARY_FIN_WAIT2]	   = A_U32("fin-wait2"),
	[TWSCOPE_A_SUMMARY_IPV4]	   = A_U32("ipv4"),
	[TWSCOPE_A_SUMMARY_IPV6]	   = A_U32("ipv6"),
	[TWSCOPE_A_SUMMARY_IPV4_MAPPED]	   = A_U32("ipv4-mapped"),
	[TWSCOPE_A_SUMMARY_KERNEL_COUNT]   = A_U32("kernel-count"),
	[TWSCOPE_A_SUMMARY_KERNEL_COUNT_BEFORE] = A_U32("kernel-count-before"),
	[TWSCOPE_A_SUMMARY_WALK_US]	   = A_U32("walk-us"),
	[TWSCOPE_A_SUMMARY_LIMIT]	   = A_U32("limit"),
	[TWSCOPE_A_SUMMARY_BYTES]	   = A_U64("bytes"),
	[TWSCOPE_A_SUMMARY_REMAINING_HIST] = A_U32S("remaining-hist"),
	[TWSCOPE_A_SUMMARY_CLOSES_HIST]	   = A_U32S("closes-hist"),
	[TWSCOPE_A_SUMMARY_EHASH_ENTRIES]  = A_U32("ehash-entries"),
	[TWSCOPE_A_SUMMARY_EHASH_PERNET]   = A_FLAG("ehash-pernet"),
	[TWSCOPE_A_SUMMARY_SYSCTLS]	   = A_NEST("sysctls"),
};

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
};

static const struct attr_spec family_spec[] = {
	[CTRL_ATTR_FAMILY_ID]	= A_U16("family-id"),
	[CTRL_ATTR_VERSION]	= A_U32("version"),
};

static int check_attr(const struct attr_spec *spec, const struct nlattr *a,
		      const char *what, char *err, size_t size)
{
	unsigned int len = (unsigned int)nla_len(a);

	if (len < spec->min || len > spec->max ||
	    (spec->unit && len % spec->unit))
		return say(err, size,
			   "the module's %s reply is wrong: attribute %s has %u bytes",
			   what, spec->name, len);
	if (spec->string && !memchr(nla_data(a), '\0', len))
		return say(err, size,
			   "the module's %s reply is wrong: attribute %s is not a string",
			   what, spec->name);
	return 0;
}

/*
 * nla_parse() would not say which attribute it dislikes, which is what one
 * wants to know of a reply. @tb has @n entries, as @spec does; an entry of
 * @spec without a name is an attribute that replies do not use. What is beyond
 * @n belongs to a newer module and is ignored.
 */
static int parse_attrs(const void *attrs, size_t len,
		       const struct attr_spec *spec, size_t n,
		       const struct nlattr **tb, const char *what,
		       char *err, size_t size)
{
	const struct nlattr *a = attrs;
	int rem = (int)len;
	size_t type;

	memset(tb, 0, n * sizeof(*tb));
	for (; nla_ok(a, rem); a = nla_next(a, &rem)) {
		type = (size_t)nla_type(a);
		if (type >= n || !spec[type].name)
			continue;
		if (check_attr(&spec[type], a, what, err, size) < 0)
			return -1;
		tb[type] = a;
	}
	if (rem > 0)
		return say(err, size,
			   "the module's %s reply is wrong: %d bytes at its end are no attribute",
			   what, rem);
	for (type = 0; type < n; type++)
		if (spec[type].name && !spec[type].optional && !tb[type])
			return say(err, size,
				   "the module's %s reply is wrong: attribute %s is missing",
				   what, spec[type].name);
	return 0;
}

static void get_string(char *to, size_t size, const struct nlattr *a)
{
	snprintf(to, size, "%s", (const char *)nla_data(a));
}

int twnl_parse_info(const void *attrs, size_t len, struct tws_info *info,
		  char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(info_spec)];

	if (parse_attrs(attrs, len, info_spec, ARRAY_SIZE(info_spec), tb,
			"info-get", err, size) < 0)
		return -1;
	memset(info, 0, sizeof(*info));
	get_string(info->version, sizeof(info->version),
		   tb[TWSCOPE_A_INFO_VERSION]);
	get_string(info->kernel, sizeof(info->kernel),
		   tb[TWSCOPE_A_INFO_KERNEL]);
	get_string(info->built_for, sizeof(info->built_for),
		   tb[TWSCOPE_A_INFO_BUILT_FOR]);
	info->features = nla_get_u32(tb[TWSCOPE_A_INFO_FEATURES]);
	info->timewait_len_ms = nla_get_u32(tb[TWSCOPE_A_INFO_TIMEWAIT_LEN_MS]);
	info->bucket_bytes = nla_get_u32(tb[TWSCOPE_A_INFO_BUCKET_BYTES]);
	info->hz = nla_get_u32(tb[TWSCOPE_A_INFO_HZ]);
	return 0;
}

static int parse_sysctls(const struct nlattr *nest, struct tws_sysctls *s,
			 char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(sysctls_spec)], *a;

	if (parse_attrs(nla_data(nest), (size_t)nla_len(nest), sysctls_spec,
			ARRAY_SIZE(sysctls_spec), tb, "summary-get", err,
			size) < 0)
		return -1;
	memset(s, 0, sizeof(*s));
	s->tcp_tw_reuse = nla_get_u32(tb[TWSCOPE_A_SYSCTLS_TCP_TW_REUSE]);
	s->tcp_timestamps = nla_get_u32(tb[TWSCOPE_A_SYSCTLS_TCP_TIMESTAMPS]);
	s->tcp_max_tw_buckets =
		nla_get_u32(tb[TWSCOPE_A_SYSCTLS_TCP_MAX_TW_BUCKETS]);
	s->tcp_fin_timeout = nla_get_u32(tb[TWSCOPE_A_SYSCTLS_TCP_FIN_TIMEOUT]);
	s->tcp_rfc1337 = nla_get_u32(tb[TWSCOPE_A_SYSCTLS_TCP_RFC1337]);
	s->tcp_invalid_ratelimit =
		nla_get_u32(tb[TWSCOPE_A_SYSCTLS_TCP_INVALID_RATELIMIT]);
	s->ip_local_port_range_min =
		(uint16_t)nla_get_u32(tb[TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MIN]);
	s->ip_local_port_range_max =
		(uint16_t)nla_get_u32(tb[TWSCOPE_A_SYSCTLS_IP_LOCAL_PORT_RANGE_MAX]);
	s->ip_local_reserved_ports =
		nla_get_u32(tb[TWSCOPE_A_SYSCTLS_IP_LOCAL_RESERVED_PORTS]);
	s->ip_autobind_reuse =
		nla_get_u32(tb[TWSCOPE_A_SYSCTLS_IP_AUTOBIND_REUSE]);

	a = tb[TWSCOPE_A_SYSCTLS_TCP_TW_REUSE_DELAY];
	s->has_tcp_tw_reuse_delay = a;
	s->tcp_tw_reuse_delay = a ? nla_get_u32(a) : 0;
	a = tb[TWSCOPE_A_SYSCTLS_TCP_CHILD_EHASH_ENTRIES];
	s->has_tcp_child_ehash_entries = a;
	s->tcp_child_ehash_entries = a ? nla_get_u32(a) : 0;
	return 0;
}

static struct tws_hist get_hist(const struct nlattr *a)
{
	return (struct tws_hist){
		.slot = nla_data(a),
		.n = (unsigned int)nla_len(a) / sizeof(uint32_t),
	};
}

int twnl_parse_summary(const void *attrs, size_t len, struct tws_summary *s,
		     char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(summary_spec)];

	if (parse_attrs(attrs, len, summary_spec, ARRAY_SIZE(summary_spec), tb,
			"summary-get", err, size) < 0)
		return -1;
	memset(s, 0, sizeof(*s));
	s->netns = nla_get_u32(tb[TWSCOPE_A_SUMMARY_NETNS]);
	s->total = nla_get_u32(tb[TWSCOPE_A_SUMMARY_TOTAL]);
	s->timewait = nla_get_u32(tb[TWSCOPE_A_SUMMARY_TIMEWAIT]);
	s->fin_wait2 = nla_get_u32(tb[TWSCOPE_A_SUMMARY_FIN_WAIT2]);
	s->ipv4 = nla_get_u32(tb[TWSCOPE_A_SUMMARY_IPV4]);
	s->ipv6 = nla_get_u32(tb[TWSCOPE_A_SUMMARY_IPV6]);
	s->ipv4_mapped = nla_get_u32(tb[TWSCOPE_A_SUMMARY_IPV4_MAPPED]);
	s->kernel_count = nla_get_u32(tb[TWSCOPE_A_SUMMARY_KERNEL_COUNT]);
	s->kernel_count_before =
		nla_get_u32(tb[TWSCOPE_A_SUMMARY_KERNEL_COUNT_BEFORE]);
	s->walk_us = nla_get_u32(tb[TWSCOPE_A_SUMMARY_WALK_US]);
	s->limit = nla_get_u32(tb[TWSCOPE_A_SUMMARY_LIMIT]);
	s->bytes = nla_get_u64(tb[TWSCOPE_A_SUMMARY_BYTES]);
	s->remaining = get_hist(tb[TWSCOPE_A_SUMMARY_REMAINING_HIST]);
	s->closes = get_hist(tb[TWSCOPE_A_SUMMARY_CLOSES_HIST]);
	s->ehash_entries = nla_get_u32(tb[TWSCOPE_A_SUMMARY_EHASH_ENTRIES]);
	s->ehash_pernet = tb[TWSCOPE_A_SUMMARY_EHASH_PERNET];
	return parse_sysctls(tb[TWSCOPE_A_SUMMARY_SYSCTLS], &s->sysctls, err,
			     size);
}

static int get_address(uint8_t *to, const struct nlattr *a, uint16_t family,
		       const char *name, char *err, size_t size)
{
	int len = family == AF_INET ? 4 : 16;

	if (nla_len(a) != len)
		return say(err, size,
			   "the module's bucket-get reply is wrong: attribute %s has %d bytes for family %u",
			   name, nla_len(a), family);
	memcpy(to, nla_data(a), (size_t)len);
	return 0;
}

static int get_port(uint16_t *to, const struct nlattr *a, const char *name,
		    char *err, size_t size)
{
	uint32_t port = nla_get_u32(a);

	if (port > UINT16_MAX)
		return say(err, size,
			   "the module's bucket-get reply is wrong: attribute %s is %u",
			   name, port);
	*to = (uint16_t)port;
	return 0;
}

int twnl_parse_bucket(const void *attrs, size_t len, struct tws_bucket *b,
		    char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(bucket_spec)], *a;

	if (parse_attrs(attrs, len, bucket_spec, ARRAY_SIZE(bucket_spec), tb,
			"bucket-get", err, size) < 0)
		return -1;
	memset(b, 0, sizeof(*b));
	b->netns = nla_get_u32(tb[TWSCOPE_A_BUCKET_NETNS]);
	b->family = (uint16_t)nla_get_u32(tb[TWSCOPE_A_BUCKET_FAMILY]);
	if (b->family != AF_INET && b->family != AF_INET6)
		return say(err, size,
			   "the module's bucket-get reply is wrong: family %u is unknown",
			   b->family);
	if (get_address(b->local, tb[TWSCOPE_A_BUCKET_LOCAL], b->family,
			"local", err, size) < 0 ||
	    get_address(b->remote, tb[TWSCOPE_A_BUCKET_REMOTE], b->family,
			"remote", err, size) < 0)
		return -1;
	if (get_port(&b->local_port, tb[TWSCOPE_A_BUCKET_LOCAL_PORT],
		     "local-port", err, size) < 0 ||
	    get_port(&b->remote_port, tb[TWSCOPE_A_BUCKET_REMOTE_PORT],
		     "remote-port", err, size) < 0)
		return -1;
	b->substate = (uint8_t)nla_get_u32(tb[TWSCOPE_A_BUCKET_SUBSTATE]);
	b->remaining_ms = nla_get_u32(tb[TWSCOPE_A_BUCKET_REMAINING_MS]);
	b->ifindex = nla_get_u32(tb[TWSCOPE_A_BUCKET_IFINDEX]);

	a = tb[TWSCOPE_A_BUCKET_AGE_MS];
	b->has_age = a;
	b->age_ms = a ? nla_get_u32(a) : 0;
	a = tb[TWSCOPE_A_BUCKET_TS_RECENT];
	b->has_ts_recent = a;
	b->ts_recent = a ? nla_get_u32(a) : 0;
	a = tb[TWSCOPE_A_BUCKET_TS_RECENT_AGE_S];
	b->has_ts_recent_age = a;
	b->ts_recent_age_s = a ? nla_get_u32(a) : 0;
	a = tb[TWSCOPE_A_BUCKET_RCV_NXT];
	b->has_rcv_nxt = a;
	b->rcv_nxt = a ? nla_get_u32(a) : 0;
	a = tb[TWSCOPE_A_BUCKET_SND_NXT];
	b->has_snd_nxt = a;
	b->snd_nxt = a ? nla_get_u32(a) : 0;
	a = tb[TWSCOPE_A_BUCKET_MARK];
	b->has_mark = a;
	b->mark = a ? nla_get_u32(a) : 0;
	return 0;
}

/* Requests */

static struct nl_msg *new_request(struct twnl *nl, uint16_t family, uint8_t cmd,
				  uint8_t version, int flags)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_SIZE);

	if (!msg)
		return NULL;
	/* port 0: the kernel knows the sender by the socket */
	if (!genlmsg_put(msg, 0, ++nl->seq, family, 0, NLM_F_REQUEST | flags,
			 cmd, version)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

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
	}
	nla_nest_end(msg, nest);
	return ret;
}

static int put_bucket_request(struct nl_msg *msg, const struct tws_filter *f,
			      bool all_netns)
{
	unsigned int clause, i = 0;
	struct nlattr *nest;

	for (clause = 0; f && clause < f->n_clauses; clause++) {
		nest = nla_nest_start(msg, TWSCOPE_A_BUCKET_FILTER);
		if (!nest)
			return -1;
		for (; i < f->clause_end[clause]; i++)
			if (put_term(msg, &f->term[i]))
				return -1;
		nla_nest_end(msg, nest);
	}
	return all_netns ? nla_put_flag(msg, TWSCOPE_A_BUCKET_ALL_NETNS) : 0;
}

ssize_t twnl_bucket_request(const struct tws_filter *f, bool all_netns, void *buf,
			  size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(REQUEST_SIZE);
	ssize_t len = -1;

	if (!msg)
		return -1;
	if (!put_bucket_request(msg, f, all_netns)) {
		len = nlmsg_datalen(nlmsg_hdr(msg));
		if ((size_t)len <= size)
			memcpy(buf, nlmsg_data(nlmsg_hdr(msg)), (size_t)len);
		else
			len = -1;
	}
	nlmsg_free(msg);
	return len;
}

/* Exchange */

/* The kernel's own words in @attrs, or NULL. */
static const char *extack_text(const void *attrs, int len)
{
	const struct nlattr *a = attrs;

	for (; nla_ok(a, len); a = nla_next(a, &len))
		if (nla_type(a) == NLMSGERR_ATTR_MSG && nla_len(a) > 0 &&
		    memchr(nla_data(a), '\0', (size_t)nla_len(a)))
			return nla_data(a);
	return NULL;
}

/* @skip: bytes of the payload that come before the attributes */
static int kernel_error(struct twnl *nl, const struct nlmsghdr *nlh, int skip,
			int error)
{
	const char *text = NULL;
	int len = (int)nlh->nlmsg_len - NLMSG_HDRLEN - skip;

	if (nlh->nlmsg_flags & NLM_F_ACK_TLVS && len > 0)
		text = extack_text((const char *)NLMSG_DATA(nlh) + skip, len);
	nl->kernel_errno = -error;
	if (text)
		return say(nl->err, sizeof(nl->err), "%s (%s)", text,
			   strerror(-error));
	return say(nl->err, sizeof(nl->err), "the kernel refused: %s",
		   strerror(-error));
}

static int garbled(struct twnl *nl)
{
	return say(nl->err, sizeof(nl->err), "the kernel's reply is garbled");
}

/* 1: that was the end; 0: it was good, but more may come; -1: an error */
static int take_error(struct twnl *nl, const struct nlmsghdr *nlh)
{
	const struct nlmsgerr *e = NLMSG_DATA(nlh);
	size_t skip = sizeof(*e);

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(*e)))
		return garbled(nl);
	if (!e->error)
		return 1;
	/* not capped: our request comes back before the attributes */
	if (!(nlh->nlmsg_flags & NLM_F_CAPPED) && e->msg.nlmsg_len > NLMSG_HDRLEN)
		skip += NLMSG_ALIGN(e->msg.nlmsg_len) - NLMSG_HDRLEN;
	return kernel_error(nl, nlh, skip > RECV_SIZE ? RECV_SIZE : (int)skip,
			    e->error);
}

static int take_done(struct twnl *nl, const struct nlmsghdr *nlh)
{
	int error;

	if (nlh->nlmsg_len < NLMSG_LENGTH(sizeof(error)))
		return 1;
	memcpy(&error, NLMSG_DATA(nlh), sizeof(error));
	return error < 0 ? kernel_error(nl, nlh, sizeof(error), error) : 1;
}

struct exchange {
	uint8_t cmd;
	record_fn record;
	void *ctx;
	bool stopped;
};

static int take_message(struct twnl *nl, const struct nlmsghdr *nlh,
			struct exchange *x)
{
	const struct genlmsghdr *genl = NLMSG_DATA(nlh);
	int ret;

	/* a late answer to a request that was given up */
	if (nlh->nlmsg_seq != nl->seq)
		return 0;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		nl->inconsistent = true;
	if (nlh->nlmsg_type == NLMSG_ERROR)
		return take_error(nl, nlh);
	if (nlh->nlmsg_type == NLMSG_DONE)
		return take_done(nl, nlh);
	if (nlh->nlmsg_type < NLMSG_MIN_TYPE)
		return 0;
	if (nlh->nlmsg_len < NLMSG_LENGTH(GENL_HDRLEN))
		return garbled(nl);
	if (genl->cmd != x->cmd)
		return 0;
	ret = x->record(nl, (const char *)genl + GENL_HDRLEN,
			nlh->nlmsg_len - NLMSG_LENGTH(GENL_HDRLEN), x->ctx);
	x->stopped = ret > 0;
	return ret;
}

/* The length of a datagram in nl->buf; 0 where a signal came first. */
static ssize_t receive(struct twnl *nl)
{
	struct iovec iov = { .iov_base = nl->buf, .iov_len = RECV_SIZE };
	struct msghdr m = { .msg_iov = &iov, .msg_iovlen = 1 };
	ssize_t len = recvmsg(nl->fd, &m, 0);

	if (len < 0 && errno == EINTR)
		return 0;
	if (len < 0)
		return say(nl->err, sizeof(nl->err),
			   "cannot read from the kernel: %s", strerror(errno));
	if (!len || m.msg_flags & MSG_TRUNC)
		return garbled(nl);
	return len;
}

static int take_datagram(struct twnl *nl, ssize_t len, struct exchange *x)
{
	struct nlmsghdr *nlh = nl->buf;
	int rem = (int)len, ret;

	for (; nlmsg_ok(nlh, rem); nlh = nlmsg_next(nlh, &rem)) {
		ret = take_message(nl, nlh, x);
		if (ret)
			return ret;
	}
	return rem > 0 ? garbled(nl) : 0;
}

/* Takes over @msg. The reply to a "do" ends with the ack that it asks for. */
static int exchange(struct twnl *nl, struct nl_msg *msg, struct exchange *x)
{
	const struct nlmsghdr *nlh = nlmsg_hdr(msg);
	ssize_t len = send(nl->fd, nlh, nlh->nlmsg_len, 0);
	int ret = 0;

	nlmsg_free(msg);
	if (len < 0)
		return say(nl->err, sizeof(nl->err),
			   "cannot write to the kernel: %s", strerror(errno));
	while (!ret) {
		if (nl->stop && *nl->stop)
			return 1;
		len = receive(nl);
		if (len < 0)
			return -1;
		ret = take_datagram(nl, len, x);
	}
	if (ret < 0)
		return -1;
	return x->stopped ? 1 : 0;
}

static int request(struct twnl *nl, uint8_t cmd, int flags,
		   struct exchange *x)
{
	struct nl_msg *msg = new_request(nl, nl->family, cmd,
					 TWSCOPE_FAMILY_VERSION, flags);

	if (!msg)
		return say(nl->err, sizeof(nl->err), "out of memory");
	x->cmd = cmd;
	return exchange(nl, msg, x);
}

struct info_ctx {
	struct tws_info *info;
	bool got;
};

static int info_record(struct twnl *nl, const void *attrs, size_t len, void *ctx)
{
	struct info_ctx *c = ctx;

	c->got = true;
	return twnl_parse_info(attrs, len, c->info, nl->err, sizeof(nl->err));
}

int twnl_info_get(struct twnl *nl, struct tws_info *info)
{
	struct info_ctx c = { .info = info };
	struct exchange x = { .record = info_record, .ctx = &c };
	int ret = request(nl, TWSCOPE_CMD_INFO_GET, NLM_F_ACK, &x);

	if (!ret && !c.got)
		return say(nl->err, sizeof(nl->err),
			   "the module did not answer info-get");
	return ret;
}

struct summary_ctx {
	twnl_summary_fn fn;
	void *ctx;
	bool got;
};

static int summary_record(struct twnl *nl, const void *attrs, size_t len,
			  void *ctx)
{
	struct summary_ctx *c = ctx;
	struct tws_summary s;

	if (twnl_parse_summary(attrs, len, &s, nl->err, sizeof(nl->err)) < 0)
		return -1;
	c->got = true;
	return c->fn(&s, c->ctx) ? 1 : 0;
}

int twnl_summary_get(struct twnl *nl, twnl_summary_fn fn, void *ctx)
{
	struct summary_ctx c = { .fn = fn, .ctx = ctx };
	struct exchange x = { .record = summary_record, .ctx = &c };
	int ret = request(nl, TWSCOPE_CMD_SUMMARY_GET, NLM_F_ACK, &x);

	if (!ret && !c.got)
		return say(nl->err, sizeof(nl->err),
			   "the module did not answer summary-get");
	return ret;
}

int twnl_summary_dump(struct twnl *nl, twnl_summary_fn fn, void *ctx)
{
	struct summary_ctx c = { .fn = fn, .ctx = ctx };
	struct exchange x = { .record = summary_record, .ctx = &c };

	return request(nl, TWSCOPE_CMD_SUMMARY_GET, NLM_F_DUMP, &x);
}

struct bucket_ctx {
	twnl_bucket_fn fn;
	void *ctx;
};

static int bucket_record(struct twnl *nl, const void *attrs, size_t len,
			 void *ctx)
{
	const struct bucket_ctx *c = ctx;
	struct tws_bucket b;

	if (twnl_parse_bucket(attrs, len, &b, nl->err, sizeof(nl->err)) < 0)
		return -1;
	return c->fn(&b, c->ctx) ? 1 : 0;
}

int twnl_bucket_dump(struct twnl *nl, const struct tws_filter *f, bool all_netns,
		   twnl_bucket_fn fn, void *ctx)
{
	struct bucket_ctx c = { .fn = fn, .ctx = ctx };
	struct exchange x = {
		.cmd = TWSCOPE_CMD_BUCKET_GET,
		.record = bucket_record,
		.ctx = &c,
	};
	struct nl_msg *msg = new_request(nl, nl->family, x.cmd,
					 TWSCOPE_FAMILY_VERSION, NLM_F_DUMP);

	if (!msg || put_bucket_request(msg, f, all_netns)) {
		nlmsg_free(msg);
		return say(nl->err, sizeof(nl->err), "out of memory");
	}
	return exchange(nl, msg, &x);
}

/* Connection */

struct family_ctx {
	uint16_t id;
	uint32_t version;
};

static int family_record(struct twnl *nl, const void *attrs, size_t len,
			 void *ctx)
{
	const struct nlattr *tb[ARRAY_SIZE(family_spec)];
	struct family_ctx *c = ctx;

	if (parse_attrs(attrs, len, family_spec, ARRAY_SIZE(family_spec), tb,
			"family", nl->err, sizeof(nl->err)) < 0)
		return -1;
	c->id = nla_get_u16(tb[CTRL_ATTR_FAMILY_ID]);
	c->version = nla_get_u32(tb[CTRL_ATTR_VERSION]);
	return 0;
}

/* genl_ctrl_resolve() would not tell the version of the family. */
static int find_family(struct twnl *nl)
{
	struct family_ctx c = { 0 };
	struct exchange x = {
		.cmd = CTRL_CMD_NEWFAMILY,
		.record = family_record,
		.ctx = &c,
	};
	struct nl_msg *msg = new_request(nl, GENL_ID_CTRL, CTRL_CMD_GETFAMILY, 1,
					 NLM_F_ACK);

	if (!msg || nla_put_string(msg, CTRL_ATTR_FAMILY_NAME,
				   TWSCOPE_FAMILY_NAME)) {
		nlmsg_free(msg);
		return say(nl->err, sizeof(nl->err), "out of memory");
	}
	if (exchange(nl, msg, &x) < 0) {
		if (nl->kernel_errno == ENOENT)
			say(nl->err, sizeof(nl->err),
			    "the twscope module is not loaded; load it with: modprobe twscope");
		return -1;
	}
	if (!c.id)
		return garbled(nl);
	if (c.version != TWSCOPE_FAMILY_VERSION)
		return say(nl->err, sizeof(nl->err),
			   "the loaded twscope module speaks version %u of its protocol, this twctl (" TWSCOPE_VERSION ") version %d; use the twctl that came with the module, or load the module that came with this twctl",
			   c.version, TWSCOPE_FAMILY_VERSION);
	nl->family = c.id;
	return 0;
}

struct twnl *twnl_attach(int fd, char *err, size_t size)
{
	struct twnl *nl = calloc(1, sizeof(*nl));

	if (nl)
		nl->buf = malloc(RECV_SIZE);
	if (!nl || !nl->buf) {
		say(err, size, "out of memory");
		free(nl);
		close(fd);
		return NULL;
	}
	nl->fd = fd;
	if (find_family(nl) < 0) {
		say(err, size, "%s", nl->err);
		twnl_close(nl);
		return NULL;
	}
	return nl;
}

/*
 * Words with an error, our request not sent back with it, and requests checked
 * to the letter. A kernel without one of these still answers.
 */
static void set_options(int fd)
{
	static const int options[] = {
		NETLINK_EXT_ACK, NETLINK_CAP_ACK, NETLINK_GET_STRICT_CHK,
	};
	const int one = 1;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(options); i++)
		(void)setsockopt(fd, SOL_NETLINK, options[i], &one, sizeof(one));
}

struct twnl *twnl_open(char *err, size_t size)
{
	struct nl_sock *sk = nl_socket_alloc();
	int ret, fd;

	if (!sk) {
		say(err, size, "out of memory");
		return NULL;
	}
	ret = genl_connect(sk);
	if (ret < 0) {
		say(err, size, "cannot open a netlink socket: %s",
		    nl_geterror(ret));
		nl_socket_free(sk);
		return NULL;
	}
	/* nl_socket_free() closes the one it has */
	fd = dup(nl_socket_get_fd(sk));
	nl_socket_free(sk);
	if (fd < 0) {
		say(err, size, "cannot open a netlink socket: %s",
		    strerror(errno));
		return NULL;
	}
	set_options(fd);
	return twnl_attach(fd, err, size);
}

void twnl_close(struct twnl *nl)
{
	if (!nl)
		return;
	close(nl->fd);
	free(nl->buf);
	free(nl);
}

const char *twnl_error(const struct twnl *nl)
{
	return nl->err;
}

void twnl_stop_on(struct twnl *nl, const volatile sig_atomic_t *stop)
{
	nl->stop = stop;
}

bool twnl_inconsistent(const struct twnl *nl)
{
	return nl->inconsistent;
}
