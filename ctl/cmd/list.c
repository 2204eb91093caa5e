// SPDX-License-Identifier: GPL-2.0
#include <stdlib.h>
#include <string.h>

#include "../session.h"
#include "commands.h"

static int show(const struct tws_bucket *b, void *ctx)
{
	struct session *s = ctx;

	return session_wrote(s, out_bucket(s->out, b));
}

/* All the words in one, so that quoting the filter or not makes no difference. */
static char *join(int argc, char **argv)
{
	size_t size = 1;
	char *text;
	int i;

	for (i = 0; i < argc; i++)
		size += strlen(argv[i]) + 1;
	text = calloc(1, size);
	for (i = 0; text && i < argc; i++) {
		if (i)
			strcat(text, " ");
		strcat(text, argv[i]);
	}
	return text;
}

static void complain_of_filter(const struct filter_error *err, const char *text)
{
	/* the message, the filter, and a line below it at most as long */
	size_t size = 2 * strlen(text) + sizeof(err->text) + 64;
	char *buf = malloc(size);

	if (buf) {
		filter_error_format(err, text, buf, size);
		complain("%s", buf);
	} else {
		complain("wrong filter: %s", err->text);
	}
	free(buf);
}

static int compile(const char *text, int family, struct tws_filter *f)
{
	struct filter_expr *expr = NULL;
	struct filter_error err;
	int ret = -1;

	/* no words, or blank ones: no filter */
	if (text[strspn(text, " \t\n")])
		expr = filter_parse(text, service_port, &err);
	if (expr || !text[strspn(text, " \t\n")])
		ret = filter_compile(expr, family, f, &err);
	if (ret < 0)
		complain_of_filter(&err, text);
	filter_expr_free(expr);
	return ret;
}

static int run(const struct options *o, int argc, char **argv)
{
	char *text = join(argc, argv);
	struct tws_filter f;
	struct session s;
	int ret;

	if (!text) {
		complain("out of memory");
		return EXIT_ERROR;
	}
	ret = compile(text, o->family, &f);
	free(text);
	if (ret < 0)
		return EXIT_USAGE;
	if (session_open(&s, o, OUT_BUCKETS) < 0)
		return EXIT_ERROR;
	ret = twnl_bucket_dump(s.nl, &f, o->all_netns, show, &s);
	return session_close(&s, ret);
}

const struct command cmd_list = {
	.name = "list",
	.brief = "a row for each bucket, with a filter in the grammar of ss",
	.takes_family = true,
	.takes_all_netns = true,
	.run = run,
	.help =
"Usage: twctl [OPTIONS] list [FILTER]\n"
"\n"
"A row for each bucket of the network namespace (with -A: of all of them):\n"
"\n"
"  SUBSTATE   time-wait, or fin-wait2: closed here, the peer's FIN is awaited\n"
"  REMAINING  until the kernel ends the bucket; its timer may be up to 4 s late\n"
"  AGE        since it was entered, where the kernel keeps that: see twctl info\n"
"  TS-AGE     since the peer's last TCP timestamp; '-' without timestamps\n"
"  LOCAL      address and port on this side; never looked up in the DNS. Ports\n"
"  REMOTE     have service names unless -n is given or they are ephemeral\n"
"  mark, dev  of the socket, where it had one\n"
"\n"
"FILTER is evaluated in the kernel. Quote it, or its ( ) ! < > & | meet the\n"
"shell.\n"
"\n"
"  sport OP PORT       local port       OP: =  !=  <  >  <=  >=\n"
"  dport OP PORT       remote port      or: eq ne lt gt le ge\n"
"  src [=|!=] HOST     local address    PORT: 443, :443, https\n"
"  dst [=|!=] HOST     remote address   HOST: 10.0.0.0/8, 192.0.2.1:80, :443,\n"
"                                       [2001:db8::]/32, [::1]:443\n"
"  family [=|!=] F     inet or inet6 (or ipv4, ipv6), as -4 and -6 do\n"
"  substate [=|!=] S   time-wait or fin-wait2; for the habits of ss, 'state' and\n"
"                      'fin-wait-2' mean the same\n"
"  A and B, A B        both; also & and &&\n"
"  A or B              either; also | and ||\n"
"  not A, ! A, ( A )   binding: not before and before or\n"
"\n"
"IPv4 traffic through IPv6 sockets is of family inet6, as in the kernel, and\n"
"matches IPv4 prefixes as well as IPv6 ones of ::ffff:0:0/96. Multiplied out\n"
"into an OR of ANDs, a filter may have 64 conditions.\n"
"\n"
"Examples:\n"
"  twctl list dport = :443 and dst 10.0.0.0/8\n"
"  twctl list 'substate fin-wait2 and not (src 127.0.0.0/8 or src [::1])'\n"
"  twctl list -j sport ge 32768 | jq -r '.[].remote' | sort | uniq -c\n",
};
