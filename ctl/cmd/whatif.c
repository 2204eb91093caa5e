// SPDX-License-Identifier: GPL-2.0
#include "../arguments.h"
#include "../laws.h"
#include "../policy.h"
#include "commands.h"

struct whatif {
	struct session s;
	struct tws_policy policy;
	struct tws_filter filter;
	bool broken;
};

static int show(const struct tws_summary *summary, void *ctx)
{
	struct whatif *w = ctx;
	char err[256];

	if (!laws_of_verdicts(summary, err, sizeof(err))) {
		complain("these figures are wrong, a law of theirs is broken: %s", err);
		w->broken = true;
	}
	return session_wrote(&w->s, out_whatif(w->s.out, summary, &w->policy));
}

static int ask(struct whatif *w, bool all_netns)
{
	if (all_netns)
		return twnl_summary_dump(w->s.nl, &w->filter, &w->policy, show, w);
	return twnl_summary_get(w->s.nl, &w->filter, &w->policy, show, w);
}

static int run(const struct options *o, int argc, char **argv)
{
	struct whatif w = { 0 };
	int ret = arguments_policy(&argc, argv, &w.policy);

	if (ret)
		return ret;
	if (policy_is_empty(&w.policy)) {
		complain("whatif needs one sysctl at least to judge by: " POLICY_WORDS);
		return EXIT_USAGE;
	}
	ret = arguments_filter(o, argc, argv, &w.filter);
	if (ret)
		return ret;
	if (session_open(&w.s, o, o->all_netns ? OUT_WHATIFS : OUT_WHATIF) < 0)
		return EXIT_ERROR;
	ret = session_close(&w.s, ask(&w, o->all_netns));
	return w.broken ? EXIT_ERROR : ret;
}

const struct command cmd_whatif = {
	.name = "whatif",
	.brief = "the buckets judged under other sysctls",
	.takes_family = true,
	.takes_all_netns = true,
	.takes = TAKES_POLICY,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] whatif SYSCTL=VALUE... [FILTER]\n"
"\n"
"Judges the buckets that are there now under the sysctls of the namespace and\n"
"under those given, in one walk, and shows what would change. Nothing is set.\n"
"\n"
"  tcp_tw_reuse=0|1|2         0 off, 1 on, 2 on for loopback traffic\n"
"  tcp_tw_reuse_delay=MS      where the kernel has it (6.14 on): see twctl info\n"
"  tcp_timestamps=0|1|2       changes no bucket that is there: each keeps what\n"
"                             its connection saw\n"
"\n"
"Names may begin with net.ipv4. as those of sysctl(8). FILTER: twctl help filter.\n"
"\n"
"  now, then   how many buckets have a verdict now, and would have it\n"
"  changes     from which verdict to which\n"
"  unchanged   how many keep theirs, and why\n"
"\n"
"What connect() does with each verdict: twctl help explain. What to do about\n"
"a lack of ports is more than a sysctl: twctl ports shows what holds them.\n"
"\n"
"With -A: a line for each network namespace. With -j: one object, or with -A an\n"
"array of them: before and after by verdict, changes (from, to, count), and\n"
"unchanged (verdict, count, reason).\n"
"\n"
"Examples:\n"
"  twctl whatif tcp_tw_reuse=1 dport = :443\n"
"  twctl whatif -A tcp_tw_reuse=1 tcp_tw_reuse_delay=100\n",
};
