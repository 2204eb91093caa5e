// SPDX-License-Identifier: GPL-2.0
#include "../arguments.h"
#include "../pressures.h"
#include "commands.h"

#define TOP 5

static int report(struct session *s, const struct pressures *p)
{
	const struct pressure_report r = {
		.n = p->n, .row = p->row,
		.n_sources = p->n_sources, .source = p->source,
		.n_summaries = p->n_summaries, .summary = p->summary,
		.others = p->others,
		.cut = pressures_cut(p),
	};

	return session_wrote(s, out_pressure(s->out, &r));
}

static int run(const struct options *o, int argc, char **argv)
{
	struct session s;
	struct pressures p;
	struct tws_filter f;
	uint32_t top = TOP;
	int ret;

	/* what is wrong with it is said before anything is asked */
	ret = arguments_filter(o, argc, argv, &f);
	if (!ret)
		ret = arguments_number(o, "top", 0, TWSCOPE_MAX_GROUPS, &top);
	if (ret)
		return ret;
	if (session_open(&s, o, OUT_PRESSURE) < 0)
		return EXIT_ERROR;

	ret = pressures_take(&s, o, argc, argv, top, &p);
	if (!ret)
		ret = report(&s, &p);
	ret = session_close(&s, p.refused ? 0 : ret);
	if (p.refused)
		ret = EXIT_USAGE;
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
"  rate       closes by the second that left a bucket, over the last ten seconds\n"
"  sustained  the rate that can go on: the ports divided by the time that each\n"
"             stays taken, 60 s and some, as the kernel's timer is coarse, or\n"
"             until connect() reuses it (tcp_tw_reuse)\n"
"  outlook    when no port will be left, if this rate goes on: the buckets that\n"
"             are there end one after the other, new ones come at the rate\n"
"\n"
"Where programs bind() before connect(), a port is taken whatever the\n"
"destination, and no sysctl makes it reusable: this pool is shown for each source\n"
"address and device. The cure is IP_BIND_ADDRESS_NO_PORT. Under a VRF ports are\n"
"bound apart, and kept apart from connect().\n"
"\n"
"  --top N  so many destinations; 5 where it is left out, 0 for all\n"
"  FILTER   only these: twctl help filter\n"
"\n"
"With -j: destinations, each with the same figures under tcp_tw_reuse=1 in\n"
"tcp_tw_reuse_1, and bind_pools. exhausted_in_s is null where the ports last, or\n"
"(limited) where tcp_max_tw_buckets is reached before they are gone; complete is\n"
"false where there are more than the module tells apart.\n"
"\n"
"Examples:\n"
"  twctl pressure\n"
"  twctl pressure -A --top 3\n"
"  twctl pressure dst 198.51.100.7 and dport = :443\n",
};
