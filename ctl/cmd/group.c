// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../arguments.h"
#include "../groups.h"
#include "../laws.h"
#include "../policy.h"
#include "commands.h"

#define TOP 20

static enum exit_code parse_sort(const char *text, uint32_t *sort)
{
	size_t i;

	*sort = TWSCOPE_GROUP_SORT_COUNT;
	if (!text)
		return EXIT_OK;
	for (i = 0; i < ARRAY_SIZE(group_orders); i++) {
		if (!strcmp(text, group_orders[i])) {
			*sort = (uint32_t)i;
			return EXIT_OK;
		}
	}
	complain("--sort takes count, rate or held, not '%s'", text);
	return EXIT_USAGE;
}

static enum exit_code parse_by(int argc, char **argv, struct tws_group_by *by)
{
	char err[256];

	if (!argc) {
		complain("by what to group? twctl group BY[,BY...], such as: twctl group remote,remote-port");
		return EXIT_USAGE;
	}
	if (group_by_parse(argv[0], by, err, sizeof(err)) < 0) {
		complain("wrong keys '%s': %s", argv[0], err);
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static int show(struct session *s, const struct tws_group_query *q,
		const struct groups *g, bool *broken)
{
	const struct group_report r = { .query = q, .groups = g };
	char err[256];

	*broken = !laws_of_groups(g, err, sizeof(err));
	if (*broken)
		complain("these figures are wrong, a law of theirs is broken: %s", err);
	return session_wrote(s, out_groups(s->out, &r));
}

static int ask(const struct options *o, const struct tws_group_query *q,
	       bool *broken)
{
	struct groups g = { 0 };
	struct session s;
	int ret;

	if (session_open(&s, o, OUT_GROUPS) < 0)
		return EXIT_ERROR;
	ret = groups_take(s.nl, q, &g);
	if (!ret)
		show(&s, q, &g, broken);
	groups_free(&g);
	return session_close(&s, ret);
}

static int run(const struct options *o, int argc, char **argv)
{
	struct tws_group_query q = { .limit = TOP, .all_netns = o->all_netns };
	struct tws_group_by by;
	struct tws_policy policy;
	struct tws_filter filter;
	bool broken = false;
	int ret;

	ret = parse_by(argc, argv, &by);
	if (ret)
		return ret;
	argc--;
	argv++;
	ret = arguments_policy(&argc, argv, &policy);
	if (!ret)
		ret = arguments_filter(o, argc, argv, &filter);
	if (!ret)
		ret = parse_sort(own_option(o, "sort"), &q.sort);
	if (!ret)
		ret = arguments_number(o, "top", 0, TWSCOPE_MAX_GROUPS, &q.limit);
	if (ret)
		return ret;

	q.by = &by;
	q.filter = &filter;
	q.policy = policy_is_empty(&policy) ? NULL : &policy;
	q.count_ports = own_option(o, "ports");
	ret = ask(o, &q, &broken);
	return broken ? EXIT_ERROR : ret;
}

static const struct command_option options[] = {
	{ .name = "top", .argument = "how many groups to show, 0 for all" },
	{ .name = "sort", .argument = "count, rate or held",
	  .takes = TAKES_ORDER },
	{ .name = "ports" },
	{ 0 },
};

const struct command cmd_group = {
	.name = "group",
	.brief = "buckets counted by address, port, verdict and more",
	.takes_family = true,
	.takes_all_netns = true,
	.takes = TAKES_KEYS,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] group BY[,BY...] [SYSCTL=VALUE...] [FILTER]\n"
"\n"
"Counts the buckets in groups, in one walk inside the kernel. BY is any of:\n"
"\n"
"  remote, remote-port   the other side; also dst, dport. remote/24 groups IPv4\n"
"                        by prefix, remote/24/64 IPv6 as well\n"
"  local, local-port     this side, likewise; also src, sport\n"
"  verdict, substate     as list shows them; below, what each verdict means\n"
"  dev, mark             the device and the fwmark that the socket had\n"
"  family                IPv4 through IPv6 sockets apart from IPv4\n"
"  netns                 with -A\n"
"\n"
"  --top N       so many groups, the rest in one line; 20 where it is left out,\n"
"                0 for all\n"
"  --sort ORDER  count: most buckets first; rate: most closes within 10 s; held:\n"
"                most buckets and sockets in use\n"
"  --ports       count the different local ports of each group, too\n"
"  SYSCTL=VALUE  what would be reusable under other sysctls: twctl help whatif\n"
"  FILTER        only these: twctl help filter\n"
"\n"
"  BUCKETS    how many; SHARE of all that the filter lets pass\n"
"  REUSABLE   connect() takes their place now; WHAT-IF under the sysctls given\n"
"  IN-USE     full sockets of the same keys. They have no verdict and no\n"
"             substate, and no column where these are keys\n"
"  closes/s   closes a second: in the last second (1S), and the mean of the last\n"
"             10 and 60 s (10S, 60S); of those whose bucket is still there\n"
"  ends in    time left until the FIRST of them ends, and until the LAST one does\n"
"\n"
"Of groups there are at most 16384 (1024 with --ports). What comes beyond is\n"
"summed in a line of its own and never lost; since the walk is in the order of a\n"
"hash, groups of many are among those told apart.\n"
"\n"
"With -j: one object; rows has the groups with their keys, verdicts by name and\n"
"closes_hist, whose slot 0 is the last second.\n"
"\n"
"Examples:\n"
"  twctl group remote,remote-port\n"
"  twctl group remote/24 --sort rate dport = :443\n"
"  twctl group -A netns,verdict --top 0\n",
};
