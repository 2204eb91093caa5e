// SPDX-License-Identifier: GPL-2.0
/* What each condition makes of its comparison and its value. */
#include <stdio.h>
#include <sys/socket.h>

#include "filter_parts.h"
#include "verdicts.h"

static int negated_if(struct parser *p, bool negate, int node)
{
	if (!negate || node < 0)
		return node;
	return filter_node(p, NODE_NOT, node, 0);
}

/* = and != only; no operator means = */
static int equality(struct parser *p, const struct cond *c, bool *negate)
{
	*negate = c->op == OP_NE;
	if (c->op == OP_NONE || c->op == OP_EQ || c->op == OP_NE)
		return 0;
	return filter_fail(p->err, c->op_at.off, c->op_at.len,
			   "'%.*s' can only be compared with = or !=",
			   (int)c->key.len, p->text + c->key.off);
}

/*
 * The numbers up to @top that compare so with @v; false where there are none.
 * Whoever wants all but @v negates what OP_NE gives.
 */
static bool range_of(enum op op, uint32_t v, uint32_t top, uint32_t *min,
		     uint32_t *max)
{
	*min = op == OP_LT || op == OP_LE ? 0 : v;
	*max = op == OP_GT || op == OP_GE ? top : v;
	if ((op == OP_LT && !v) || (op == OP_GT && v == top))
		return false;
	*max -= op == OP_LT;
	*min += op == OP_GT;
	return true;
}

static int term_port(struct parser *p, struct span s, uint8_t kind, uint32_t min,
		     uint32_t max)
{
	struct tws_term t = { .kind = kind };

	t.port_min = (uint16_t)min;
	t.port_max = (uint16_t)max;
	return filter_term(p, s, &t);
}

int filter_cond_port(struct parser *p, const struct cond *c, uint8_t kind)
{
	struct span port = c->value, before = c->value;
	uint32_t min, max;
	int v;

	if (span_cut(p, &before, ':', &port) && before.len &&
	    !span_is(p, before, "*"))
		return fail_span(p, c->value,
			"expected a port alone; an address is given with src or dst");
	v = filter_parse_port(p, port);
	if (v < 0)
		return -1;
	if (!range_of(c->op, (uint32_t)v, UINT16_MAX, &min, &max))
		return fail_span(p, c->value, c->op == OP_LT ?
			"no port is less than 0" : "no port is greater than 65535");
	return negated_if(p, c->op == OP_NE,
			  term_port(p, c->value, kind, min, max));
}

int filter_cond_host(struct parser *p, const struct cond *c, uint8_t addr_kind,
		     uint8_t port_kind)
{
	struct host h = { 0 };
	int addr = -1, port = -1;
	bool negate;

	if (equality(p, c, &negate) < 0 || filter_parse_host(p, c->value, &h) < 0)
		return -1;
	if (h.has_addr) {
		h.addr.kind = addr_kind;
		addr = filter_term(p, c->value, &h.addr);
		if (addr < 0)
			return -1;
	}
	if (h.has_port) {
		port = term_port(p, c->value, port_kind, (uint32_t)h.port,
				 (uint32_t)h.port);
		if (port < 0)
			return -1;
	}
	if (h.has_addr && h.has_port)
		addr = filter_node(p, NODE_AND, addr, port);
	return negated_if(p, negate, h.has_addr ? addr : port);
}

int filter_cond_family(struct parser *p, const struct cond *c)
{
	struct tws_term t = { .kind = TERM_FAMILY };
	bool negate;

	if (equality(p, c, &negate) < 0)
		return -1;
	if (span_is(p, c->value, "inet") || span_is(p, c->value, "ipv4"))
		t.family = AF_INET;
	else if (span_is(p, c->value, "inet6") || span_is(p, c->value, "ipv6"))
		t.family = AF_INET6;
	else
		return fail_span(p, c->value,
				 "expected inet (ipv4) or inet6 (ipv6)");
	return negated_if(p, negate, filter_term(p, c->value, &t));
}

int filter_cond_substate(struct parser *p, const struct cond *c)
{
	struct tws_term t = { .kind = TERM_SUBSTATE };
	bool negate;

	if (equality(p, c, &negate) < 0)
		return -1;
	if (span_is(p, c->value, "time-wait"))
		t.substate = TWSCOPE_SUBSTATE_TIME_WAIT;
	else if (span_is(p, c->value, "fin-wait2") ||
		 span_is(p, c->value, "fin-wait-2"))
		t.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	else
		return fail_span(p, c->value,
			"expected time-wait or fin-wait2, the two kinds of buckets");
	return negated_if(p, negate, filter_term(p, c->value, &t));
}

static int wrong_verdict(struct parser *p, struct span s)
{
	char names[180];
	size_t i, len = 0;

	for (i = 0; i < TWSCOPE_N_VERDICTS && len < sizeof(names); i++)
		len += (size_t)snprintf(names + len, sizeof(names) - len, "%s%s",
					!i ? "" : i + 1 < TWSCOPE_N_VERDICTS ?
					", " : " or ",
					verdict_name(verdict_order[i]));
	return filter_fail(p->err, s.off, s.len, "expected a verdict: %s", names);
}

int filter_cond_verdict(struct parser *p, const struct cond *c)
{
	struct tws_term t = { .kind = TERM_VERDICT };
	bool negate;

	if (equality(p, c, &negate) < 0)
		return -1;
	while (!span_is(p, c->value, verdicts[t.verdict].name))
		if (++t.verdict == TWSCOPE_N_VERDICTS)
			return wrong_verdict(p, c->value);
	return negated_if(p, negate, filter_term(p, c->value, &t));
}

/* A time that is compared to the millisecond never equals what one can type. */
int filter_cond_time(struct parser *p, const struct cond *c, uint8_t kind)
{
	struct tws_term t = { .kind = kind };
	uint32_t ms;

	if (c->op == OP_NONE || c->op == OP_EQ || c->op == OP_NE)
		return filter_fail(p->err, c->op_at.off, c->op_at.len,
				   "a time runs on: it is compared with <, <=, > or >=, as in '%.*s >= 5s and %.*s < 6s'",
				   (int)c->key.len, p->text + c->key.off,
				   (int)c->key.len, p->text + c->key.off);
	if (filter_parse_time(p, c->value, &ms) < 0)
		return -1;
	if (!range_of(c->op, ms, UINT32_MAX, &t.ms_min, &t.ms_max))
		return fail_span(p, c->value, c->op == OP_LT ?
			"no time is less than 0" : "no time is that long");
	return filter_term(p, c->value, &t);
}

int filter_cond_mark(struct parser *p, const struct cond *c)
{
	struct tws_term t = { .kind = TERM_MARK };
	bool negate;

	if (equality(p, c, &negate) < 0 ||
	    filter_parse_mark(p, c->value, &t) < 0)
		return -1;
	return negated_if(p, negate, filter_term(p, c->value, &t));
}

int filter_cond_dev(struct parser *p, const struct cond *c)
{
	struct tws_term t = { .kind = TERM_IFINDEX };
	bool negate;

	if (equality(p, c, &negate) < 0 ||
	    filter_parse_device(p, c->value, &t.ifindex) < 0)
		return -1;
	return negated_if(p, negate, filter_term(p, c->value, &t));
}
