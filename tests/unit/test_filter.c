// SPDX-License-Identifier: GPL-2.0
/* ctl/filter*.c: what is read, what is refused and where, and the OR of ANDs. */
#include <arpa/inet.h>

#include "filter.h"
#include "test.h"
#include "types.h"

static int port_by_name(const char *name)
{
	if (!strcmp(name, "https"))
		return 443;
	return strcmp(name, "http") ? -1 : 80;
}

static unsigned int device_by_name(const char *name)
{
	return strcmp(name, "src") ? 0 : 7;
}

static const struct filter_names names = { port_by_name, device_by_name };

/* A filter as text: clauses apart by " | ", their terms by " & ". */
static void show(const struct tws_filter *f, char *buf, size_t size)
{
	static const char *const kind[] = {
		[TERM_LOCAL] = "src", [TERM_REMOTE] = "dst",
		[TERM_LOCAL_PORT] = "sport", [TERM_REMOTE_PORT] = "dport",
		[TERM_REMAINING] = "left", [TERM_AGE] = "age",
	};
	unsigned int clause = 0, i;
	char ip[INET6_ADDRSTRLEN];
	size_t n = 0;

	buf[0] = '\0';
	for (i = 0; i < f->n_terms; i++) {
		const struct tws_term *t = &f->term[i];

		if (i && i == f->clause_end[clause]) {
			n += (size_t)snprintf(buf + n, size - n, " | ");
			clause++;
		} else if (i) {
			n += (size_t)snprintf(buf + n, size - n, " & ");
		}
		n += (size_t)snprintf(buf + n, size - n, "%s", t->negate ? "!" : "");
		switch ((enum tws_term_kind)t->kind) {
		case TERM_FAMILY:
			n += (size_t)snprintf(buf + n, size - n, "inet%s",
					      t->family == AF_INET6 ? "6" : "");
			break;
		case TERM_SUBSTATE:
			n += (size_t)snprintf(buf + n, size - n, "state%u",
					      t->substate);
			break;
		case TERM_LOCAL:
		case TERM_REMOTE:
			inet_ntop(t->addr_len == 4 ? AF_INET : AF_INET6, t->addr,
				  ip, sizeof(ip));
			n += (size_t)snprintf(buf + n, size - n, "%s %s/%u",
					      kind[t->kind], ip, t->prefix_len);
			break;
		case TERM_LOCAL_PORT:
		case TERM_REMOTE_PORT:
			n += (size_t)snprintf(buf + n, size - n, "%s %u-%u",
					      kind[t->kind], t->port_min,
					      t->port_max);
			break;
		case TERM_VERDICT:
			n += (size_t)snprintf(buf + n, size - n, "verdict%u",
					      t->verdict);
			break;
		case TERM_REMAINING:
		case TERM_AGE:
			n += (size_t)snprintf(buf + n, size - n, "%s %u-%u",
					      kind[t->kind], t->ms_min, t->ms_max);
			break;
		case TERM_MARK:
			n += (size_t)snprintf(buf + n, size - n, "mark %x/%x",
					      t->mark, t->mark_mask);
			break;
		case TERM_IFINDEX:
			n += (size_t)snprintf(buf + n, size - n, "dev %u",
					      t->ifindex);
			break;
		}
	}
}

static int compile(const char *text, int family, struct tws_filter *f,
		   struct filter_error *err)
{
	struct filter_expr *e = filter_parse(text, &names, err);
	int ret = e ? filter_compile(e, family, f, err) : -1;

	filter_expr_free(e);
	return ret;
}

struct accept_case {
	const char *text;
	const char *want;
	int family;
};

static const struct accept_case accepted[] = {
	/* ports, in each way to write them and each comparison */
	{ "sport = :443", "sport 443-443", 0 },
	{ "sport = 443", "sport 443-443", 0 },
	{ "sport :443", "sport 443-443", 0 },
	{ "sport = *:443", "sport 443-443", 0 },
	{ "dport = https", "dport 443-443", 0 },
	{ "dport = :http", "dport 80-80", 0 },
	{ "dport == 1", "dport 1-1", 0 },
	{ "dport eq 1", "dport 1-1", 0 },
	{ "dport != 1", "!dport 1-1", 0 },
	{ "dport ne 1", "!dport 1-1", 0 },
	{ "dport neq 1", "!dport 1-1", 0 },
	{ "dport < 1024", "dport 0-1023", 0 },
	{ "dport lt 1", "dport 0-0", 0 },
	{ "dport > 1024", "dport 1025-65535", 0 },
	{ "dport gt 65534", "dport 65535-65535", 0 },
	{ "dport <= 1024", "dport 0-1024", 0 },
	{ "dport le 0", "dport 0-0", 0 },
	{ "dport leq 7", "dport 0-7", 0 },
	{ "dport >= 1024", "dport 1024-65535", 0 },
	{ "dport ge :1024", "dport 1024-65535", 0 },
	{ "dport geq 65535", "dport 65535-65535", 0 },
	{ "dport=:443", "dport 443-443", 0 },
	{ "dport>=1024", "dport 1024-65535", 0 },
	{ "not dport ge 1024", "dport 0-1023", 0 },
	/* addresses */
	{ "src 10.0.0.0/8", "src 10.0.0.0/8", 0 },
	{ "src 10/8", "src 10.0.0.0/8", 0 },
	{ "src 172.16/12", "src 172.16.0.0/12", 0 },
	{ "src = 10.0.0.1", "src 10.0.0.1/32", 0 },
	{ "src eq 10.0.0.1", "src 10.0.0.1/32", 0 },
	{ "src != 10.0.0.1", "!src 10.0.0.1/32", 0 },
	{ "dst 10.1.2.3/8", "dst 10.0.0.0/8", 0 },
	{ "dst 255.255.255.255/31", "dst 255.255.255.254/31", 0 },
	{ "dst 0.0.0.0/0", "dst 0.0.0.0/0", 0 },
	{ "dst 1.2.3.4:80", "dst 1.2.3.4/32 & dport 80-80", 0 },
	{ "src 1.2.3.0/24:80", "src 1.2.3.0/24 & sport 80-80", 0 },
	{ "dst :80", "dport 80-80", 0 },
	{ "dst *:80", "dport 80-80", 0 },
	{ "src :https", "sport 443-443", 0 },
	{ "dst ::1", "dst ::1/128", 0 },
	{ "dst 2001:db8::/32", "dst 2001:db8::/32", 0 },
	{ "dst [::1]", "dst ::1/128", 0 },
	{ "dst [::1]:443", "dst ::1/128 & dport 443-443", 0 },
	{ "dst [2001:db8::]/32", "dst 2001:db8::/32", 0 },
	{ "dst [2001:db8::ffff]/32", "dst 2001:db8::/32", 0 },
	{ "dst [2001:db8::/32]", "dst 2001:db8::/32", 0 },
	{ "dst [2001:db8::]/32:80", "dst 2001:db8::/32 & dport 80-80", 0 },
	{ "dst [2001:db8::/32]:80", "dst 2001:db8::/32 & dport 80-80", 0 },
	{ "dst [::ffff:1.2.3.4]", "dst ::ffff:1.2.3.4/128", 0 },
	{ "src != 1.2.3.4:80", "!src 1.2.3.4/32 | !sport 80-80", 0 },
	/* what is ours */
	{ "family inet", "inet", 0 },
	{ "family = ipv4", "inet", 0 },
	{ "family inet6", "inet6", 0 },
	{ "family != ipv6", "!inet6", 0 },
	{ "substate time-wait", "state6", 0 },
	{ "substate = fin-wait2", "state5", 0 },
	{ "substate != fin-wait2", "!state5", 0 },
	{ "state time-wait", "state6", 0 },
	{ "state fin-wait-2", "state5", 0 },
	{ "verdict reusable", "verdict1", 0 },
	{ "verdict = too-young", "verdict2", 0 },
	{ "verdict ne not-searched", "!verdict8", 0 },
	{ "verdict == unknown", "verdict0", 0 },
	{ "remaining < 5s", "left 0-4999", 0 },
	{ "remaining lt 1ms", "left 0-0", 0 },
	{ "remaining <= 5", "left 0-5000", 0 },
	{ "remaining > 1.5s", "left 1501-4294967295", 0 },
	{ "remaining ge 2m", "left 120000-4294967295", 0 },
	{ "remaining >= 0", "left 0-4294967295", 0 },
	{ "remaining le 4294967.295", "left 0-4294967295", 0 },
	{ "remaining gt 4294967294ms", "left 4294967295-4294967295", 0 },
	{ "age ge 500ms", "age 500-4294967295", 0 },
	{ "not age < 1h", "age 3600000-4294967295", 0 },
	{ "fwmark = 0x01/0x03", "mark 1/3", 0 },
	{ "fwmark 1", "mark 1/ffffffff", 0 },
	{ "fwmark != 4294967295", "!mark ffffffff/ffffffff", 0 },
	{ "fwmark 0xFfFfFfFf", "mark ffffffff/ffffffff", 0 },
	{ "fwmark 0/0", "mark 0/0", 0 },
	{ "dev 3", "dev 3", 0 },
	{ "dev != 0", "!dev 0", 0 },
	{ "dev = 2147483647", "dev 2147483647", 0 },
	/* after the name of a condition any word is its value */
	{ "dev src", "dev 7", 0 },
	{ "dev eq src src 10/8", "dev 7 & src 10.0.0.0/8", 0 },
	/* and, or, not, parentheses, in their order of binding */
	{ "sport 1 and dport 2", "sport 1-1 & dport 2-2", 0 },
	{ "sport 1 & dport 2", "sport 1-1 & dport 2-2", 0 },
	{ "sport 1 && dport 2", "sport 1-1 & dport 2-2", 0 },
	{ "sport 1 dport 2", "sport 1-1 & dport 2-2", 0 },
	{ "sport 1&dport 2", "sport 1-1 & dport 2-2", 0 },
	{ "sport 1 or dport 2", "sport 1-1 | dport 2-2", 0 },
	{ "sport 1 | dport 2", "sport 1-1 | dport 2-2", 0 },
	{ "sport 1||dport 2", "sport 1-1 | dport 2-2", 0 },
	{ "sport 1 or sport 2 and dport 3",
	  "sport 1-1 | sport 2-2 & dport 3-3", 0 },
	{ "sport 1 dport 2 or sport 3",
	  "sport 1-1 & dport 2-2 | sport 3-3", 0 },
	{ "( sport 1 or sport 2 ) dport 3",
	  "sport 1-1 & dport 3-3 | sport 2-2 & dport 3-3", 0 },
	{ "(sport 1 or sport 2) and (dport 3 or dport 4)",
	  "sport 1-1 & dport 3-3 | sport 1-1 & dport 4-4 | "
	  "sport 2-2 & dport 3-3 | sport 2-2 & dport 4-4", 0 },
	{ "!sport 1", "!sport 1-1", 0 },
	{ "! ! sport 1", "sport 1-1", 0 },
	{ "not not not sport 1", "!sport 1-1", 0 },
	{ "not sport 1 or dport 2", "!sport 1-1 | dport 2-2", 0 },
	{ "not (sport 1 or dport 2)", "!sport 1-1 & !dport 2-2", 0 },
	{ "!(sport 1 and dport 2)", "!sport 1-1 | !dport 2-2", 0 },
	{ "not (sport 1 and not (dport 2 or dport 3))",
	  "!sport 1-1 | dport 2-2 | dport 3-3", 0 },
	{ "not sport != 1", "sport 1-1", 0 },
	{ "((((sport 1))))", "sport 1-1", 0 },
	{ "  sport\t=\n1  ", "sport 1-1", 0 },
	/* what adds nothing goes */
	{ "sport 1 sport 1", "sport 1-1", 0 },
	{ "sport 1 or sport 1", "sport 1-1", 0 },
	{ "sport 1 or sport 1 and dport 2", "sport 1-1", 0 },
	{ "(sport 1 or dport 2) and (sport 1 or dport 2)",
	  "sport 1-1 | dport 2-2", 0 },
	{ "sport 1 or (state time-wait and state fin-wait2)", "sport 1-1", 0 },
	{ "sport 1 or (sport 2 and sport 3)", "sport 1-1", 0 },
	{ "sport ge 10 and sport le 20", "sport 10-20", 0 },
	/* ranges of one kind become one */
	{ "dport gt 5 and not dport gt 9 and sport 1", "dport 6-9 & sport 1-1", 0 },
	{ "not (sport lt 5 or sport > 9)", "sport 5-9", 0 },
	{ "remaining > 5s and remaining <= 6s", "left 5001-6000", 0 },
	{ "remaining > 5s and age <= 6s", "left 5001-4294967295 & age 0-6000", 0 },
	{ "not sport = 5 and sport le 9", "!sport 5-5 & sport 0-9", 0 },
	{ "sport 1 or (not dport ge 0)", "sport 1-1", 0 },
	{ "sport 1 or (verdict reusable and verdict disabled)", "sport 1-1", 0 },
	{ "verdict != reusable and verdict != disabled",
	  "!verdict1 & !verdict3", 0 },
	{ "sport 1 or (dev 1 and dev 2)", "sport 1-1", 0 },
	{ "sport 1 or (fwmark 1/3 and fwmark 2/2)", "sport 1-1", 0 },
	{ "fwmark 1/3 and fwmark 4/6", "mark 1/3 & mark 4/6", 0 },
	/* -4 and -6 */
	{ "sport 1 or dport 2", "inet & sport 1-1 | inet & dport 2-2", AF_INET },
	{ "sport 1", "inet6 & sport 1-1", AF_INET6 },
	{ "family inet or sport 1", "inet", AF_INET },
	{ "family inet6 or sport 1", "inet & sport 1-1", AF_INET },
};

static void accept_cases(void **state)
{
	struct filter_error err = { 0 };
	struct tws_filter f;
	char got[8192];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(accepted); i++) {
		if (compile(accepted[i].text, accepted[i].family, &f, &err) < 0)
			fail_msg("'%s': %s", accepted[i].text, err.text);
		show(&f, got, sizeof(got));
		if (strcmp(got, accepted[i].want))
			fail_msg("'%s': got '%s', not '%s'", accepted[i].text,
				 got, accepted[i].want);
	}
}

static const struct reject_case {
	const char *text;
	/* '^' and '~' under what is wrong; NULL where it is all of it */
	const char *mark;
	const char *says;
	int family;
} rejected[] = {
	{ "dport = foo", "        ^~~", "the name of a TCP service", 0 },
	{ "dport = 65536", "        ^~~~~", "at most 65535", 0 },
	{ "dport = 99999999999999999999", "        ^~~~~~~~~~~~~~~~~~~~",
	  "at most 65535", 0 },
	{ "dport = -1", "        ^~", "expected a port", 0 },
	{ "dport = :", "         ^", "after ':'", 0 },
	{ "dport =", "       ^", "the filter ends here", 0 },
	{ "dport", "     ^", "a comparison or a port, such as :443", 0 },
	{ "dport = and", "        ^~~", "not 'and'", 0 },
	{ "dport = = 1", "        ^", "not '='", 0 },
	{ "dport < 0", "        ^", "no port is less", 0 },
	{ "dport > 65535", "        ^~~~~", "no port is greater", 0 },
	{ "dport = 1.2.3.4:80", "        ^~~~~~~~~~", "with src or dst", 0 },
	{ "sport = [::1]:80", "        ^~~~~~~~", "with src or dst", 0 },
	{ "src < 10.0.0.1", "    ^", "'src' can only be compared", 0 },
	{ "family >= inet", "       ^~", "'family' can only be compared", 0 },
	{ "src", "   ^", "an address", 0 },
	{ "src 10.0.0.256", "    ^~~~~~~~~~", "in numbers", 0 },
	{ "src 10", "    ^~", "in numbers", 0 },
	{ "src 10.0.0.1.1", "    ^~~~~~~~~~", "in numbers", 0 },
	{ "src 10.0.0.01", "    ^~~~~~~~~", "in numbers", 0 },
	{ "src 10..0.1", "    ^~~~~~~", "in numbers", 0 },
	{ "src example.com", "    ^~~~~~~~~~~", "in numbers", 0 },
	{ "src *", "    ^", "in numbers", 0 },
	{ "src 10.0.0.0/33", "             ^~", "from 0 to 32", 0 },
	{ "src 10.0.0.0/", "             ^", "from 0 to 32", 0 },
	{ "src 10.0.0.0/x:80", "             ^", "from 0 to 32", 0 },
	{ "src [::1]/129", "          ^~~", "from 0 to 128", 0 },
	{ "src [::]/1/2", "         ^~~", "from 0 to 128", 0 },
	{ "src [::/1]/2", "           ^", "twice", 0 },
	{ "src [::1", "    ^~~~", "']'", 0 },
	{ "src [::1]443", "         ^~~", "after ']'", 0 },
	{ "src [::1]:", "          ^", "after ':'", 0 },
	{ "src [::g]", "     ^~~", "in numbers", 0 },
	{ "src [1.2.3.4]", "     ^~~~~~~", "in numbers", 0 },
	{ "src 1:2:3", "    ^~~~~", "in numbers", 0 },
	{ "src 1.2.3.4:", "            ^", "after ':'", 0 },
	{ "dst 1.2.3.4:x", "            ^", "a port", 0 },
	{ "family ipx", "       ^~~", "inet (ipv4)", 0 },
	{ "state established", "      ^~~~~~~~~~~", "two kinds of buckets", 0 },
	{ "verdict = good", "          ^~~~", "expected a verdict: reusable, too-young, disabled, not-loopback, fin-wait2, no-timestamp, bind-blocked, not-searched or unknown", 0 },
	{ "verdict < reusable", "        ^", "'verdict' can only be compared", 0 },
	{ "verdict", "       ^", "a verdict, such as reusable", 0 },
	{ "state gt time-wait", "      ^~", "'state' can only be compared", 0 },
	{ "remaining = 5s", "          ^", "'remaining >= 5s and remaining < 6s'", 0 },
	{ "age ne 5s", "    ^~", "a time runs on", 0 },
	{ "age 5s", "   ^", "a time runs on", 0 },
	{ "age", "   ^", "a comparison or a time, such as", 0 },
	{ "age < 5q", "      ^~", "expected a time", 0 },
	{ "age < 1.2345s", "      ^~~~~~~", "expected a time", 0 },
	{ "age < -1", "      ^~", "expected a time", 0 },
	{ "age < 1e3", "      ^~~", "expected a time", 0 },
	{ "age < 4294967296ms", "      ^~~~~~~~~~~~", "expected a time", 0 },
	/* 2^64 thousandths of a millisecond, and 2,048 ms */
	{ "age < 5124095576.031h", "      ^~~~~~~~~~~~~~~", "expected a time", 0 },
	{ "age < 4294967295.999h", "      ^~~~~~~~~~~~~~~", "expected a time", 0 },
	{ "age < 0", "      ^", "no time is less than 0", 0 },
	{ "age > 4294967295ms", "      ^~~~~~~~~~~~", "no time is that long", 0 },
	{ "fwmark > 1", "       ^", "'fwmark' can only be compared", 0 },
	{ "fwmark", "      ^", "a mark, such as 7 or 0x10/0xf0", 0 },
	{ "fwmark x", "       ^", "expected a mark", 0 },
	{ "fwmark 0x", "       ^~", "expected a mark", 0 },
	{ "fwmark 010", "       ^~~", "expected a mark", 0 },
	{ "fwmark 4294967296", "       ^~~~~~~~~~", "expected a mark", 0 },
	{ "fwmark 18446744073709551616", "       ^~~~~~~~~~~~~~~~~~~~", "expected a mark", 0 },
	{ "fwmark 1/", "         ^", "expected a mask", 0 },
	{ "fwmark 1/0x1g", "         ^~~~", "expected a mask", 0 },
	{ "fwmark 5/3", "       ^~~", "it can match nothing", 0 },
	{ "dev < 3", "    ^", "'dev' can only be compared", 0 },
	{ "dev", "   ^", "the name or number of a network device", 0 },
	{ "dev eth0", "    ^~~~", "no such device", 0 },
	{ "dev 2147483648", "    ^~~~~~~~~~", "no such device", 0 },
	{ "dev a-name-that-is-too-long", "    ^~~~~~~~~~~~~~~~~~~~~~~", "no such device", 0 },
	{ "autobound", "^~~~~~~~~", "autobound is no condition here", 0 },
	{ "sport 1 cgroup = /x", "        ^~~~~~", "cgroup is no condition here", 0 },
	{ "sport 1 foo", "        ^~~", "expected src, dst", 0 },
	{ "sport 1 and", "           ^", "ends here", 0 },
	{ "sport 1 or or sport 2", "           ^~", "not 'or'", 0 },
	{ "and sport 1", "^~~", "not 'and'", 0 },
	{ "sport 1 )", "        ^", "no '('", 0 },
	{ "( sport 1", "^", "never closed", 0 },
	{ "(sport 1 or (dport 2)", "^", "never closed", 0 },
	{ "()", " ^", "not ')'", 0 },
	{ "not", "   ^", "ends here", 0 },
	{ "sport 1 = 2", "        ^", "expected 'and', 'or' or another condition, not '='", 0 },
	{ "(sport 1 = 2)", "         ^", "')', 'and', 'or' or another condition", 0 },
	{ "", "^", "ends here", 0 },
	{ "sport \xff", "      ^", "expected a port", 0 },
	{ "state time-wait state fin-wait2", NULL, "match nothing", 0 },
	{ "sport 1 sport 2", NULL, "match nothing", 0 },
	{ "sport 1 and not sport 1", NULL, "match nothing", 0 },
	{ "not family inet and not family inet6", NULL, "match nothing", 0 },
	{ "family inet6", NULL, "match nothing", AF_INET },
	{ "not dport ge 0", NULL, "match nothing", 0 },
	{ "remaining < 5 remaining > 5", NULL, "match nothing", 0 },
	{ "not dport = 5 and dport le 5 and dport ge 5", NULL, "match nothing", 0 },
};

static void reject_cases(void **state)
{
	struct tws_filter f;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rejected); i++) {
		const struct reject_case *c = &rejected[i];
		struct filter_error err = { 0 };
		size_t off = c->mark ? strspn(c->mark, " ") : 0;
		size_t len = c->mark ? strlen(c->mark) - off : 0;

		if (compile(c->text, c->family, &f, &err) == 0)
			fail_msg("'%s' was accepted", c->text);
		if (!strstr(err.text, c->says))
			fail_msg("'%s': says '%s', not '%s'", c->text, err.text,
				 c->says);
		/* the end of the filter is marked by a lone caret */
		if (err.off != off || (err.len != len && (err.len || len != 1)))
			fail_msg("'%s': marks %zu+%zu, not %zu+%zu", c->text,
				 err.off, err.len, off, len);
	}
}

static void no_names(void **state)
{
	struct filter_error err = { 0 };

	(void)state;
	assert_null(filter_parse("dport = https", NULL, &err));
	assert_int_equal(err.off, 8);
	assert_null(filter_parse("dev = lo", NULL, &err));
	assert_int_equal(err.off, 6);
	assert_non_null(strstr(err.text, "expected the number of a device"));
}

static void no_filter(void **state)
{
	struct filter_error err;
	struct tws_filter f;
	char got[64];

	(void)state;
	assert_int_equal(filter_compile(NULL, 0, &f, &err), 0);
	assert_int_equal(f.n_clauses, 0);
	assert_int_equal(f.n_terms, 0);
	assert_int_equal(filter_compile(NULL, AF_INET6, &f, &err), 0);
	show(&f, got, sizeof(got));
	assert_string_equal(got, "inet6");
	assert_int_equal(f.clause_end[0], 1);
}

/* @n times @word, set apart by @sep, numbered from 1 */
static char *repeat(const char *word, const char *sep, unsigned int n)
{
	char *s = calloc(n, 48), *end = s;
	unsigned int i;

	assert_non_null(s);
	for (i = 1; i <= n; i++)
		end += sprintf(end, "%s%s %u", i > 1 ? sep : "", word, i);
	return s;
}

static void at_most_64_terms(void **state)
{
	struct filter_error err = { 0 };
	struct tws_filter f;
	char *s;

	(void)state;
	s = repeat("sport", " or ", 64);
	assert_int_equal(compile(s, 0, &f, &err), 0);
	assert_int_equal(f.n_clauses, 64);
	assert_int_equal(compile(s, AF_INET, &f, &err), -1);
	assert_non_null(strstr(err.text, "has 128 terms"));
	free(s);
	s = repeat("sport", " or ", 65);
	assert_int_equal(compile(s, 0, &f, &err), -1);
	assert_non_null(strstr(err.text, "has 65 terms; the module takes at most 64"));
	free(s);
}

/* (a or b) and (c or d) and ...: 2^n clauses */
static void blow_up_is_refused(void **state)
{
	struct filter_error err = { 0 };
	char s[40 * 40] = "";
	struct tws_filter f;
	unsigned int i;

	(void)state;
	for (i = 0; i < 30; i++)
		sprintf(s + strlen(s), "(sport != %u or dport != %u) ", i, i);
	assert_int_equal(compile(s, 0, &f, &err), -1);
	assert_non_null(strstr(err.text, "more than"));
	assert_non_null(strstr(err.text, "at most 64"));
}

static void depth_is_bounded(void **state)
{
	struct filter_error err = { 0 };
	struct tws_filter f;
	char s[2 * 100000 + 16];
	unsigned int i;

	(void)state;
	memset(s, '(', 64);
	strcpy(s + 64, "sport 1");
	memset(s + 71, ')', 64);
	s[135] = '\0';
	assert_int_equal(compile(s, 0, &f, &err), 0);

	/* side by side they are as many as one likes */
	s[0] = '\0';
	for (i = 0; i < 200; i++)
		strcat(s, "(sport 1) ");
	assert_int_equal(compile(s, 0, &f, &err), 0);

	memset(s, '(', 100000);
	strcpy(s + 100000, "sport 1");
	assert_int_equal(compile(s, 0, &f, &err), -1);
	assert_int_equal(err.off, 64);
	assert_non_null(strstr(err.text, "64 deep"));

	/* negations pile up nowhere */
	memset(s, '!', 100001);
	strcpy(s + 100001, "sport 1");
	assert_int_equal(compile(s, 0, &f, &err), 0);
	assert_int_equal(f.term[0].negate, 1);
}

static void conditions_are_bounded(void **state)
{
	struct filter_error err = { 0 };
	struct tws_filter f;
	char *s = repeat("sport", " or ", 20000);

	(void)state;
	assert_int_equal(compile(s, 0, &f, &err), -1);
	assert_non_null(strstr(err.text, "more than 1024 conditions"));
	free(s);
}

/*
 * The laws: whatever the expression, its OR of ANDs says the same of every
 * bucket. Expressions and buckets are random with a fixed seed, over so few
 * ports and addresses that conditions hold often.
 */
static uint32_t seed;

static unsigned int any(unsigned int below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static bool prefix_holds(const struct tws_term *t, const struct tws_bucket *b,
			 const uint8_t *addr)
{
	static const uint8_t mapped[12] = { [10] = 0xff, [11] = 0xff };
	unsigned int i;

	if (t->addr_len == 16 && b->family != AF_INET6)
		return false;
	if (t->addr_len == 4 && b->family == AF_INET6) {
		if (memcmp(addr, mapped, sizeof(mapped)))
			return false;
		addr += sizeof(mapped);
	}
	for (i = 0; i < t->prefix_len; i++)
		if ((addr[i / 8] ^ t->addr[i / 8]) & (0x80 >> i % 8))
			return false;
	return true;
}

static bool term_holds(const struct tws_term *t, const struct tws_bucket *b)
{
	bool r = false;

	switch ((enum tws_term_kind)t->kind) {
	case TERM_FAMILY:
		r = t->family == b->family;
		break;
	case TERM_SUBSTATE:
		r = t->substate == b->substate;
		break;
	case TERM_LOCAL:
		r = prefix_holds(t, b, b->local);
		break;
	case TERM_REMOTE:
		r = prefix_holds(t, b, b->remote);
		break;
	case TERM_LOCAL_PORT:
		r = b->local_port >= t->port_min && b->local_port <= t->port_max;
		break;
	case TERM_REMOTE_PORT:
		r = b->remote_port >= t->port_min &&
		    b->remote_port <= t->port_max;
		break;
	case TERM_VERDICT:
		r = t->verdict == b->verdict;
		break;
	case TERM_REMAINING:
		r = b->remaining_ms >= t->ms_min && b->remaining_ms <= t->ms_max;
		break;
	case TERM_AGE:
		r = b->age_ms >= t->ms_min && b->age_ms <= t->ms_max;
		break;
	case TERM_MARK:
		r = (b->mark & t->mark_mask) == t->mark;
		break;
	case TERM_IFINDEX:
		r = t->ifindex == b->ifindex;
		break;
	}
	return r != (bool)t->negate;
}

static bool expr_holds(const struct filter_expr *e, unsigned int i,
		       const struct tws_bucket *b)
{
	const struct filter_node *n = &e->node[i];

	switch (n->kind) {
	case NODE_TERM:
		return term_holds(&n->term, b);
	case NODE_NOT:
		return !expr_holds(e, n->a, b);
	case NODE_AND:
		return expr_holds(e, n->a, b) && expr_holds(e, n->b, b);
	case NODE_OR:
		return expr_holds(e, n->a, b) || expr_holds(e, n->b, b);
	}
	return false;
}

static bool filter_holds(const struct tws_filter *f, const struct tws_bucket *b)
{
	unsigned int clause, i = 0;

	for (clause = 0; clause < f->n_clauses; clause++) {
		bool all = true;

		for (; i < f->clause_end[clause]; i++)
			all &= term_holds(&f->term[i], b);
		if (all)
			return true;
	}
	return false;
}

static void any_expr(char *s, size_t size, unsigned int depth)
{
	static const char *const conditions[] = {
		"sport = 1", "sport != 2", "sport lt 2", "dport >= 2",
		"dport gt 1", "dport 3", "src 10.0.0.0/31", "src != 10.0.0.2",
		"dst 10.0.0.1:2", "dst [::ffff:10.0.0.0]/127", "dst [::1]",
		"dst != [::1]:1", "family inet", "family != inet6",
		"substate time-wait", "state != time-wait", "src 0.0.0.0/0",
		"verdict reusable", "verdict != too-young", "remaining < 2ms",
		"remaining ge 1ms", "age > 1ms", "age le 2ms", "fwmark 1/1",
		"fwmark 2/3", "fwmark != 0", "dev 1", "dev != 2",
	};
	char a[2048], b[2048];

	switch (depth ? any(5) : 4) {
	case 0:
		any_expr(a, sizeof(a) / 4, depth - 1);
		snprintf(s, size, "not (%s)", a);
		return;
	case 1:
	case 2:
		any_expr(a, sizeof(a) / 4, depth - 1);
		any_expr(b, sizeof(b) / 4, depth - 1);
		snprintf(s, size, "(%s) %s (%s)", a, any(2) ? "and" : "", b);
		return;
	case 3:
		any_expr(a, sizeof(a) / 4, depth - 1);
		any_expr(b, sizeof(b) / 4, depth - 1);
		snprintf(s, size, "(%s) or (%s)", a, b);
		return;
	default:
		snprintf(s, size, "%s", conditions[any(ARRAY_SIZE(conditions))]);
	}
}

static void any_bucket(struct tws_bucket *b)
{
	memset(b, 0, sizeof(*b));
	b->family = any(2) ? AF_INET : AF_INET6;
	b->substate = any(2) ? 5 : 6;
	b->local_port = (uint16_t)any(5);
	b->remote_port = (uint16_t)any(5);
	b->verdict = any(4);
	b->remaining_ms = any(4);
	b->age_ms = any(4);
	b->mark = any(4);
	b->ifindex = any(3);
	if (b->family == AF_INET) {
		b->local[0] = b->remote[0] = 10;
		b->local[3] = (uint8_t)any(4);
		b->remote[3] = (uint8_t)any(4);
		return;
	}
	b->local[15] = (uint8_t)any(4);
	b->remote[15] = (uint8_t)any(4);
	if (any(2)) {
		b->local[10] = b->local[11] = b->remote[10] = b->remote[11] = 0xff;
		b->local[12] = b->remote[12] = 10;
	}
}

static void law_for(const char *text, unsigned int *compiled,
		    unsigned int *matched)
{
	struct filter_error err = { 0 };
	struct filter_expr *e = filter_parse(text, &names, &err);
	int family = (int [3]){ 0, AF_INET, AF_INET6 }[any(3)];
	struct tws_bucket b;
	struct tws_filter f;
	unsigned int i;
	bool empty, want;

	if (!e)
		fail_msg("'%s': %s", text, err.text);
	empty = filter_compile(e, family, &f, &err) < 0;
	if (empty && !strstr(err.text, "match nothing")) {
		assert_non_null(strstr(err.text, "at most 64"));
		filter_expr_free(e);
		return;
	}
	++*compiled;
	for (i = 0; i < 200; i++) {
		any_bucket(&b);
		want = expr_holds(e, e->root, &b) &&
		       (!family || family == b.family);
		*matched += want;
		if (want != (!empty && filter_holds(&f, &b)))
			fail_msg("'%s', family %d: differs", text, family);
	}
	filter_expr_free(e);
}

static void or_of_ands_means_the_same(void **state)
{
	unsigned int i, compiled = 0, matched = 0;
	char text[4096];

	(void)state;
	seed = 20240229;
	for (i = 0; i < 4000; i++) {
		any_expr(text, sizeof(text), i % 6);
		/* cut short where it did not fit: not an expression */
		if (strlen(text) < 500)
			law_for(text, &compiled, &matched);
	}
	/* the test would say nothing of filters that are refused or never match */
	assert_true(compiled > 2000);
	assert_true(matched > compiled * 20);
}

static void errors_are_pointed_at(void **state)
{
	struct filter_error err = { 0 };
	struct tws_filter f;
	char buf[512];

	(void)state;
	assert_int_equal(compile("sport 1 and\tdport = \xc3\xa9x or", 0, &f, &err), -1);
	filter_error_format(&err, "sport 1 and\tdport = \xc3\xa9x or", buf,
			    sizeof(buf));
	assert_string_equal(buf,
		"wrong filter: expected a port: a number, or the name of a TCP service\n"
		"    sport 1 and dport = \xc3\xa9x or\n"
		"                        ^~");

	err = (struct filter_error){ .text = "all of it" };
	filter_error_format(&err, "x\033[2Jy", buf, sizeof(buf));
	assert_string_equal(buf, "wrong filter: all of it\n    x [2Jy");

	/* what the message quotes is typed, too, and quoted by the character */
	assert_int_equal(compile("sport 1 \033[2J", 0, &f, &err), -1);
	filter_error_format(&err, "sport 1 \033[2J", buf, sizeof(buf));
	assert_null(strchr(buf, '\033'));
	assert_int_equal(compile("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\xc3\xa9", 0, &f, &err), -1);
	assert_non_null(strstr(err.text, "not 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'"));

	/* whatever the room, it ends in it */
	err = (struct filter_error){ .off = 2, .len = 3, .text = "why" };
	for (size_t size = 1; size < 40; size++) {
		char *tight = malloc(size);

		filter_error_format(&err, "a bcd e", tight, size);
		assert_true(strlen(tight) < size);
		free(tight);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(accept_cases),
		cmocka_unit_test(reject_cases),
		cmocka_unit_test(no_names),
		cmocka_unit_test(no_filter),
		cmocka_unit_test(at_most_64_terms),
		cmocka_unit_test(blow_up_is_refused),
		cmocka_unit_test(depth_is_bounded),
		cmocka_unit_test(conditions_are_bounded),
		cmocka_unit_test(or_of_ands_means_the_same),
		cmocka_unit_test(errors_are_pointed_at),
	};

	return cmocka_run_group_tests_name("filter", tests, NULL, NULL);
}
