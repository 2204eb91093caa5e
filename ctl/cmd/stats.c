// SPDX-License-Identifier: GPL-2.0
#include <errno.h>

#include "../arguments.h"
#include "../sample.h"
#include "commands.h"

#define MIN_INTERVAL_MS 100

struct work {
	bool all_netns;
	/* 0: totals, once */
	uint32_t interval_ms;
	/* 0: no end */
	uint32_t count;
};

static enum exit_code parse(const struct options *o, int argc, char **argv,
			    struct work *w)
{
	int ret;

	w->all_netns = o->all_netns;
	if (argc) {
		complain("stats takes no argument '%s'; beside --interval TIME and --count N it takes none",
			 argv[0]);
		return EXIT_USAGE;
	}
	ret = arguments_time(o, "interval", MIN_INTERVAL_MS, &w->interval_ms);
	if (!ret)
		ret = arguments_number(o, "count", 1, UINT32_MAX, &w->count);
	if (!ret && w->count && !w->interval_ms) {
		complain("--count goes with --interval: so many intervals are shown");
		return EXIT_USAGE;
	}
	return ret;
}

static int show(const struct tws_stats *stats, void *ctx)
{
	struct session *s = ctx;

	return session_wrote(s, out_stats(s->out, stats));
}

static int totals(struct session *s, const struct work *w)
{
	return w->all_netns ? twnl_stats_dump(s->nl, show, s) :
			      twnl_stats_get(s->nl, show, s);
}

static int show_rates(struct session *s, const struct sample *after,
		      const struct sample *before)
{
	struct tws_stats diff;

	if (!sample_difference(after, before, &diff)) {
		complain("observing was turned off and on again: counting begins anew");
		return 0;
	}
	return session_wrote(s, out_rates(s->out, &diff, now_ns(CLOCK_REALTIME)) ||
				out_flush(s->out));
}

static int rates(struct session *s, const struct work *w)
{
	uint64_t interval = w->interval_ms * 1000000ULL, shown = 0;
	uint64_t next = now_ns(CLOCK_MONOTONIC);
	struct sample now, before;
	int ret = sample_take(s->nl, w->all_netns, &before);

	while (!ret) {
		next += interval;
		if (!pause_until(next))
			return 1;
		/* after a stall, as of ^Z, the lines that were missed are not made up for */
		if (now_ns(CLOCK_MONOTONIC) > next + interval)
			next = now_ns(CLOCK_MONOTONIC);
		ret = sample_take(s->nl, w->all_netns, &now);
		if (ret < 0 && twnl_errno(s->nl) == ENODATA) {
			complain("observing was turned off");
			return 0;
		}
		if (!ret)
			ret = show_rates(s, &now, &before);
		before = now;
		if (w->count && ++shown == w->count)
			return ret;
	}
	return ret;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct work w = { 0 };
	enum out_kind kind;
	struct session s;
	int ret = parse(o, argc, argv, &w);

	if (ret)
		return ret;
	kind = w.interval_ms ? OUT_RATES : w.all_netns ? OUT_ALL_STATS : OUT_STATS;
	if (session_open(&s, o, kind) < 0)
		return EXIT_ERROR;
	ret = w.interval_ms ? rates(&s, &w) : totals(&s, &w);
	return session_close(&s, ret);
}

static const struct command_option options[] = {
	{ .name = "interval", .argument = "a time: 1, 10s, 500ms", .letter = 'i' },
	{ .name = "count", .argument = "a number" },
	{ 0 },
};

const struct command cmd_stats = {
	.name = "stats",
	.brief = "what was observed: buckets made, ended and why, decisions",
	.takes_all_netns = true,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] stats\n"
"       twctl [OPTIONS] stats -i TIME [--count N]\n"
"\n"
"What was counted since 'twctl observe on', in the network namespace (with -A: in\n"
"each of them, and in all those that ended since):\n"
"\n"
"  before     buckets that were there when observing began\n"
"  created    buckets made since\n"
"  ended      buckets that ended, each for one cause\n"
"  present    buckets that are there, by the kernel's own count\n"
"  balance    before + created - ended = present; this holds at rest. Under\n"
"             traffic the four are not of one moment\n"
"  restarted  a segment of the peer made TIME_WAIT begin anew\n"
"  overflow   a close that skipped TIME_WAIT, at tcp_max_tw_buckets or without\n"
"             memory\n"
"  connect()  each time one asked for a bucket's place at a port that it tried:\n"
"             whether it took it, and if not why: twctl help explain. One\n"
"             connect() may ask for many\n"
"  segments   each that met a bucket, and what was done with it; only for who has\n"
"             CAP_NET_ADMIN over the network namespace\n"
"\n"
"What is 0 is left out. A warning says what the counts cannot be trusted in.\n"
"\n"
"  -i, --interval TIME  what came in each such time, by the second, until it is\n"
"                       interrupted: 1, 10s, 500ms. REUSE counts buckets whose\n"
"                       place connect() took, bound or not; RST as well those\n"
"                       that data in FIN_WAIT2 ended; BUCKET closes without one.\n"
"                       With -A: all network namespaces together\n"
"      --count N        so many lines\n"
"\n"
"With -j: one object, or with -A an array of them; with -i an object a line,\n"
"whose numbers are what came in its interval_ms, not by the second.\n"
"\n"
"Examples:\n"
"  twctl stats -i 1\n"
"  twctl -j stats | jq '.ended, .balance'\n",
};
