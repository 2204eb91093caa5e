// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "../snapshot_make.h"
#include "commands.h"

static int from_file(const char *path, struct snapshot *s)
{
	char err[700];
	size_t len;
	char *text = snapshot_read(path, &len, err, sizeof(err));
	int ret = text ? snapshot_parse(text, len, s, err, sizeof(err)) : -1;

	free(text);
	if (ret < 0)
		complain("%s: %s", path, err);
	return ret;
}

struct taking {
	const struct session *s;
	json_t *doc;
};

static int add(const struct tws_summary *summary, void *ctx)
{
	struct taking *t = ctx;

	snapshot_add(t->doc, t->s, summary);
	return 0;
}

/* A snapshot of now takes the same way as one of a file: through its text. */
static int from_kernel(struct session *s, bool all_netns, struct snapshot *now)
{
	struct taking t = { .s = s, .doc = snapshot_begin(s, all_netns) };
	int ret = all_netns ? twnl_summary_dump(s->nl, NULL, NULL, add, &t) :
			      twnl_summary_get(s->nl, NULL, NULL, add, &t);
	char *text = snapshot_end(t.doc), err[700] = "out of memory";

	if (!ret && (!text || snapshot_parse(text, strlen(text), now, err,
					     sizeof(err)) < 0)) {
		complain("what the module says makes no snapshot: %s", err);
		ret = 1;
	}
	free(text);
	return ret;
}

static int compare(struct session *s, const struct snapshot *before,
		   const struct snapshot *after)
{
	struct diff d;
	int ret;

	if (diff_make(before, after, &d) < 0) {
		complain("out of memory");
		return 1;
	}
	ret = session_wrote(s, out_diff(s->out, &d));
	diff_free(&d);
	return ret;
}

static int with_file(const struct options *o, const struct snapshot *before,
		     const char *path)
{
	struct snapshot after;
	struct session s;
	int ret;

	if (from_file(path, &after) < 0)
		return EXIT_ERROR;
	if (session_open_offline(&s, o, OUT_DIFF) < 0) {
		snapshot_free(&after);
		return EXIT_ERROR;
	}
	ret = compare(&s, before, &after);
	snapshot_free(&after);
	ret = session_close(&s, ret) || ret;
	return ret ? EXIT_ERROR : EXIT_OK;
}

static int with_now(const struct options *o, const struct snapshot *before)
{
	struct snapshot now;
	struct session s;
	int ret;

	if (session_open(&s, o, OUT_DIFF) < 0)
		return EXIT_ERROR;
	ret = from_kernel(&s, before->all_netns, &now);
	if (!ret) {
		ret = compare(&s, before, &now);
		snapshot_free(&now);
	}
	return session_close(&s, ret) || ret ? EXIT_ERROR : EXIT_OK;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct snapshot before;
	int ret;

	if (argc < 1 || argc > 2) {
		complain("diff takes a FILE of 'twctl summary --save FILE', or two of them");
		return EXIT_USAGE;
	}
	if (argc == 2 && o->netns) {
		complain("-N goes with one FILE: two are compared without asking a kernel");
		return EXIT_USAGE;
	}
	if (from_file(argv[0], &before) < 0)
		return EXIT_ERROR;
	ret = argc == 2 ? with_file(o, &before, argv[1]) : with_now(o, &before);
	snapshot_free(&before);
	return ret;
}

const struct command cmd_diff = {
	.name = "diff",
	.brief = "what changed since 'summary --save', or between two of them",
	.takes = TAKES_FILE,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] diff FILE [FILE2]\n"
"\n"
"Compares what 'twctl summary --save FILE' kept with FILE2, or without that with\n"
"now: in the network namespace that this is called in, or in all of them where\n"
"FILE is of 'summary -A'. '-' is standard input.\n"
"\n"
"  buckets    the counts of the summary; closes in 60 s are those whose bucket is\n"
"             still there\n"
"  ports      buckets for 100 ports of ip_local_port_range; they may be of many\n"
"             destinations, each of which has the whole range\n"
"  verdicts   as in the summary; if bound: for a port bound before connect()\n"
"  sysctls    those that were set to another value, or came with another kernel\n"
"  sockets    what /proc/net/sockstat says of TCP\n"
"  counters   what came in /proc/net/snmp and netstat, and how many a second.\n"
"             Only within one boot and of one network namespace\n"
"  unchanged  how many others there are\n"
"\n"
"A warning says where the two are of different hosts, boots or namespaces. With\n"
"two FILEs no kernel is asked and the module need not be there.\n"
"\n"
"With -j: one object; of each part 'changed', with 'before' and 'after', and\n"
"'unchanged'.\n"
"\n"
"Exit code: 0 also where something changed.\n"
"\n"
"Examples:\n"
"  twctl summary --save before.json     # before the upgrade\n"
"  twctl diff before.json               # and after it\n",
};
