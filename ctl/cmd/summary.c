// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "../arguments.h"
#include "../snapshot.h"
#include "../snapshot_make.h"
#include "commands.h"

struct work {
	struct session s;
	/* NULL: none is kept */
	json_t *snapshot;
	/* the snapshot alone is on stdout */
	bool quiet;
};

static int show(const struct tws_summary *summary, void *ctx)
{
	struct work *w = ctx;

	if (w->snapshot)
		snapshot_add(w->snapshot, &w->s, summary);
	if (w->quiet)
		return 0;
	return session_wrote(&w->s, out_summary(w->s.out, summary));
}

static int save(json_t *snapshot, const char *path)
{
	char *text = snapshot_end(snapshot), err[700] = "out of memory";
	int ret = text ? snapshot_write(path, text, err, sizeof(err)) : -1;

	free(text);
	if (ret < 0)
		complain("%s: %s", path, err);
	return ret;
}

static int ask(const struct options *o, const struct tws_filter *f,
	       const char *path)
{
	struct work w = { .quiet = path && !strcmp(path, "-") };
	struct options text = *o;
	int ret, kept = 0;

	/* a writer of JSON would begin an array of nothing */
	if (w.quiet)
		text.json = false;
	if (session_open(&w.s, &text, o->all_netns ? OUT_SUMMARIES : OUT_SUMMARY) < 0)
		return EXIT_ERROR;
	if (path)
		w.snapshot = snapshot_begin(&w.s, o->all_netns);
	if (f->n_clauses)
		out_filtered(w.s.out);
	ret = o->all_netns ? twnl_summary_dump(w.s.nl, f, NULL, show, &w) :
			     twnl_summary_get(w.s.nl, f, NULL, show, &w);
	if (path && !ret)
		kept = save(w.snapshot, path);
	else
		json_decref(w.snapshot);
	ret = session_close(&w.s, ret);
	return kept < 0 ? EXIT_ERROR : ret;
}

static int run(const struct options *o, int argc, char **argv)
{
	const char *path = own_option(o, "save");
	struct tws_filter f;
	int ret = arguments_filter(o, argc, argv, &f);

	if (ret)
		return ret;
	if (path && !*path) {
		complain("--save needs the name of a file, or - for stdout");
		return EXIT_USAGE;
	}
	if (path && f.n_clauses) {
		complain("--save keeps the whole summary, to be compared with another whole one: it takes no filter");
		return EXIT_USAGE;
	}
	return ask(o, &f, path);
}

static const struct command_option options[] = {
	{ .name = "save", .argument = "a file, or - for stdout",
	  .takes = TAKES_FILE },
	{ 0 },
};

const struct command cmd_summary = {
	.name = "summary",
	.brief = "counts, rates and limits at a glance (the default)",
	.takes_family = true,
	.takes_all_netns = true,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] [summary [FILTER]]\n"
"       twctl [OPTIONS] summary -A [FILTER]\n"
"       twctl [OPTIONS] summary [-A] --save FILE\n"
"\n"
"Counts the TIME_WAIT buckets of a network namespace in one walk inside the\n"
"kernel and shows, on one screen:\n"
"\n"
"  buckets   how many there are, against tcp_max_tw_buckets, and their memory;\n"
"            true TIME_WAIT and FIN_WAIT2 told apart; IPv4, IPv6, and IPv4\n"
"            through IPv6 sockets\n"
"  kernel    the kernel's own count. A warning says so where the two differ by\n"
"            more than the buckets that came and went during the walk\n"
"  closes/s  closes in each of the last 60 seconds, the newest at the right. It\n"
"            is read off the buckets, so a close counts only while its bucket is\n"
"            still there, in the second in which its 60 s began or began anew\n"
"  due       how many buckets end within the next 10, 30 and 60 s\n"
"  verdicts  how many connect() to the same destination would take the place of,\n"
"            and what keeps it from the others; how long the too young have to\n"
"            wait; and the same for a port that is bound before connect(). What\n"
"            each verdict means: twctl help explain\n"
"  sysctls   those of the namespace that govern TIME_WAIT and local ports\n"
"\n"
"Other tools: ss -s (timewait) and tw of /proc/net/sockstat are the kernel's own\n"
"count, time-wait and fin-wait2 together. 'ss state time-wait' lists the former\n"
"alone; 'ss state fin-wait-2' the latter, and with them full sockets in\n"
"FIN_WAIT2, which are no buckets and are not counted here.\n"
"\n"
"With a FILTER (twctl help filter), or -4 or -6, that is of the buckets that\n"
"pass; the kernel's own count is of all.\n"
"\n"
"With -A: a line for each network namespace of the machine, and a last line for\n"
"all of them; closes/s is the mean of the last 60 s. Below, unless -H is given,\n"
"which sysctls are not everywhere those of the initial namespace (in a container:\n"
"of this one). This needs CAP_NET_ADMIN in the initial user namespace.\n"
"\n"
"A namespace is called what 'ip netns' calls it; else after the container, pod,\n"
"machine or unit that its first process belongs to, by the cgroup; else after\n"
"that process. What may not be looked at has its number alone.\n"
"\n"
"With --save: what is shown is kept in FILE as well, with the time, the name,\n"
"kernel and boot of the machine, and TCP's counters in /proc/net, for 'twctl diff\n"
"FILE' to say what became of it. FILE is replaced at once, but not where it is\n"
"something else than such a snapshot. With '-' it alone goes to stdout.\n"
"\n"
"With -j: one object, or with -A an array of them. The keys are the attributes\n"
"of the netlink family with '_' for '-'; with -A also netns_name, netns_kind\n"
"(initial, named, docker, podman, crio, containerd, container, pod, lxc, nspawn,\n"
"unit, process) and netns_owner, an id in full. remaining_hist[i] counts the\n"
"buckets with i to i+1 seconds left, its last slot all from 60 s on;\n"
"closes_hist[0] is the current second; wait_hist[0] has the too young that wait\n"
"0 ms, [i] those from 2^(i-1) to below 2^i ms, its last slot all longer ones.\n"
"\n"
"Examples:\n"
"  twctl summary dst 10.0.0.0/8 and dport = :443\n"
"  twctl summary --save before.json\n"
"  twctl -N web -j | jq '.total, .limit'\n",
};
