// SPDX-License-Identifier: GPL-2.0
/* group-get: what is asked, and what comes back. */
#include <string.h>
#include <sys/socket.h>

#include <netlink/attr.h>

#include "nl_parts.h"

static const struct attr_spec group_spec[] = {
	[TWSCOPE_A_GROUP_TOTAL]		   = A_OPT_U32("total"),
	[TWSCOPE_A_GROUP_TOTAL_IN_USE]	   = A_OPT_U32("total-in-use"),
	[TWSCOPE_A_GROUP_GROUPS]	   = A_OPT_U32("groups"),
	[TWSCOPE_A_GROUP_WALK_US]	   = A_OPT_U32("walk-us"),
	[TWSCOPE_A_GROUP_REST]		   = A_FLAG("rest"),
	[TWSCOPE_A_GROUP_OTHER]		   = A_FLAG("other"),
	[TWSCOPE_A_GROUP_NETNS]		   = A_OPT_U32("netns"),
	[TWSCOPE_A_GROUP_FAMILY]	   = A_OPT_U32("family"),
	[TWSCOPE_A_GROUP_LOCAL]		   = A_ADDR_OPT("local"),
	[TWSCOPE_A_GROUP_LOCAL_PORT]	   = A_OPT_U32("local-port"),
	[TWSCOPE_A_GROUP_REMOTE]	   = A_ADDR_OPT("remote"),
	[TWSCOPE_A_GROUP_REMOTE_PORT]	   = A_OPT_U32("remote-port"),
	[TWSCOPE_A_GROUP_IFINDEX]	   = A_OPT_U32("ifindex"),
	[TWSCOPE_A_GROUP_MARK]		   = A_OPT_U32("mark"),
	[TWSCOPE_A_GROUP_SUBSTATE]	   = A_OPT_U32("substate"),
	[TWSCOPE_A_GROUP_VERDICT]	   = A_OPT_U32("verdict"),
	[TWSCOPE_A_GROUP_COUNT]		   = A_OPT_U32("count"),
	[TWSCOPE_A_GROUP_VERDICTS]	   = A_VERDICTS_OPT("verdicts"),
	[TWSCOPE_A_GROUP_WHATIF_VERDICTS]  = A_VERDICTS_OPT("whatif-verdicts"),
	[TWSCOPE_A_GROUP_CLOSES_HIST]	   = A_U32S_OPT("closes-hist"),
	[TWSCOPE_A_GROUP_EARLIEST_MS]	   = A_OPT_U32("earliest-ms"),
	[TWSCOPE_A_GROUP_LATEST_MS]	   = A_OPT_U32("latest-ms"),
	[TWSCOPE_A_GROUP_IN_USE]	   = A_OPT_U32("in-use"),
	[TWSCOPE_A_GROUP_IN_USE_SEARCHED]  = A_OPT_U32("in-use-searched"),
	[TWSCOPE_A_GROUP_LOCAL_PORTS]	   = A_OPT_U32("local-ports"),
	[TWSCOPE_A_GROUP_BIND_BLOCKED_PORTS] = A_OPT_U32("bind-blocked-ports"),
};

#define WHAT "group-get"

static int get_address(uint8_t *to, uint16_t *family, const struct nlattr *a,
		       const char *name, char *err, size_t size)
{
	if (!a)
		return 0;
	*family = nla_len(a) == 4 ? AF_INET : AF_INET6;
	return twnl_get_address(to, a, *family, WHAT, name, err, size);
}

static int get_port(uint16_t *to, const struct nlattr *a, const char *name,
		    char *err, size_t size)
{
	return a ? twnl_get_port(to, a, WHAT, name, err, size) : 0;
}

static int get_keys(const struct nlattr **tb, struct tws_group *g, char *err,
		    size_t size)
{
	twnl_get_optional(&g->netns, tb[TWSCOPE_A_GROUP_NETNS]);
	twnl_get_optional(&g->ifindex, tb[TWSCOPE_A_GROUP_IFINDEX]);
	twnl_get_optional(&g->mark, tb[TWSCOPE_A_GROUP_MARK]);
	twnl_get_optional(&g->substate, tb[TWSCOPE_A_GROUP_SUBSTATE]);
	twnl_get_optional(&g->verdict, tb[TWSCOPE_A_GROUP_VERDICT]);
	if (tb[TWSCOPE_A_GROUP_FAMILY] &&
	    twnl_get_family(&g->family, tb[TWSCOPE_A_GROUP_FAMILY], WHAT, err,
			    size) < 0)
		return -1;
	if (get_address(g->local, &g->local_family, tb[TWSCOPE_A_GROUP_LOCAL],
			"local", err, size) < 0 ||
	    get_address(g->remote, &g->remote_family, tb[TWSCOPE_A_GROUP_REMOTE],
			"remote", err, size) < 0)
		return -1;
	return get_port(&g->local_port, tb[TWSCOPE_A_GROUP_LOCAL_PORT],
			"local-port", err, size) < 0 ||
	       get_port(&g->remote_port, tb[TWSCOPE_A_GROUP_REMOTE_PORT],
			"remote-port", err, size) < 0 ? -1 : 0;
}

static int get_counts(const struct nlattr **tb, struct tws_group *g, char *err,
		      size_t size)
{
	const struct nlattr *closes = tb[TWSCOPE_A_GROUP_CLOSES_HIST];
	const struct nlattr *whatif = tb[TWSCOPE_A_GROUP_WHATIF_VERDICTS];
	unsigned int i;

	if (!tb[TWSCOPE_A_GROUP_COUNT])
		return twnl_missing_attr("count", WHAT, err, size);
	if (!tb[TWSCOPE_A_GROUP_VERDICTS])
		return twnl_missing_attr("verdicts", WHAT, err, size);
	if (!closes)
		return twnl_missing_attr("closes-hist", WHAT, err, size);

	g->count = nla_get_u32(tb[TWSCOPE_A_GROUP_COUNT]);
	twnl_get_verdicts(g->verdicts, tb[TWSCOPE_A_GROUP_VERDICTS]);
	g->has_whatif = whatif;
	if (whatif)
		twnl_get_verdicts(g->whatif, whatif);
	g->n_closes = (unsigned int)nla_len(closes) / sizeof(uint32_t);
	if (g->n_closes > TWSCOPE_CLOSES_SLOTS)
		g->n_closes = TWSCOPE_CLOSES_SLOTS;
	for (i = 0; i < g->n_closes; i++)
		g->closes[i] = ((const uint32_t *)nla_data(closes))[i];
	twnl_get_optional(&g->earliest_ms, tb[TWSCOPE_A_GROUP_EARLIEST_MS]);
	twnl_get_optional(&g->latest_ms, tb[TWSCOPE_A_GROUP_LATEST_MS]);
	g->has_in_use = twnl_get_optional(&g->in_use, tb[TWSCOPE_A_GROUP_IN_USE]);
	twnl_get_optional(&g->in_use_searched,
			  tb[TWSCOPE_A_GROUP_IN_USE_SEARCHED]);
	g->has_local_ports = twnl_get_optional(&g->local_ports,
					       tb[TWSCOPE_A_GROUP_LOCAL_PORTS]);
	g->has_bind_blocked_ports =
		twnl_get_optional(&g->bind_blocked_ports,
				  tb[TWSCOPE_A_GROUP_BIND_BLOCKED_PORTS]);
	return 0;
}

static void get_totals(const struct nlattr **tb, struct tws_group *g)
{
	g->kind = GROUP_TOTALS;
	twnl_get_optional(&g->count, tb[TWSCOPE_A_GROUP_TOTAL]);
	g->has_in_use = twnl_get_optional(&g->in_use,
					  tb[TWSCOPE_A_GROUP_TOTAL_IN_USE]);
	twnl_get_optional(&g->walk_us, tb[TWSCOPE_A_GROUP_WALK_US]);
}

int twnl_parse_group(const void *attrs, size_t len, struct tws_group *g,
		     char *err, size_t size)
{
	const struct nlattr *tb[ARRAY_SIZE(group_spec)];

	if (twnl_parse_attrs(attrs, len, group_spec, ARRAY_SIZE(group_spec), tb,
			     WHAT, err, size) < 0)
		return -1;
	memset(g, 0, sizeof(*g));
	twnl_get_optional(&g->groups, tb[TWSCOPE_A_GROUP_GROUPS]);
	if (tb[TWSCOPE_A_GROUP_TOTAL]) {
		get_totals(tb, g);
		return 0;
	}
	g->kind = tb[TWSCOPE_A_GROUP_REST] ? GROUP_REST :
		  tb[TWSCOPE_A_GROUP_OTHER] ? GROUP_OTHER : GROUP_ONE;
	if (get_keys(tb, g, err, size) < 0)
		return -1;
	return get_counts(tb, g, err, size);
}

static int put_lengths(struct nl_msg *msg, const struct tws_group_by *by)
{
	int ret = nla_put_u32(msg, TWSCOPE_A_GROUP_LOCAL_PREFIX_LEN_IPV4,
			      by->local_len4);

	ret |= nla_put_u32(msg, TWSCOPE_A_GROUP_LOCAL_PREFIX_LEN_IPV6,
			   by->local_len);
	ret |= nla_put_u32(msg, TWSCOPE_A_GROUP_REMOTE_PREFIX_LEN_IPV4,
			   by->remote_len4);
	ret |= nla_put_u32(msg, TWSCOPE_A_GROUP_REMOTE_PREFIX_LEN_IPV6,
			   by->remote_len);
	return ret;
}

int twnl_put_group(struct nl_msg *msg, const struct tws_group_query *q)
{
	int ret = twnl_put_filter(msg, TWSCOPE_A_GROUP_FILTER, q->filter);

	if (q->all_netns)
		ret |= nla_put_flag(msg, TWSCOPE_A_GROUP_ALL_NETNS);
	ret |= twnl_put_policy(msg, TWSCOPE_A_GROUP_POLICY, q->policy);
	ret |= nla_put_u32(msg, TWSCOPE_A_GROUP_KEYS, q->by->keys);
	ret |= put_lengths(msg, q->by);
	ret |= nla_put_u32(msg, TWSCOPE_A_GROUP_SORT, q->sort);
	ret |= nla_put_u32(msg, TWSCOPE_A_GROUP_LIMIT, q->limit);
	if (q->count_ports)
		ret |= nla_put_flag(msg, TWSCOPE_A_GROUP_COUNT_PORTS);
	return ret ? -1 : 0;
}

struct group_ctx {
	twnl_group_fn fn;
	void *ctx;
	bool got_totals;
};

static int group_record(struct twnl *nl, const void *attrs, size_t len, void *ctx)
{
	struct group_ctx *c = ctx;
	struct tws_group g;

	if (twnl_parse_group(attrs, len, &g, nl->err, sizeof(nl->err)) < 0)
		return -1;
	if (g.kind == GROUP_TOTALS)
		c->got_totals = true;
	return c->fn(&g, c->ctx) ? 1 : 0;
}

int twnl_group_dump(struct twnl *nl, const struct tws_group_query *q,
		    twnl_group_fn fn, void *ctx)
{
	struct group_ctx c = { .fn = fn, .ctx = ctx };
	struct exchange x = {
		.cmd = TWSCOPE_CMD_GROUP_GET,
		.record = group_record,
		.ctx = &c,
	};
	struct nl_msg *msg = twnl_request(nl, x.cmd, NLM_F_DUMP);
	int ret = twnl_ask(nl, msg, msg ? twnl_put_group(msg, q) : 0, &x);

	return !ret && !c.got_totals ? twnl_unanswered(nl, WHAT) : ret;
}
