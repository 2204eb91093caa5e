// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "out_text.h"
#include "text.h"

#define BAR_CELLS	16
#define SPARK_CELLS	60

static void route(struct text *t, const struct tws_group *g)
{
	char from[INET6_ADDRSTRLEN], to[ENDPOINT_SIZE], name[300];

	inet_ntop(g->local_family, g->local, from, sizeof(from));
	endpoint_text(to, sizeof(to), g->remote_family, g->remote, g->remote_port,
		      services_name(t->o.opt.services, g->remote_port));
	fprintf(t->o.opt.fp, "%s%s -> %s", t->c.bold, from, to);
	print_device(t, g->ifindex);
	if (t->o.opt.all_netns)
		fprintf(t->o.opt.fp, "  netns %u%s", g->netns,
			netns_suffix(t, name, sizeof(name), g->netns));
	fprintf(t->o.opt.fp, "%s\n", t->c.off);
}

static void the_ports(struct text *t, const struct pressure *p)
{
	char a[32], b[32], c[32], d[32], pct[16], bar[3 * BAR_CELLS + 3];
	uint32_t taken = p->ports - p->available;
	const char *color = pressure_nearly(p) ? t->c.warn : t->c.good;
	FILE *fp = t->o.opt.fp;

	label(t, "taken");
	fprintf(fp, "%s of %s ports (%s%s%s)  %s%s%s  %s%s available%s\n",
		text_count(a, sizeof(a), taken), text_count(b, sizeof(b), p->ports),
		color, text_percent(pct, sizeof(pct), taken, p->ports), t->c.off,
		color, text_bar(bar, sizeof(bar), taken, p->ports, BAR_CELLS,
				t->o.opt.utf8), t->c.off,
		color, p->available ? text_count(c, sizeof(c), p->available) : "none",
		t->c.off);
	label(t, "");
	fprintf(fp, "%s by TIME_WAIT, %s in use",
		text_count(a, sizeof(a), p->waiting),
		text_count(b, sizeof(b), p->in_use));
	if (p->reusable)
		fprintf(fp, "; %s buckets take none: reusable",
			text_count(d, sizeof(d), p->reusable));
	fputc('\n', fp);
}

static void the_sparkline(struct text *t, const struct tws_group *g)
{
	struct tws_hist h = { .slot = g->closes, .n = g->n_closes };
	char spark[3 * SPARK_CELLS + 1];

	if (h.n > SPARK_CELLS)
		h.n = SPARK_CELLS;
	if (!hist_peak(&h))
		return;
	label(t, "");
	fprintf(t->o.opt.fp, "%u s %s%s%s now\n", h.n, t->c.soft,
		text_sparkline(spark, sizeof(spark), &h, SPARK_CELLS,
			       t->o.opt.utf8), t->c.off);
}

static void the_rates(struct text *t, const struct pressure_row *r)
{
	unsigned int quiet = pressure_quiet(r->group);
	char a[32], b[32], c[32];
	FILE *fp = t->o.opt.fp;

	label(t, "rate");
	fprintf(fp, "%s ports/s over %u s",
		text_port_rate(a, sizeof(a), r->now.rate), r->now.rate_s);
	if (quiet)
		fprintf(fp, ", none in the last %u s", quiet);
	fputc('\n', fp);
	the_sparkline(t, r->group);
	label(t, "sustained");
	fprintf(fp, "%s ports/s, as each is taken for %.0f s",
		text_port_rate(b, sizeof(b), r->now.sustained), r->now.hold_s);
	if (r->whatif.hold_s && r->whatif.hold_s < r->now.hold_s)
		fprintf(fp, "; %s with tcp_tw_reuse=1",
			text_port_rate(c, sizeof(c), r->whatif.sustained));
	fputc('\n', fp);
}

/* How long that will be so, unless connect() reuses buckets before they end. */
static void the_first_end(struct text *t, const struct pressure_row *r)
{
	char span[24];

	if (!r->now.waiting || r->group->earliest_ms > r->now.hold_s * 1000)
		return;
	label(t, "");
	fprintf(t->o.opt.fp, "the first bucket ends in %s\n",
		text_span(span, sizeof(span), r->group->earliest_ms));
}

static void the_outlook(struct text *t, const struct pressure_row *r,
			const char *fails)
{
	const struct pressure *p = &r->now;
	const char *color = t->c.warn;
	char span[24];

	label(t, "outlook");
	if (!p->available) {
		fprintf(t->o.opt.fp, "%sexhausted: %s%s\n", color, fails, t->c.off);
		the_first_end(t, r);
		return;
	}
	if (p->limited) {
		wrapped(t, 10, "tcp_max_tw_buckets is reached before the ports are: from then on closes leave no bucket (TCPTimeWaitOverflow) and keep no port");
		return;
	}
	if (p->exhausted_s < 0) {
		fprintf(t->o.opt.fp, "%slasts at this rate%s\n", t->c.good,
			t->c.off);
		return;
	}
	if (!pressure_soon(p))
		color = "";
	fprintf(t->o.opt.fp, "%sexhausted in %s %s%s\n", color,
		text_span(span, sizeof(span), (uint64_t)(p->exhausted_s * 1000)),
		pressure_quiet(r->group) ? "at that rate, should it come back" : "at this rate",
		*color ? t->c.off : "");
	label(t, "");
	fprintf(t->o.opt.fp, "then %s\n", fails);
}

static void destination(struct text *t, const struct pressure_row *r)
{
	route(t, r->group);
	the_ports(t, &r->now);
	the_rates(t, r);
	the_outlook(t, r, "connect() fails with EADDRNOTAVAIL");
}

static void source(struct text *t, const struct pressure_row *r)
{
	char from[INET6_ADDRSTRLEN], name[300];

	inet_ntop(r->group->local_family, r->group->local, from, sizeof(from));
	fprintf(t->o.opt.fp, "%sbind() to %s", t->c.bold, from);
	print_device(t, r->group->ifindex);
	fprintf(t->o.opt.fp, ", whatever the destination");
	if (t->o.opt.all_netns)
		fprintf(t->o.opt.fp, "  netns %u%s", r->group->netns,
			netns_suffix(t, name, sizeof(name), r->group->netns));
	fprintf(t->o.opt.fp, "%s\n", t->c.off);
	the_ports(t, &r->now);
	the_rates(t, r);
	the_outlook(t, r, "bind() to port 0 fails with EADDRINUSE");
}

static void the_range(struct text *t, const struct tws_summary *s)
{
	const struct tws_sysctls *c = &s->sysctls;
	char a[32], b[32], d[32], name[300];

	fprintf(t->o.opt.fp, "Local ports of network namespace %u%s\n\n", s->netns,
		netns_suffix(t, name, sizeof(name), s->netns));
	label(t, "range");
	fprintf(t->o.opt.fp, "%u-%u: %s ports", c->ip_local_port_range_min,
		c->ip_local_port_range_max,
		text_count(a, sizeof(a), c->ip_local_port_range_max -
			   c->ip_local_port_range_min + 1u));
	if (c->ip_local_reserved_ports)
		fprintf(t->o.opt.fp, ", %s reserved",
			text_count(b, sizeof(b), c->ip_local_reserved_ports));
	if (s->bind_blocked_ports)
		fprintf(t->o.opt.fp, ", %s bind-blocked",
			text_count(d, sizeof(d), s->bind_blocked_ports));
	fputc('\n', t->o.opt.fp);
}

void text_pressure(struct out *o, const struct pressure_report *r)
{
	struct text *t = text_of(o);
	unsigned int i;
	char a[32];

	if (!o->opt.no_header && r->n_summaries == 1)
		the_range(t, r->summary);
	if (!r->n && !r->n_sources)
		fprintf(o->opt.fp, "no local port of the range is taken by a connection\n");
	for (i = 0; i < r->n; i++) {
		fputc('\n', o->opt.fp);
		destination(t, &r->row[i]);
	}
	for (i = 0; i < r->n_sources; i++) {
		fputc('\n', o->opt.fp);
		source(t, &r->source[i]);
	}
	if (r->others)
		fprintf(o->opt.fp, "\n%s%s more destination%s; --top 0 shows all%s\n",
			t->c.soft, text_count(a, sizeof(a), r->others),
			r->others == 1 ? "" : "s", t->c.off);
	if (!r->cut)
		return;
	fputc('\n', o->opt.fp);
	warn_of(t, "there are more destinations, or source addresses, than the module tells apart: what it came to last is left out. A filter asks for fewer.");
}
