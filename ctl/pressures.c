// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arguments.h"
#include "pressures.h"

/* "sport >= :N sport <= :N" and the parentheses around what was given */
#define EXTRA_WORDS 8

struct summaries {
	struct pressures *p;
	bool no_memory;
};

static void add_closes(struct pressures *p, const struct tws_hist *h)
{
	unsigned int i;

	for (i = 0; i < h->n && i < ARRAY_SIZE(p->closes); i++)
		p->closes[i] += h->slot[i];
	if (i > p->n_closes)
		p->n_closes = i;
}

static int keep_summary(const struct tws_summary *summary, void *ctx)
{
	static const struct tws_hist none;
	struct summaries *all = ctx;
	struct pressures *p = all->p;
	struct tws_summary *grown;

	grown = realloc(p->summary, (p->n_summaries + 1) * sizeof(*grown));
	if (!grown) {
		all->no_memory = true;
		return 1;
	}
	p->summary = grown;
	grown += p->n_summaries++;
	*grown = *summary;
	add_closes(p, &summary->closes);
	/* they lead into the message */
	grown->remaining = grown->closes = grown->wait = grown->whatif_wait = none;
	return 0;
}

static int take_summaries(const struct session *s, bool all_netns,
			  struct pressures *p)
{
	struct summaries all = { .p = p };
	int ret = all_netns ?
		twnl_summary_dump(s->nl, NULL, NULL, keep_summary, &all) :
		twnl_summary_get(s->nl, NULL, NULL, keep_summary, &all);

	return all.no_memory ? twnl_out_of_memory(s->nl) : ret;
}

/* The filter's words, and that the local port is of a range. */
static int compile(const struct options *o, int argc, char **argv,
		   unsigned int min, unsigned int max, struct tws_filter *f)
{
	char **words = calloc((size_t)argc + EXTRA_WORDS, sizeof(*words));
	char sport[] = "sport", ge[] = ">=", le[] = "<=", open[] = "(", close[] = ")";
	char low[16], high[16];
	int i, n = 0, ret;

	if (!words) {
		complain("out of memory");
		return EXIT_ERROR;
	}
	snprintf(low, sizeof(low), ":%u", min);
	snprintf(high, sizeof(high), ":%u", max);
	words[n++] = sport;
	words[n++] = ge;
	words[n++] = low;
	words[n++] = sport;
	words[n++] = le;
	words[n++] = high;
	if (argc)
		words[n++] = open;
	for (i = 0; i < argc; i++)
		words[n++] = argv[i];
	if (argc)
		words[n++] = close;
	ret = arguments_filter(o, n, words, f);
	free(words);
	return ret;
}

/* Of a server's end each client is a group, and no port search asks for it. */
int pressures_filter(const struct pressures *p, const struct options *o, int argc,
		     char **argv, struct tws_filter *f)
{
	unsigned int i, min = 65535, max = 0;

	for (i = 0; i < p->n_summaries; i++) {
		const struct tws_sysctls *c = &p->summary[i].sysctls;

		if (c->ip_local_port_range_min < min)
			min = c->ip_local_port_range_min;
		if (c->ip_local_port_range_max > max)
			max = c->ip_local_port_range_max;
	}
	return compile(o, argc, argv, min, max, f);
}

/* All: some have bound ports alone, which only we can tell, and are no destinations. */
static int take_destinations(const struct session *s, const struct options *o,
			     const struct tws_filter *f,
			     struct groups *destinations)
{
	const struct tws_policy reuse = {
		.tcp_tw_reuse = 1, .has_tcp_tw_reuse = true,
	};
	const struct tws_group_by by_route = {
		.keys = TWSCOPE_GROUP_KEY_NETNS | TWSCOPE_GROUP_KEY_LOCAL |
			TWSCOPE_GROUP_KEY_REMOTE | TWSCOPE_GROUP_KEY_REMOTE_PORT |
			TWSCOPE_GROUP_KEY_IFINDEX,
		.local_len = 128, .local_len4 = 32,
		.remote_len = 128, .remote_len4 = 32,
	};
	const struct tws_group_query q = {
		.filter = f, .policy = &reuse, .by = &by_route,
		.sort = TWSCOPE_GROUP_SORT_HELD, .all_netns = o->all_netns,
	};

	return groups_take(s->nl, &q, destinations);
}

/* All: who bind()s may be any of them, not those that hold most. */
static int ask_sources(const struct session *s, const struct options *o,
		       const struct tws_filter *f, struct groups *sources)
{
	const struct tws_group_by by_source = {
		.keys = TWSCOPE_GROUP_KEY_NETNS | TWSCOPE_GROUP_KEY_LOCAL |
			TWSCOPE_GROUP_KEY_IFINDEX,
		.local_len = 128, .local_len4 = 32,
	};
	const struct tws_group_query q = {
		.filter = f, .by = &by_source, .sort = TWSCOPE_GROUP_SORT_HELD,
		.all_netns = o->all_netns, .count_ports = true,
	};

	return groups_take(s->nl, &q, sources);
}

static bool same_range(const struct tws_summary *a, const struct tws_summary *b)
{
	const struct tws_sysctls *x = &a->sysctls, *y = &b->sysctls;

	return x->ip_local_port_range_min == y->ip_local_port_range_min &&
	       x->ip_local_port_range_max == y->ip_local_port_range_max;
}

static bool is_first_of_range(const struct pressures *p, unsigned int i)
{
	unsigned int k;

	for (k = 0; k < i; k++)
		if (same_range(&p->summary[k], &p->summary[i]))
			return false;
	return true;
}

/* Of the namespaces whose range is that of @of; ports are counted by the question. */
static int take_sources_of_range(const struct session *s, const struct options *o,
				 int argc, char **argv,
				 const struct tws_summary *of, struct pressures *p)
{
	const struct tws_summary *own;
	struct groups g = { 0 };
	struct tws_filter f;
	unsigned int i;
	int ret = 0;

	/* it was taken once, with as many conditions */
	if (compile(o, argc, argv, of->sysctls.ip_local_port_range_min,
		    of->sysctls.ip_local_port_range_max, &f))
		return 1;
	ret = ask_sources(s, o, &f, &g);
	p->sources.has_other |= g.has_other;
	for (i = 0; !ret && i < g.n; i++) {
		own = pressures_summary(p, g.row[i].netns);
		if (own && same_range(own, of) && groups_add(&p->sources, &g.row[i]))
			ret = twnl_out_of_memory(s->nl);
	}
	groups_free(&g);
	return ret;
}

static int take_sources(const struct session *s, const struct options *o, int argc,
			char **argv, struct pressures *p)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; !ret && i < p->n_summaries; i++)
		if (is_first_of_range(p, i))
			ret = take_sources_of_range(s, o, argc, argv,
						    &p->summary[i], p);
	return ret;
}

const struct tws_summary *pressures_summary(const struct pressures *p,
					    uint32_t netns)
{
	unsigned int i;

	for (i = 0; i < p->n_summaries; i++)
		if (p->summary[i].netns == netns)
			return &p->summary[i];
	return NULL;
}

static void judge_destinations(const struct tws_info *info, uint32_t top,
			       struct pressures *p)
{
	struct pressure_row *r;
	unsigned int i;

	for (i = 0; i < p->destinations.n; i++) {
		r = &p->row[p->n];
		r->group = &p->destinations.row[i];
		r->summary = pressures_summary(p, r->group->netns);
		if (!r->summary)
			continue;
		pressure_of_destination(r->group, r->summary, info, false, &r->now);
		pressure_of_destination(r->group, r->summary, info, true,
					&r->whatif);
		/* else all it has is bound: see the sources */
		p->n += r->now.waiting || r->now.in_use || r->now.reusable;
	}
	if (top && p->n > top) {
		p->others = p->n - top;
		p->n = top;
	}
}

/* Only where something bind()s: else its pool is nobody's concern. */
static void judge_sources(const struct tws_info *info, struct pressures *p)
{
	struct pressure_row *r;
	unsigned int i;

	for (i = 0; i < p->sources.n; i++) {
		r = &p->source[p->n_sources];
		r->group = &p->sources.row[i];
		r->summary = pressures_summary(p, r->group->netns);
		if (!r->summary ||
		    !r->group->verdicts[TWSCOPE_VERDICT_BIND_BLOCKED])
			continue;
		pressure_of_source(r->group, r->summary, info, &r->now);
		p->n_sources++;
	}
}

int pressures_take(const struct session *s, const struct options *o, int argc,
		   char **argv, uint32_t top, struct pressures *p)
{
	struct tws_filter f;
	int ret;

	memset(p, 0, sizeof(*p));
	ret = take_summaries(s, o->all_netns, p);
	if (ret)
		return ret;
	if (pressures_filter(p, o, argc, argv, &f)) {
		p->refused = true;
		return 1;
	}
	ret = take_destinations(s, o, &f, &p->destinations);
	if (!ret)
		ret = take_sources(s, o, argc, argv, p);
	if (ret)
		return ret;

	p->row = calloc(p->destinations.n + 1, sizeof(*p->row));
	p->source = calloc(p->sources.n + 1, sizeof(*p->source));
	if (!p->row || !p->source)
		return twnl_out_of_memory(s->nl);
	judge_destinations(&s->info, top, p);
	judge_sources(&s->info, p);
	return 0;
}

bool pressures_cut(const struct pressures *p)
{
	return p->destinations.has_other || p->sources.has_other;
}

void pressures_free(struct pressures *p)
{
	free(p->summary);
	free(p->row);
	free(p->source);
	groups_free(&p->destinations);
	groups_free(&p->sources);
}
