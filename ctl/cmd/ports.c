// SPDX-License-Identifier: GPL-2.0
#include <string.h>
#include <sys/socket.h>

#include "../arguments.h"
#include "../endpoint.h"
#include "../laws.h"
#include "../policy.h"
#include "../route.h"
#include "commands.h"

/* as many as fit a screen beside their labels */
#define CELLS 64

struct question {
	struct endpoint to;
	struct endpoint from;
	struct tws_policy policy;
	/* "" for none */
	const char *dev;
};

static enum exit_code wrong(const char *what, const char *why)
{
	complain("%s %s", what, why);
	return EXIT_USAGE;
}

static enum exit_code parse_to(const char *text, struct endpoint *to)
{
	char err[512];

	if (!text)
		return wrong("ports", "needs a destination: --to ADDR:PORT");
	if (endpoint_parse(text, service_port, to, err, sizeof(err)) < 0)
		return wrong("--to", err);
	if (!to->has_addr)
		return wrong("--to", "needs an address: ports are taken per destination address and port");
	if (!to->has_port)
		return wrong("--to", "needs a port after the address: 192.0.2.1:443 or [2001:db8::1]:443");
	/* IPv4 on the wire, however it is written */
	endpoint_unmap(to);
	return EXIT_OK;
}

static enum exit_code parse_from(const char *text, const struct endpoint *to,
				 struct endpoint *from)
{
	char err[512];

	memset(from, 0, sizeof(*from));
	if (!text)
		return EXIT_OK;
	if (endpoint_parse(text, NULL, from, err, sizeof(err)) < 0)
		return wrong("--from", err);
	if (from->has_port || !from->has_addr)
		return wrong("--from", "takes an address without a port: the port is what connect() looks for");
	endpoint_unmap(from);
	if (from->family != to->family)
		return wrong("--from", to->family == AF_INET ?
			     "is IPv6 and --to is IPv4" :
			     "is IPv4 and --to is IPv6");
	return EXIT_OK;
}

/* --dev, or the one after "%" */
static enum exit_code parse_dev(const char *text, struct question *q)
{
	const char *of_to = q->to.dev, *of_from = q->from.dev;

	q->dev = text ? text : *of_to ? of_to : of_from;
	if (text && !*text)
		return wrong("--dev", "needs the name of a device");
	if (endpoint_link_local(&q->to) && !*q->dev)
		return wrong("--to", "is link-local and needs its device: [fe80::1%eth0]:443, or --dev");
	if ((*of_to && strcmp(q->dev, of_to)) ||
	    (*of_from && strcmp(q->dev, of_from))) {
		complain("--dev and the devices after '%%' differ: give one device");
		return EXIT_USAGE;
	}
	return EXIT_OK;
}

static enum exit_code parse(const struct options *o, int argc, char **argv,
			    struct question *q)
{
	enum exit_code ret = arguments_policy(&argc, argv, &q->policy);

	if (ret)
		return ret;
	if (argc) {
		complain("ports takes no argument '%s'; beside --to, --from and --dev it takes " POLICY_WORDS,
			 argv[0]);
		return EXIT_USAGE;
	}
	ret = parse_to(own_option(o, "to"), &q->to);
	if (!ret)
		ret = parse_from(own_option(o, "from"), &q->to, &q->from);
	return ret ? ret : parse_dev(own_option(o, "dev"), q);
}

/* What takes the network namespace that was entered. Says what went wrong. */
static int resolve(struct question *q, unsigned int *ifindex)
{
	char err[512];

	*ifindex = 0;
	if (*q->dev) {
		*ifindex = route_device(q->dev, err, sizeof(err));
		if (!*ifindex) {
			complain("%s", err);
			return -1;
		}
	}
	if (q->from.has_addr)
		return 0;
	if (route_source(&q->to, q->dev, &q->from, err, sizeof(err)) < 0) {
		complain("%s", err);
		return -1;
	}
	return 0;
}

static void report(struct session *s, const struct port_report *r, bool *failed)
{
	char err[256];

	*failed = !laws_of_ports(r->ports, err, sizeof(err));
	session_wrote(s, out_ports(s->out, r));
	if (*failed)
		complain("these figures are wrong, a law of theirs is broken: %s", err);
}

static int ask(struct session *s, struct question *q, bool *failed)
{
	struct tws_port_query query = {
		.cells = CELLS,
		.policy = policy_is_empty(&q->policy) ? NULL : &q->policy,
	};
	struct port_report r = {
		.query = &query, .routed = !q->from.has_addr, .dev = q->dev,
	};
	struct tws_ports ports;
	int ret;

	if (resolve(q, &query.ifindex) < 0) {
		*failed = true;
		return 0;
	}
	query.family = q->to.family;
	query.remote_port = q->to.port;
	memcpy(query.remote, q->to.addr, sizeof(query.remote));
	memcpy(query.local, q->from.addr, sizeof(query.local));
	ret = twnl_port_get(s->nl, &query, &ports);
	if (ret)
		return ret;
	r.ports = &ports;
	report(s, &r, failed);
	return 0;
}

static int run(const struct options *o, int argc, char **argv)
{
	struct question q = { 0 };
	bool failed = false;
	struct session s;
	int ret = parse(o, argc, argv, &q);

	if (ret)
		return ret;
	if (session_open(&s, o, OUT_PORTS) < 0)
		return EXIT_ERROR;
	ret = session_close(&s, ask(&s, &q, &failed));
	return failed ? EXIT_ERROR : ret;
}

static const struct command_option options[] = {
	{ .name = "to", .argument = "a destination: ADDR:PORT, or [ADDR]:PORT for IPv6" },
	{ .name = "from", .argument = "a source address" },
	{ .name = "dev", .argument = "the name of a device",
	  .takes = TAKES_DEVICE },
	{ 0 },
};

const struct command cmd_ports = {
	.name = "ports",
	.brief = "the local ports as a connect() to a destination finds them",
	.takes = TAKES_POLICY,
	.options = options,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] ports --to ADDR:PORT [--from ADDR] [--dev DEV]\n"
"                             [SYSCTL=VALUE...]\n"
"\n"
"What connect() would find at each port of ip_local_port_range, for this source\n"
"and destination: to another one, the same port may be free.\n"
"\n"
"  --to ADDR:PORT  the destination; [ADDR]:PORT for IPv6\n"
"  --from ADDR     the source; the one that the routing table chooses where it\n"
"                  is left out (no packet is sent to find out)\n"
"  --dev DEV       the socket is bound to this device. Before Linux 5.7 finding\n"
"                  the source needs CAP_NET_RAW then. [fe80::1%DEV]:PORT sets\n"
"                  it as well\n"
"  SYSCTL=VALUE    judge by other sysctls: see twctl help whatif\n"
"\n"
"  free          nothing of this source and destination\n"
"  reusable      a bucket whose place connect() takes; available is free and\n"
"                reusable\n"
"  waiting       a bucket that connect() is refused, by verdict (see twctl help\n"
"                explain), and when the first of each is reusable or gone\n"
"  in-use        a full socket of this source and destination\n"
"  bind-blocked  skipped, as bind() made or joined the port: programs that\n"
"                bind() before connect() avoid it by IP_BIND_ADDRESS_NO_PORT\n"
"  reserved      skipped, as ip_local_reserved_ports has it\n"
"\n"
"These add up to the range. The map has a cell for so many ports, and a row for\n"
"each of these; the more of the cell's ports, the fuller.\n"
"\n"
"With -j: one object; map has for each cell its first port and the figures.\n"
"\n"
"Examples:\n"
"  twctl ports --to 198.51.100.7:443\n"
"  twctl ports --to [2001:db8::1]:443 --from 2001:db8::2 tcp_tw_reuse=1\n",
};
