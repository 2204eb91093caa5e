// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../arguments.h"
#include "../collect.h"
#include "../out_check.h"
#include "commands.h"

/* what is wrong, for the one line that a monitoring system shows */
static char why[2048];

/* The first is what it ends with; of warnings the screen alone has use. */
static void keep(const char *text, void *unused)
{
	(void)unused;
	if (!why[0])
		snprintf(why, sizeof(why), "%s", text);
	fprintf(stderr, "twctl: %s\n", text);
}

static int give_up(void)
{
	out_check_unknown(stdout, why);
	fflush(stdout);
	return CHECK_UNKNOWN;
}

/* An empty one is that of a variable which is not set: ',' says nothing on purpose. */
static int take(const char *given, const struct check_kind *kind,
		struct thresholds *t, char *err, size_t size)
{
	if (!given || *given)
		return thresholds_parse(given ? given : kind->thresholds, t, err,
					size);
	snprintf(err, size, "'' is neither; 80,95 is both, and ',' lets the figure be");
	return -1;
}

static int parse(const struct options *o, struct thresholds t[N_CHECK_FIGURES])
{
	unsigned int k;
	char err[300];

	if (o->json) {
		complain("check speaks as plugins of Nagios do; for -j: twctl -j pressure");
		return -1;
	}
	for (k = 0; k < N_CHECK_FIGURES; k++) {
		if (!take(own_option(o, check_kinds[k].name), &check_kinds[k],
			  &t[k], err, sizeof(err)))
			continue;
		complain("--%s takes WARNING,CRITICAL: %s", check_kinds[k].name,
			 err);
		return -1;
	}
	return 0;
}

/* What comes within a second, where there is a threshold for it. */
static int measure_overflow(const struct session *s, const struct options *o,
			    const struct thresholds *t, struct check_item *item)
{
	uint64_t before, after, began = now_ns(CLOCK_MONOTONIC), ended;
	char err[600] = "interrupted";

	if (!t->has_warning && !t->has_critical)
		return 0;
	if (collect_overflow(s, o, &before, err, sizeof(err)) < 0 ||
	    !pause_until(began + 1000000000) ||
	    collect_overflow(s, o, &after, err, sizeof(err)) < 0) {
		complain("--overflow: %s", err);
		return -1;
	}
	ended = now_ns(CLOCK_MONOTONIC);
	check_overflow(after > before ? (double)(after - before) * 1e9 /
					(double)(ended - began) : 0, t, item);
	return 0;
}

static int report(const struct options *o, const struct collected *c,
		  const struct thresholds t[N_CHECK_FIGURES],
		  struct check_item item[N_CHECK_FIGURES])
{
	struct check_item overflow = item[CHECK_OVERFLOW];
	struct check_report r = {
		.item = item, .thresholds = t, .all_netns = o->all_netns,
	};
	struct netns_names *names = NULL;

	check_figures(c->row, c->n, t, item);
	item[CHECK_OVERFLOW] = overflow;
	if (o->all_netns)
		names = netns_names_load(NETNS_ALL);
	r.names = names;
	out_check(stdout, &r);
	netns_names_free(names);
	return close_stdout() ? CHECK_UNKNOWN : check_status(item);
}

static int ask(const struct options *o, int argc, char **argv,
	       const struct thresholds t[N_CHECK_FIGURES])
{
	struct check_item item[N_CHECK_FIGURES] = { 0 };
	struct collected c;
	struct session s;
	int ret;

	if (session_connect(&s) < 0)
		return give_up();
	/* that the versions differ is no reason */
	why[0] = '\0';
	ret = collect(&s, o, argc, argv, &c);
	if (!ret)
		ret = measure_overflow(&s, o, &t[CHECK_OVERFLOW],
				       &item[CHECK_OVERFLOW]);
	else if (!c.pressures.refused)
		complain("%s", ret < 0 ? twnl_error(s.nl) : "interrupted");
	ret = ret ? give_up() : report(o, &c, t, item);
	collected_free(&c);
	twnl_close(s.nl);
	return ret;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct thresholds t[N_CHECK_FIGURES];
	struct tws_filter f;

	if (parse(o, t) < 0 || arguments_filter(o, argc, argv, &f))
		return give_up();
	return ask(o, argc, argv, t);
}

#define THRESHOLDS "WARNING,CRITICAL, each a range: 80, 10:, ~:5, 10:20 or @10:20"

static const struct command_option options[] = {
	{ .name = "taken", .argument = THRESHOLDS },
	{ .name = "exhaustion", .argument = THRESHOLDS },
	{ .name = "limit", .argument = THRESHOLDS },
	{ .name = "buckets", .argument = THRESHOLDS },
	{ .name = "overflow", .argument = THRESHOLDS },
	{ 0 },
};

const struct command cmd_check = {
	.name = "check",
	.brief = "one line and an exit code for Nagios and its like",
	.takes_family = true,
	.takes_all_netns = true,
	.options = options,
	.run = run,
	.complain = keep,
	.give_up = give_up,
	.help =
"Usage: twctl [OPTIONS] check [--taken W,C] [--exhaustion W,C] [--limit W,C]\n"
"                             [--buckets W,C] [--overflow W,C] [FILTER]\n"
"\n"
"Holds figures against thresholds and speaks as a plugin of Nagios, Icinga and\n"
"others does: a line with what is wrong and performance data, then a line for\n"
"each figure.\n"
"\n"
"  --taken       percent of its local ports that the fullest destination has\n"
"                taken, or the fullest bind pool: twctl help pressure. 80,95\n"
"  --exhaustion  seconds until a destination or a bind pool has none left at its\n"
"                rate; U in the performance data where all last. A close keeps\n"
"                its port for a minute, so it never is much longer. 45:,15:\n"
"  --limit       the kernel's count of buckets, in percent of tcp_max_tw_buckets:\n"
"                from there on closes skip TIME_WAIT. 80,95\n"
"  --buckets     the kernel's count of buckets. Nothing, unless it is given\n"
"  --overflow    closes by the second that left no bucket, within a second that\n"
"                is waited for. Nothing, unless it is given. With -A it is known\n"
"                while observing only: twctl help observe\n"
"\n"
"What stands last is what each is held against where it is not given. A range is\n"
"where all is well: 80 is 0 to 80, '10:' is 10 and more, '~:5' is 5 and less,\n"
"10:20 is between them; '@10:20' is what is not well. Either may be left out:\n"
"'80,' warns alone, and ',' lets a figure be.\n"
"\n"
"  FILTER        --taken and --exhaustion are of these destinations: twctl help\n"
"                filter\n"
"\n"
"With -A: in all network namespaces; the line says in which it is worst.\n"
"\n"
"Exit code: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN, as where the module is not\n"
"loaded or the words are wrong; the line has the reason.\n"
"\n"
"Examples:\n"
"  twctl check\n"
"  twctl check -A --taken 70,90 --exhaustion ,\n"
"  twctl check --taken 50,75 dst 198.51.100.7 and dport = :5432\n",
};
