// SPDX-License-Identifier: GPL-2.0
#include "laws.h"
#include "out_text.h"
#include "policy.h"
#include "text.h"
#include "verdicts.h"

#define BAR_CELLS 16
#define STEPS 8

/* In the order in which the figures stand: what is available, then what is not. */
static const uint8_t not_available[] = {
	TWSCOPE_PORT_STATE_WAITING, TWSCOPE_PORT_STATE_IN_USE,
	TWSCOPE_PORT_STATE_BIND_BLOCKED, TWSCOPE_PORT_STATE_RESERVED,
};

static uint32_t available(const struct tws_ports *p)
{
	return p->state[TWSCOPE_PORT_STATE_FREE] +
	       p->state[TWSCOPE_PORT_STATE_REUSABLE];
}

static void the_question(struct text *t, const struct port_report *r)
{
	const struct tws_port_query *q = r->query;
	char from[INET6_ADDRSTRLEN], to[ENDPOINT_SIZE], words[128] = "";

	if (t->o.opt.no_header)
		return;
	inet_ntop(q->family, q->local, from, sizeof(from));
	endpoint_text(to, sizeof(to), q->family, q->remote, q->remote_port, NULL);
	label(t, "connect()");
	fprintf(t->o.opt.fp, "from %s%s to %s%s%s\n", from,
		r->routed ? ", as the routing table chooses," : "", to,
		*r->dev ? " dev " : "", r->dev);
	if (q->policy && !policy_is_empty(q->policy)) {
		label(t, "what if");
		fprintf(t->o.opt.fp, "%s\n",
			policy_text(words, sizeof(words), q->policy));
	}
	fputc('\n', t->o.opt.fp);
}

static void figure(struct text *t, uint32_t n, const char *name,
		   const char *says)
{
	char a[32];

	label(t, "");
	fprintf(t->o.opt.fp, "%9s  %s%s%s\n", text_count(a, sizeof(a), n), name,
		*says ? ": " : "", says);
}

static void the_available(struct text *t, const struct tws_ports *p)
{
	uint32_t range = ports_in_range(p), now = available(p);
	char a[32], pct[16], bar[3 * BAR_CELLS + 3];
	const char *color = now ? t->c.good : t->c.warn;
	unsigned int i;

	label(t, "range");
	fprintf(t->o.opt.fp, "%u-%u: %s port%s\n", p->range_min, p->range_max,
		text_count(a, sizeof(a), range), range == 1 ? "" : "s");
	label(t, "now");
	fprintf(t->o.opt.fp, "%s%s available%s (%s)  %s%s%s\n", color,
		now ? text_count(a, sizeof(a), now) : "none", t->c.off,
		text_percent(pct, sizeof(pct), now, range), color,
		text_bar(bar, sizeof(bar), now, range, BAR_CELLS, t->o.opt.utf8),
		t->c.off);
	for (i = TWSCOPE_PORT_STATE_FREE; i <= TWSCOPE_PORT_STATE_REUSABLE; i++)
		figure(t, p->state[i], port_states[i].name, port_states[i].says);
}

static void the_reasons(struct text *t, const struct tws_ports *p)
{
	char a[32], when[24];
	unsigned int i, v;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		v = verdict_order[i];
		if (!p->waiting_verdicts[v])
			continue;
		label(t, "");
		fprintf(t->o.opt.fp, "%9s  %9s  %s", "",
			text_count(a, sizeof(a), p->waiting_verdicts[v]),
			verdicts[v].name);
		if (p->waiting_next_ms[v] != TWS_NEVER)
			fprintf(t->o.opt.fp, ": the first is available in %s",
				text_wait_words(when, sizeof(when),
						p->waiting_next_ms[v]));
		fputc('\n', t->o.opt.fp);
	}
}

static void the_legend(struct text *t, const struct tws_ports *p)
{
	if (t->o.opt.no_header || !p->state[TWSCOPE_PORT_STATE_WAITING])
		return;
	fputc('\n', t->o.opt.fp);
	verdict_legend(t, p->waiting_verdicts);
}

static void the_blocked(struct text *t, const struct tws_ports *p)
{
	char a[32], b[32];

	if (!p->bind_blocked_in_use && !p->bind_blocked_waiting)
		return;
	label(t, "");
	fprintf(t->o.opt.fp, "%9s  of these %s in use and %s with a bucket\n", "",
		text_count(a, sizeof(a), p->bind_blocked_in_use),
		text_count(b, sizeof(b), p->bind_blocked_waiting));
}

static void the_others(struct text *t, const struct tws_ports *p)
{
	char a[32];
	unsigned int i, state;
	uint32_t n = 0;

	for (i = 0; i < ARRAY_SIZE(not_available); i++)
		n += p->state[not_available[i]];
	label(t, "not now");
	fprintf(t->o.opt.fp, "%s\n", n ? text_count(a, sizeof(a), n) : "none");
	for (i = 0; i < ARRAY_SIZE(not_available); i++) {
		state = not_available[i];
		if (!p->state[state])
			continue;
		figure(t, p->state[state], port_states[state].name,
		       port_states[state].says);
		if (state == TWSCOPE_PORT_STATE_WAITING)
			the_reasons(t, p);
		if (state == TWSCOPE_PORT_STATE_BIND_BLOCKED)
			the_blocked(t, p);
	}
}

/* The share of a cell's ports: blank for none, and full for all alone. */
static const char *shade(const uint32_t cell[TWSCOPE_N_PORT_STATES],
			 unsigned int state, bool utf8)
{
	static const char *const blocks[STEPS] = {
		"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█",
	};
	static const char *const ascii[STEPS] = {
		".", ":", "-", "=", "+", "*", "%", "#",
	};
	uint64_t whole = 0;
	unsigned int i, step;

	for (i = 0; i < TWSCOPE_N_PORT_STATES; i++)
		whole += cell[i];
	if (!cell[state])
		return " ";
	step = (unsigned int)((uint64_t)cell[state] * (STEPS - 1) / whole);
	return utf8 ? blocks[step] : ascii[step];
}

static const char *state_color(const struct text *t, unsigned int state)
{
	switch (state) {
	case TWSCOPE_PORT_STATE_FREE:
	case TWSCOPE_PORT_STATE_REUSABLE:
		return t->c.good;
	case TWSCOPE_PORT_STATE_WAITING:
		return t->c.soft;
	}
	return t->c.warn;
}

static void map_row(struct text *t, const struct tws_ports *p,
		    unsigned int state)
{
	unsigned int i;

	if (!p->state[state])
		return;
	label(t, port_states[state].brief);
	fprintf(t->o.opt.fp, "|%s", state_color(t, state));
	for (i = 0; i < p->n_cells; i++)
		fputs(shade(p->cell[i], state, t->o.opt.utf8), t->o.opt.fp);
	fprintf(t->o.opt.fp, "%s|\n", t->c.off);
}

static void the_map(struct text *t, const struct tws_ports *p)
{
	uint32_t range = ports_in_range(p);
	char low[8], a[32];
	unsigned int i;

	if (!p->n_cells)
		return;
	fputc('\n', t->o.opt.fp);
	label(t, "map");
	if (range / p->n_cells > 1)
		fprintf(t->o.opt.fp, "a cell is about %s ports; the more of them, the fuller\n",
			text_count(a, sizeof(a), range / p->n_cells));
	else
		fprintf(t->o.opt.fp, "a cell is a port or two\n");
	for (i = 0; i < TWSCOPE_N_PORT_STATES; i++)
		map_row(t, p, i);
	snprintf(low, sizeof(low), "%u", p->range_min);
	label(t, "");
	fprintf(t->o.opt.fp, " %-*s%u\n",
		p->n_cells > 12 ? (int)p->n_cells - 5 : 7, low, p->range_max);
}

/* [Linux: __inet_hash_connect(), inet_csk_find_open_port()] */
static void the_order(struct text *t, const struct tws_ports *p)
{
	bool even = p->range_min % 2 == 0;

	if (t->o.opt.no_header || p->range_min == p->range_max)
		return;
	fputc('\n', t->o.opt.fp);
	label(t, "order");
	wrapped(t, 10, "connect() tries the %s ports first, from a hash of the addresses and the remote port on, moved by chance; bind() to port 0 the %s ones",
		even ? "even" : "odd", even ? "odd" : "even");
}

static void the_notes(struct text *t, const struct tws_ports *p)
{
	uint32_t range = ports_in_range(p);

	if (range > 1 && range % 2) {
		label(t, "note");
		wrapped(t, 10, "the range has an odd number of ports: each single connect() leaves out its first or its last port");
	}
}

void text_ports(struct out *o, const struct port_report *r)
{
	struct text *t = text_of(o);

	the_question(t, r);
	the_available(t, r->ports);
	the_others(t, r->ports);
	the_map(t, r->ports);
	the_order(t, r->ports);
	the_notes(t, r->ports);
	the_legend(t, r->ports);
}
