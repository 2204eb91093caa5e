// SPDX-License-Identifier: GPL-2.0
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "../arguments.h"
#include "../session.h"
#include "../verify_net.h"
#include "../verify_out.h"
#include "../verify_run.h"
#include "commands.h"

#define DEFAULT_TRIALS	200
#define MAX_TRIALS	1000000
/* JSON has no larger whole numbers that every program reads alike. */
#define MAX_SEED	((1ULL << 53) - 1)

static const char announcement[] =
"verify works in network namespaces of its own and touches nothing of the host's";

/* As arguments_number() reads it, of more bits. */
static int parse_seed(const char *text, uint64_t *seed)
{
	int base = text[0] == '0' && (text[1] == 'x' || text[1] == 'X') ? 16 : 10;
	unsigned long long v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, base);
	if (*text >= '0' && *text <= '9' && !*end && !errno && v <= MAX_SEED) {
		*seed = v;
		return 0;
	}
	complain("--seed takes a number from 0 to %llu, not '%s'", MAX_SEED, text);
	return -1;
}

/* Short enough to be typed again. */
static uint64_t random_seed(void)
{
	uint32_t seed;

	if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
		seed = 1;
	return seed;
}

static void tell(const struct verify_event *e, void *ctx)
{
	verify_out_event(ctx, e);
	fflush(ctx);
}

static int parse(const struct options *o, struct verify_plan *p)
{
	const char *seed = own_option(o, "seed");

	p->trials = DEFAULT_TRIALS;
	p->seed = random_seed();
	if (arguments_number(o, "trials", 1, MAX_TRIALS, &p->trials) ||
	    (seed && parse_seed(seed, &p->seed) < 0))
		return -1;
	if (own_option(o, "verbose")) {
		p->tell = tell;
		p->ctx = o->json ? stderr : stdout;
	}
	return 0;
}

static void announce(const struct options *o)
{
	if (o->json) {
		complain("%s", announcement);
		return;
	}
	printf("%s\n\n", announcement);
	fflush(stdout);
}

static int report(const struct options *o, const struct tws_info *info,
		  const struct verify_report *r)
{
	if (!o->json)
		verify_out_text(stdout, info, r);
	else if (verify_out_json(stdout, info, r, o->pretty) < 0)
		complain("out of memory");
	return close_stdout() || !verify_good(r) ? EXIT_ERROR : EXIT_OK;
}

static int verify(const struct options *o, const struct verify_plan *p,
		  struct verify_net *net)
{
	struct verify_report r;
	struct session s;
	char err[600];
	int ret;

	if (session_connect(&s) < 0)
		return EXIT_ERROR;
	ret = verify_run(p, &s.info, s.nl, net, &r, err, sizeof(err));
	if (ret < 0)
		complain("%s", err);
	else
		ret = report(o, &s.info, &r);
	verify_report_free(&r);
	twnl_close(s.nl);
	return ret < 0 ? EXIT_ERROR : ret;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct verify_plan p = { 0 };
	struct verify_net net;
	char err[256];
	int code;

	if (argc) {
		complain("verify takes no argument '%s'", argv[0]);
		return EXIT_USAGE;
	}
	if (o->netns) {
		complain("verify knows no -N: it makes network namespaces of its own");
		return EXIT_USAGE;
	}
	if (parse(o, &p) < 0)
		return EXIT_USAGE;
	/* an interrupt ends all at once, and the namespaces with it */
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	announce(o);
	if (verify_net_open(&net, err, sizeof(err)) < 0) {
		complain("%s", err);
		return EXIT_ERROR;
	}
	code = verify(o, &p, &net);
	verify_net_close(&net);
	return code;
}

static const struct command_option own_options[] = {
	{ .name = "trials", .argument = "the number of trials" },
	{ .name = "seed", .argument = "a number" },
	{ .name = "verbose" },
	{ 0 },
};

const struct command cmd_verify = {
	.name = "verify",
	.brief = "compares verdicts with real connects, in a namespace of its own",
	.options = own_options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] verify [--trials N] [--seed S] [--verbose]\n"
"\n"
"Are the verdicts right on this very kernel? In network namespaces that it makes\n"
"and that end with it, verify opens connections, closes them, asks the module for\n"
"the verdict of each bucket, and then really connects, with the port range\n"
"narrowed to that port. Needs root, and some 15 s for 1,000 trials.\n"
"\n"
"  --trials N   so many (200)\n"
"  --seed S     the scenarios of an earlier run; without it new ones by chance\n"
"  --verbose    a line for each comparison (with -j: on stderr)\n"
"\n"
"A scenario is a choice by chance of each of these: IPv4, IPv6, IPv4-mapped;\n"
"loopback, an address of this machine, a veth; the sysctls tcp_tw_reuse,\n"
"tcp_tw_reuse_delay (where there is one) and tcp_timestamps, also turned off\n"
"later; TIME_WAIT or FIN_WAIT2; who chose the port, connect() or bind(), and with\n"
"which options; what else is at that port; and how old the bucket is, half the\n"
"time close to the moment from which on the kernel takes it.\n"
"\n"
"Compared as well:\n"
"  reason       the verdict fits what was done to the bucket\n"
"  what-if      what was said of other sysctls holds once they are set\n"
"  not-before   shortly before a bucket is said to be old enough it is refused\n"
"  in-time      and once it is, connect() gets its port\n"
"\n"
"A trial is at the boundary where the verdict changes while connect() runs; these\n"
"are counted apart. Where bind() refuses the port, or no bucket came about, there\n"
"is no trial, and another one is made.\n"
"\n"
"Nothing of the host is changed: the sysctls are those of the new namespaces. Its\n"
"kernel may load the veth module. Exit code: 1 on a single disagreement.\n",
};
