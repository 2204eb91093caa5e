// SPDX-License-Identifier: GPL-2.0
#include <string.h>

#include "../arguments.h"
#include "../endpoint.h"
#include "../route.h"
#include "commands.h"

/* As many are shown where more than one matches. */
#define SHOWN 5

struct found {
	/* of the device after "%", 0 for any */
	uint32_t ifindex;
	uint64_t n;
	struct tws_bucket bucket[SHOWN];
};

static int keep(const struct tws_bucket *b, void *ctx)
{
	struct found *f = ctx;

	if (f->ifindex && b->ifindex != f->ifindex)
		return 0;
	if (f->n < SHOWN)
		f->bucket[f->n] = *b;
	f->n++;
	return 0;
}

static int keep_sysctls(const struct tws_summary *s, void *ctx)
{
	*(struct tws_sysctls *)ctx = s->sysctls;
	return 0;
}

static enum exit_code end_of(const char *which, const char *text,
			     struct endpoint *e)
{
	char err[512];

	if (!endpoint_parse(text, service_port, e, err, sizeof(err)))
		return EXIT_OK;
	complain("%s %s", which, err);
	return EXIT_USAGE;
}

/* @dev is of size IF_NAMESIZE. */
static enum exit_code device_of(const struct endpoint *a,
				const struct endpoint *b, char *dev)
{
	if (*a->dev && *b->dev && strcmp(a->dev, b->dev)) {
		complain("the devices after '%%' differ: a bucket has one");
		return EXIT_USAGE;
	}
	strcpy(dev, *a->dev ? a->dev : b->dev);
	return EXIT_OK;
}

/* LOCAL REMOTE, or else a filter. @dev: "" where none is given */
static enum exit_code parse(const struct options *o, int argc, char **argv,
			    struct tws_filter *f, char *dev)
{
	struct endpoint local, remote;
	enum exit_code ret;

	*dev = '\0';
	if (!argc || !endpoint_like(argv[0]))
		return arguments_filter(o, argc, argv, f);
	if (argc != 2) {
		complain("explain takes two ends, LOCAL REMOTE, or a FILTER that leaves one bucket; see: twctl help explain");
		return EXIT_USAGE;
	}
	if (o->family) {
		complain("-%c goes with a FILTER; LOCAL and REMOTE say their family themselves",
			 o->family == AF_INET ? '4' : '6');
		return EXIT_USAGE;
	}
	ret = end_of("LOCAL", argv[0], &local);
	if (!ret)
		ret = end_of("REMOTE", argv[1], &remote);
	if (!ret)
		ret = device_of(&local, &remote, dev);
	if (!ret)
		endpoint_filter(&local, &remote, f);
	return ret;
}

/* On stderr, whatever the output is to be. */
static void show_some(const struct found *f)
{
	const struct out_options opt = { .fp = stderr };
	struct out *out = out_text(&opt, OUT_BUCKETS);
	uint64_t i;

	for (i = 0; out && i < f->n && i < SHOWN; i++)
		out_bucket(out, &f->bucket[i]);
	if (out)
		out_end(out, false);
}

static bool is_one(const struct found *f)
{
	if (f->n == 1)
		return true;
	if (!f->n) {
		complain("no bucket matches: it has ended, or there is a full socket, or none at all; twctl list shows those that are there");
		return false;
	}
	complain("%llu buckets match, and explain takes one%s:",
		 (unsigned long long)f->n,
		 f->n > SHOWN ? "; the first of them are" : "; they are");
	show_some(f);
	return false;
}

/* Finds it; false where there is not one, which it has said. */
static bool find(struct session *s, const struct tws_bucket_query *q,
		 const char *dev, struct found *f, int *ret)
{
	char err[512];

	*ret = 0;
	if (*dev) {
		f->ifindex = route_device(dev, err, sizeof(err));
		if (!f->ifindex) {
			complain("%s", err);
			return false;
		}
	}
	*ret = twnl_bucket_dump(s->nl, q, keep, f);
	return *ret || is_one(f);
}

/* @failed: it was said why there is nothing to explain */
static int explain(struct session *s, const struct tws_bucket_query *q,
		   const char *dev, bool *failed)
{
	struct tws_sysctls sysctls;
	struct found f = { 0 };
	struct explanation e = {
		.info = &s->info, .sysctls = &sysctls,
		.bucket = &f.bucket[0], .syn = q->syn,
	};
	int ret;

	*failed = !find(s, q, dev, &f, &ret);
	if (*failed || ret)
		return ret;
	ret = twnl_summary_get(s->nl, q->filter, NULL, keep_sysctls, &sysctls);
	if (ret)
		return ret;
	return session_wrote(s, out_explanation(s->out, &e)) ? 1 : 0;
}

static int run(const struct options *o, int argc, char **argv)
{
	const char *syn_text = own_option(o, "syn");
	struct tws_filter f;
	struct tws_syn syn = { 0 };
	const struct tws_bucket_query q = {
		.filter = &f, .syn = syn_text ? &syn : NULL, .explain = true,
	};
	char dev[IF_NAMESIZE];
	bool failed = false;
	struct session s;
	int ret = syn_text ? arguments_syn(syn_text, &syn) : EXIT_OK;

	if (!ret)
		ret = parse(o, argc, argv, &f, dev);
	if (ret)
		return ret;
	if (session_open(&s, o, OUT_EXPLANATION) < 0)
		return EXIT_ERROR;
	ret = session_close(&s, explain(&s, &q, dev, &failed));
	return failed ? EXIT_ERROR : ret;
}

static const struct command_option options[] = {
	{ .name = "syn", .argument = "a sequence number, and after a comma a TSval if there is one" },
	{ 0 },
};

const struct command cmd_explain = {
	.name = "explain",
	.brief = "one bucket: what the kernel asks of it, met or not",
	.takes_family = true,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] explain LOCAL REMOTE [--syn SEQ[,TSVAL]]\n"
"       twctl [OPTIONS] explain FILTER [--syn SEQ[,TSVAL]]\n"
"\n"
"One bucket in words that can be pasted: when it ends, what the kernel asks of\n"
"it before connect() may take its place, whether that is met or NOT MET, on whose\n"
"authority (an RFC, or Linux alone), the verdict and when it changes.\n"
"\n"
"LOCAL, REMOTE  ADDR:PORT, [ADDR]:PORT for IPv6, or :PORT alone. [fe80::1%DEV]\n"
"               is of the sockets that are bound to that device\n"
"FILTER         see twctl help filter; it has to leave exactly one bucket\n"
"\n"
"The verdict for a connect() that looks for a port itself:\n"
"  reusable      it takes the bucket's place\n"
"  too-young     refused now, reusable when some milliseconds have passed\n"
"  disabled      refused: tcp_tw_reuse is 0\n"
"  not-loopback  refused: tcp_tw_reuse is 2 and this is not loopback traffic\n"
"  fin-wait2     refused: the peer has not closed\n"
"  no-timestamp  refused as long as the bucket lives: the peer sent none\n"
"  bind-blocked  skipped: bind() made or joined the port's bind bucket\n"
"  not-searched  its port is outside of ip_local_port_range, or reserved\n"
"  unknown       the rules of this kernel are not known: see twctl info\n"
"\n"
"The other side: which SYN of the peer would be accepted, that is given to a\n"
"listener (where nobody listens, the kernel answers with an ACK).\n"
"  --syn SEQ[,TSVAL]  what would this SYN meet? accept, challenge-ack,\n"
"                     paws-reject, reset or drop\n"
"Both need CAP_NET_ADMIN over the network namespace: sequence numbers are no\n"
"business of others.\n"
"\n"
"With -j: one object; conditions has name, asked, held (met), text and source.\n"
"\n"
"Examples:\n"
"  twctl explain 192.0.2.1:36714 198.51.100.7:443\n"
"  twctl explain :36714 :443 --syn 3141592653,271828\n",
};
