// SPDX-License-Identifier: GPL-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../arguments.h"
#include "../groups.h"
#include "../pressure.h"
#include "commands.h"

#define TOP 5
/* "sport >= :N sport <= :N" and the parentheses around what was given */
#define EXTRA_WORDS 8

struct pressures {
	struct session s;
	unsigned int n_summaries;
	struct tws_summary *summary;
	bool no_memory;
	struct groups destinations;
	struct groups sources;
	struct pressure_row *row;
	struct pressure_row *source;
};

static int keep_summary(const struct tws_summary *summary, void *ctx)
{
	static const struct tws_hist none;
	struct pressures *p = ctx;
	struct tws_summary *grown;

	grown = realloc(p->summary, (p->n_summaries + 1) * sizeof(*grown));
	if (!grown) {
		p->no_memory = true;
		return 1;
	}
	p->summary = grown;
	grown += p->n_summaries++;
	*grown = *summary;
	/* they lead into the message */
	grown->remaining = grown->closes = grown->wait = grown->whatif_wait = none;
	return 0;
}

static int take_summaries(struct pressures *p, bool all_netns)
{
	int ret = all_netns ?
		twnl_summary_dump(p->s.nl, NULL, NULL, keep_summary, p) :
		twnl_summary_get(p->s.nl, NULL, NULL, keep_summary, p);

	return p->no_memory ? twnl_out_of_memory(p->s.nl) : ret;
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
static int in_ranges(const struct pressures *p, const struct options *o, int argc,
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

static int take_groups(struct pressures *p, const struct options *o,
		       const struct tws_filter *f, uint32_t top)
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
	const struct tws_group_by by_source = {
		.keys = TWSCOPE_GROUP_KEY_NETNS | TWSCOPE_GROUP_KEY_LOCAL,
		.local_len = 128, .local_len4 = 32,
	};
	struct tws_group_query q = {
		.filter = f, .policy = &reuse, .by = &by_route,
		.sort = TWSCOPE_GROUP_SORT_HELD, .limit = top,
		.all_netns = o->all_netns,
	};
	int ret = groups_take(p->s.nl, &q, &p->destinations);

	if (ret)
		return ret;
	/* who bind()s may be any of them, not those that hold most */
	q.by = &by_source;
	q.limit = 0;
	q.policy = NULL;
	q.count_ports = true;
	return groups_take(p->s.nl, &q, &p->sources);
}

/* A namespace that was made meanwhile has none. */
static const struct tws_summary *summary_of(const struct pressures *p,
					    const struct tws_group *g)
{
	unsigned int i;

	for (i = 0; i < p->n_summaries; i++)
		if (p->summary[i].netns == g->netns)
			return &p->summary[i];
	return NULL;
}

static unsigned int judge_destinations(struct pressures *p)
{
	const struct tws_info *info = &p->s.info;
	struct pressure_row *r;
	unsigned int i, n = 0;

	for (i = 0; i < p->destinations.n; i++) {
		r = &p->row[n];
		r->group = &p->destinations.row[i];
		r->summary = summary_of(p, r->group);
		if (!r->summary)
			continue;
		pressure_of_destination(r->group, r->summary, info, false, &r->now);
		pressure_of_destination(r->group, r->summary, info, true,
					&r->whatif);
		/* else all it has is bound: see the sources */
		n += r->now.waiting || r->now.in_use || r->now.reusable;
	}
	return n;
}

/* Only where something bind()s: else its pool is nobody's concern. */
static unsigned int judge_sources(struct pressures *p)
{
	struct pressure_row *r;
	unsigned int i, n = 0;

	for (i = 0; i < p->sources.n; i++) {
		r = &p->source[n];
		r->group = &p->sources.row[i];
		r->summary = summary_of(p, r->group);
		if (!r->summary ||
		    !r->group->verdicts[TWSCOPE_VERDICT_BIND_BLOCKED])
			continue;
		pressure_of_source(r->group, r->summary, &p->s.info, &r->now);
		n++;
	}
	return n;
}

static int report(struct pressures *p)
{
	struct pressure_report r = {
		.n_summaries = p->n_summaries, .summary = p->summary,
		.others = p->destinations.rest.groups,
	};

	p->row = calloc(p->destinations.n + 1, sizeof(*p->row));
	p->source = calloc(p->sources.n + 1, sizeof(*p->source));
	if (!p->row || !p->source)
		return twnl_out_of_memory(p->s.nl);
	r.n = judge_destinations(p);
	r.row = p->row;
	r.n_sources = judge_sources(p);
	r.source = p->source;
	session_wrote(&p->s, out_pressure(p->s.out, &r));
	return 0;
}

static void pressures_free(struct pressures *p)
{
	free(p->summary);
	free(p->row);
	free(p->source);
	groups_free(&p->destinations);
	groups_free(&p->sources);
}

static int run(const struct options *o, int argc, char **argv)
{
	struct pressures p = { 0 };
	struct tws_filter f;
	uint32_t top = TOP;
	int ret;

	/* what is wrong with it is said before anything is asked */
	ret = arguments_filter(o, argc, argv, &f);
	if (!ret)
		ret = arguments_number(o, "top", 0, TWSCOPE_MAX_GROUPS, &top);
	if (ret)
		return ret;
	if (session_open(&p.s, o, OUT_PRESSURE) < 0)
		return EXIT_ERROR;

	ret = take_summaries(&p, o->all_netns);
	if (!ret && in_ranges(&p, o, argc, argv, &f)) {
		session_close(&p.s, 0);
		pressures_free(&p);
		return EXIT_USAGE;
	}
	if (!ret)
		ret = take_groups(&p, o, &f, top);
	if (!ret)
		ret = report(&p);
	ret = session_close(&p.s, ret);
	pressures_free(&p);
	return ret;
}

static const struct command_option options[] = {
	{ .name = "top", .argument = "how many destinations to show, 0 for all" },
	{ 0 },
};

const struct command cmd_pressure = {
	.name = "pressure",
	.brief = "which destinations run out of local ports, and when",
	.takes_family = true,
	.takes_all_netns = true,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] pressure [--top N] [FILTER]\n"
"\n"
"How far the local ports go, for each destination: source address, destination\n"
"address and port, and device. connect() to another destination may have the\n"
"same port. Those that hold most ports come first.\n"
"\n"
"  taken      ports that connect() does not get, of those that it may get at all:\n"
"             ip_local_port_range without the reserved ones and without those\n"
"             that bind() keeps from connect()\n"
"  rate       closes by the second that left a bucket, over the last ten seconds;\n"
"             what can go on for good is the ports divided by the time that each\n"
"             stays taken: 60 s and some, as the kernel's timer is coarse, or\n"
"             until connect() reuses it (tcp_tw_reuse)\n"
"  outlook    when no port will be left, if this rate goes on: the buckets that\n"
"             are there end one after the other, new ones come at the rate\n"
"\n"
"Where programs bind() before connect(), a port is taken whatever the\n"
"destination, and no sysctl makes it reusable: this pool is shown for each source\n"
"address. The cure is IP_BIND_ADDRESS_NO_PORT.\n"
"\n"
"  --top N  so many destinations; 5 where it is left out, 0 for all\n"
"  FILTER   only these: twctl help filter\n"
"\n"
"With -j: destinations, each with the same figures under tcp_tw_reuse=1 in\n"
"tcp_tw_reuse_1, and bind_pools. exhausted_in_s is null where the ports last, or\n"
"(limited) where tcp_max_tw_buckets is reached before they are gone.\n"
"\n"
"Examples:\n"
"  twctl pressure\n"
"  twctl pressure -A --top 3\n"
"  twctl pressure dst 198.51.100.7 and dport = :443\n",
};
