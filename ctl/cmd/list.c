// SPDX-License-Identifier: GPL-2.0
#include "../arguments.h"
#include "commands.h"

static int show(const struct tws_bucket *b, void *ctx)
{
	struct session *s = ctx;

	return session_wrote(s, out_bucket(s->out, b));
}

static int run(const struct options *o, int argc, char **argv)
{
	struct tws_filter f;
	const struct tws_bucket_query q = {
		.filter = &f,
		.all_netns = o->all_netns,
	};
	struct session s;
	int ret = arguments_filter(o, argc, argv, &f);

	if (ret)
		return ret;
	if (session_open(&s, o, OUT_BUCKETS) < 0)
		return EXIT_ERROR;
	ret = twnl_bucket_dump(s.nl, &q, show, &s);
	return session_close(&s, ret);
}

const struct command cmd_list = {
	.name = "list",
	.brief = "a row for each bucket",
	.takes_family = true,
	.takes_all_netns = true,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] list [FILTER]\n"
"\n"
"A row for each bucket of the network namespace (with -A: of all of them):\n"
"\n"
"  SUBSTATE   time-wait, or fin-wait2: closed here, the peer's FIN is awaited\n"
"  LEFT       until the kernel ends the bucket; its timer may be seconds late\n"
"  AGE        since it was entered, where the kernel keeps that: see twctl info\n"
"  TS-AGE     since the peer's last TCP timestamp; '-' without timestamps\n"
"  VERDICT    whether connect() to the same destination takes the bucket's place,\n"
"             and if not why: twctl help explain\n"
"  WAIT       until it does, where it is too young\n"
"  LOCAL      address and port on this side; never looked up in the DNS. Ports\n"
"  REMOTE     have service names unless -n is given or they are ephemeral\n"
"  mark, dev  of the socket, where it had one\n"
"\n"
"With -j also: bound_verdict, for a socket that was bound to the port before\n"
"connect(), and what only CAP_NET_ADMIN is told.\n"
"\n"
"FILTER: twctl help filter.\n"
"\n"
"Examples:\n"
"  twctl list dport = :443 and dst 10.0.0.0/8\n"
"  twctl list verdict = too-young\n"
"  twctl list -j sport ge 32768 | jq -r '.[].remote' | sort | uniq -c\n",
};
