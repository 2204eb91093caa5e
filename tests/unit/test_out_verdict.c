// SPDX-License-Identifier: GPL-2.0
/* Verdicts, what-ifs, explanations and ports, as people and programs get them. */
#include <sys/socket.h>

#include "printed.h"
#include "test.h"
#include "verdicts.h"

static uint32_t waits[TWSCOPE_WAIT_SLOTS], then_waits[TWSCOPE_WAIT_SLOTS];

/* 18,300 buckets, most of which tcp_tw_reuse=1 would make reusable. */
static struct tws_summary judged(void)
{
	struct tws_summary s = {
		.netns = 4026531840U, .total = 18300, .timewait = 18300,
		.kernel_count = 18300, .kernel_count_before = 18300,
		.limit = 262144, .walk_us = 100,
		.sysctls = {
			.tcp_tw_reuse = 0, .tcp_timestamps = 1,
			.has_tcp_tw_reuse_delay = true,
			.tcp_tw_reuse_delay = 1000,
		},
		.verdicts = { 0, 1000, 500, 16000, 0, 300, 312, 188 },
		.bound_verdicts = { 0, 17988, [6] = 312 },
		.wait = { waits, TWSCOPE_WAIT_SLOTS },
		.has_changes = true,
		.whatif_wait = { then_waits, TWSCOPE_WAIT_SLOTS },
	};
	unsigned int v;

	memset(waits, 0, sizeof(waits));
	memset(then_waits, 0, sizeof(then_waits));
	waits[9] = 500;
	then_waits[9] = 6500;
	for (v = 0; v < TWSCOPE_N_VERDICTS; v++)
		s.changes[v][v] = s.verdicts[v];
	s.changes[TWSCOPE_VERDICT_DISABLED][TWSCOPE_VERDICT_DISABLED] = 0;
	s.changes[TWSCOPE_VERDICT_DISABLED][TWSCOPE_VERDICT_REUSABLE] = 10000;
	s.changes[TWSCOPE_VERDICT_DISABLED][TWSCOPE_VERDICT_TOO_YOUNG] = 6000;
	return s;
}

static const struct tws_policy reuse = {
	.has_tcp_tw_reuse = true, .tcp_tw_reuse = 1,
};

static char *summary_text(const struct tws_summary *s)
{
	struct out *o = open_out(false, &plain, OUT_SUMMARY);

	out_summary(o, s);
	return close_out(o, false);
}

static void summary_says(const struct tws_summary *s, const char *what, bool wanted)
{
	char *got = summary_text(s);

	if (!strstr(got, what) == wanted)
		fail_msg("'%s' is%s in:\n%s", what, wanted ? " not" : "", got);
	free(got);
}

static void the_wait_of_the_too_young(void **state)
{
	struct tws_summary s = judged();

	(void)state;
	/* one slot needs no picture */
	summary_says(&s, "2.7 %  [-.......]  too young: reusable within 512 ms\n", true);
	summary_says(&s, "waits", false);
	/* the ends of slots: 0 ms, 2^(i-1) to 2^i */
	memset(waits, 0, sizeof(waits));
	waits[0] = 250;
	waits[1] = 250;
	summary_says(&s, "too young: reusable within 2 ms\n", true);
	summary_says(&s, "          waits 0 ms ## 2 ms, each cell twice as long\n", true);
	/* the last slot has no end */
	waits[16] = 250;
	waits[1] = 0;
	summary_says(&s, "too young: some need 32.8 s or more\n", true);
	summary_says(&s, "          waits 0 ms #_______________# 32.8 s and more, each cell twice as long\n", true);
	memset(waits, 0, sizeof(waits));
	waits[0] = 500;
	summary_says(&s, "too young: reusable within 1 ms\n", true);
	/* no histogram, one of another module, and one longer than any */
	s.wait.n = 0;
	summary_says(&s, "too young: for how long is not told\n", true);
	s.wait.n = 5;
	summary_says(&s, "too young: reusable within 1 ms\n", true);
	s.wait = (struct tws_hist){ (uint32_t[200]){ [60] = 500 }, 200 };
	summary_says(&s, "too young: for how long is not told\n", true);
	summary_says(&s, "waits", false);
}

static void verdicts_are_only_shown_where_there_are_some(void **state)
{
	struct tws_summary s = judged();

	(void)state;
	summary_says(&s, "not known: see rules in twctl info", false);
	memset(s.verdicts, 0, sizeof(s.verdicts));
	memset(s.bound_verdicts, 0, sizeof(s.bound_verdicts));
	s.verdicts[TWSCOPE_VERDICT_UNKNOWN] = 18300;
	s.bound_verdicts[TWSCOPE_VERDICT_UNKNOWN] = 18300;
	s.has_changes = false;
	memset(waits, 0, sizeof(waits));
	summary_says(&s, "  100.0 %  [########]  not known: see rules in twctl info\n"
		     "          if bind() gives the port: 18,300 unknown\n", true);
	summary_says(&s, "reusable", false);
	summary_says(&s, "WARNING", false);
	s.total = s.verdicts[0] = s.bound_verdicts[0] = 0;
	summary_says(&s, "verdicts", false);
}

static void a_broken_law_is_told(void **state)
{
	struct tws_summary s = judged();

	(void)state;
	summary_says(&s, "WARNING", false);
	s.verdicts[TWSCOPE_VERDICT_REUSABLE]++;
	summary_says(&s, "WARNING   the verdicts add up to 18301, not to the total, 18300.\n", true);
}

/* whatif */

static char *whatif_text(const struct tws_summary *s, const struct tws_policy *p,
			 const struct out_options *opt)
{
	struct out *o = open_out(false, opt, OUT_WHATIF);

	out_whatif(o, s, p);
	return close_out(o, false);
}

static void whatif_screen(void **state)
{
	struct tws_summary s = judged();

	(void)state;
	is_text(whatif_text(&s, &reuse, &plain),
"what if   tcp_tw_reuse=1, in network namespace 4026531840\n"
"it is     tcp_tw_reuse=0\n"
"\n"
"VERDICT             NOW                   THEN                 CHANGE\n"
"reusable          1,000  [-.......]     11,000  [####-...]    +10,000\n"
"too-young           500  [-.......]      6,500  [##-.....]     +6,000\n"
"disabled         16,000  [######-.]          0  [........]    -16,000\n"
"fin-wait2           300  [-.......]        300  [-.......]          -\n"
"no-timestamp        312  [-.......]        312  [-.......]          -\n"
"bind-blocked        188  [-.......]        188  [-.......]          -\n"
"\n"
"changes   16,000 of 18,300 buckets (87.4 %)\n"
"             10,000  disabled -> reusable\n"
"              6,000  disabled -> too-young, reusable within 512 ms\n"
"unchanged 2,300\n"
"              1,000  reusable: they are already\n"
"                500  too-young: their time is not over under either\n"
"                300  fin-wait2: the peer has not closed; no sysctl changes that.\n"
"                     Its FIN makes them time-wait, else their timer ends them\n"
"                312  no-timestamp: the peer sent none; no sysctl changes that\n"
"                     for a bucket that is there\n"
"                188  bind-blocked: bind() made or joined the port, so connect()\n"
"                     skips it; no sysctl changes that. Programs that bind()\n"
"                     before connect() avoid it with IP_BIND_ADDRESS_NO_PORT\n"
"\n"
"disabled      refused, as tcp_tw_reuse is 0\n");
}

static void whatif_that_changes_nothing(void **state)
{
	const struct out_options bare = { .no_header = true };
	struct tws_policy p = { .has_tcp_timestamps = true };
	struct tws_summary s = judged();
	unsigned int v;
	char *got;

	(void)state;
	memset(s.changes, 0, sizeof(s.changes));
	for (v = 0; v < TWSCOPE_N_VERDICTS; v++)
		s.changes[v][v] = s.verdicts[v];
	got = whatif_text(&s, &p, &bare);
	assert_int_equal(strncmp(got, "reusable  ", 10), 0);
	assert_non_null(strstr(got, "\nchanges   none of 18,300 buckets\nunchanged 18,300\n"));
	assert_non_null(strstr(got, "16,000  disabled: tcp_tw_reuse is 0 under both\n"));
	free(got);
	s.verdicts[TWSCOPE_VERDICT_NOT_SEARCHED] = s.verdicts[TWSCOPE_VERDICT_DISABLED];
	s.verdicts[TWSCOPE_VERDICT_DISABLED] = 0;
	s.changes[TWSCOPE_VERDICT_NOT_SEARCHED][TWSCOPE_VERDICT_NOT_SEARCHED] = 16000;
	s.changes[TWSCOPE_VERDICT_DISABLED][TWSCOPE_VERDICT_DISABLED] = 0;
	got = whatif_text(&s, &p, &bare);
	assert_non_null(strstr(got,
"             16,000  not-searched: the port search never comes to their ports:\n"
"                     they are outside of ip_local_port_range, such as a server's\n"
"                     own, or in ip_local_reserved_ports\n"));
	/* what it would do to others, by its value */
	assert_non_null(strstr(got,
"note      tcp_timestamps changes no bucket that is there: each keeps what its\n"
"          connection saw. Connections to come would have no timestamps, and\n"
"          their buckets are never reusable.\n"));
	free(got);
	p.tcp_timestamps = 1;
	got = whatif_text(&s, &p, &plain);
	assert_non_null(strstr(got, "what if   tcp_timestamps=1, in network namespace 4026531840\nit is     tcp_timestamps=1\n"));
	assert_non_null(strstr(got, "Connections to come have timestamps where"));
	free(got);
	got = whatif_text(&s, &reuse, &plain);
	assert_null(strstr(got, "note"));
	free(got);
}

/* Too young under both, but not for as long. */
static void whatif_that_changes_the_wait(void **state)
{
	const struct tws_policy p = {
		.has_tcp_tw_reuse = true, .has_tcp_tw_reuse_delay = true,
		.has_tcp_timestamps = true, .tcp_tw_reuse = 1,
		.tcp_tw_reuse_delay = 60000, .tcp_timestamps = 1,
	};
	struct tws_summary s = judged();
	char *got;

	(void)state;
	then_waits[16] = 1;
	got = whatif_text(&s, &p, &plain);
	assert_non_null(strstr(got,
"what if   tcp_tw_reuse=1 tcp_tw_reuse_delay=60000 tcp_timestamps=1, in network\n"
"          namespace 4026531840\n"
"it is     tcp_tw_reuse=0 tcp_tw_reuse_delay=1000 tcp_timestamps=1\n"));
	assert_non_null(strstr(got,
"                500  too-young: their time is not over under either. Now:\n"
"                     reusable within 512 ms. Then: some need 32.8 s or more\n"));
	free(got);
}

static void whatif_of_nothing(void **state)
{
	const struct tws_policy p = {
		.has_tcp_tw_reuse_delay = true, .tcp_tw_reuse_delay = 5,
	};
	struct tws_summary s = judged();

	(void)state;
	s.total = 0;
	memset(s.verdicts, 0, sizeof(s.verdicts));
	memset(s.bound_verdicts, 0, sizeof(s.bound_verdicts));
	memset(s.changes, 0, sizeof(s.changes));
	memset(waits, 0, sizeof(waits));
	is_text(whatif_text(&s, &p, &plain),
"what if   tcp_tw_reuse_delay=5, in network namespace 4026531840\n"
"it is     tcp_tw_reuse_delay=1000\n"
"\n"
"buckets   none, so there is nothing to judge\n");
}

static void whatif_fits(void **state)
{
	struct tws_summary s = judged();
	unsigned int i, j;

	(void)state;
	s.total = 1900000;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		s.verdicts[i] = 1900000;
		for (j = 0; j < TWSCOPE_N_VERDICTS; j++)
			s.changes[i][j] = 1000000;
	}
	then_waits[16] = 1;
	fits(whatif_text(&s, &reuse, &plain));
}

static void whatif_table(void **state)
{
	struct tws_summary s = judged();
	struct out *o = open_out(false, &plain, OUT_WHATIFS);

	(void)state;
	out_whatif(o, &s, &reuse);
	s.netns = 4026532201U;
	s.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 0;
	out_whatif(o, &s, &reuse);
	is_text(close_out(o, false),
"      TOTAL    REUSABLE        THEN     CHANGED  NETNS\n"
"     18,300       1,000      11,000      16,000  4026531840\n"
"     18,300       1,000      11,000      16,000  4026532201\n"
"WARNING   the verdicts add up to 18112, not to the total, 18300.\n"
"     36,600       2,000      22,000      32,000  in 2 namespaces\n");
	/* nothing came: no table */
	is_text(close_out(open_out(false, &plain, OUT_WHATIFS), false), "");
}

static json_t *whatif_json(const struct tws_summary *s, const struct tws_policy *p)
{
	struct out *o = open_out(true, &plain, OUT_WHATIF);

	out_whatif(o, s, p);
	return parsed(close_out(o, false));
}

static void whatif_in_json(void **state)
{
	struct tws_summary s = judged();
	json_t *j = whatif_json(&s, &reuse);
	const json_t *one;

	(void)state;
	assert_int_equal(number(j, "netns"), 4026531840U);
	assert_int_equal(number(j, "total"), 18300);
	assert_int_equal(number(member(j, "policy"), "tcp_tw_reuse"), 1);
	assert_int_equal(json_object_size(member(j, "policy")), 1);
	assert_int_equal(number(member(j, "sysctls"), "tcp_tw_reuse"), 0);
	assert_int_equal(number(member(j, "before"), "disabled"), 16000);
	assert_int_equal(number(member(j, "before"), "too_young"), 500);
	assert_int_equal(number(member(j, "after"), "disabled"), 0);
	assert_int_equal(number(member(j, "after"), "reusable"), 11000);
	assert_int_equal(number(member(j, "after"), "too_young"), 6500);
	assert_int_equal(number(j, "changed"), 16000);
	assert_int_equal(json_array_size(member(j, "changes")), 2);
	one = json_array_get(member(j, "changes"), 1);
	assert_string_equal(string(one, "from"), "disabled");
	assert_string_equal(string(one, "to"), "too-young");
	assert_int_equal(number(one, "count"), 6000);
	assert_int_equal(json_array_size(member(j, "unchanged")), 5);
	one = json_array_get(member(j, "unchanged"), 4);
	assert_string_equal(string(one, "verdict"), "bind-blocked");
	assert_int_equal(number(one, "count"), 188);
	assert_non_null(strstr(string(one, "reason"), "IP_BIND_ADDRESS_NO_PORT"));
	assert_int_equal(json_array_size(member(j, "wait_hist")), 17);
	assert_int_equal(json_array_size(member(j, "whatif_wait_hist")), 17);
	json_decref(j);
}

static void whatifs_in_json(void **state)
{
	const struct out_options pretty = { .pretty = true };
	struct tws_summary s = judged();
	struct out *o = open_out(true, &pretty, OUT_WHATIFS);
	json_t *j;

	(void)state;
	out_whatif(o, &s, &reuse);
	out_whatif(o, &s, &reuse);
	j = parsed(close_out(o, false));
	assert_int_equal(json_array_size(j), 2);
	json_decref(j);
	is_text(close_out(open_out(true, &pretty, OUT_WHATIFS), true), "[]\n");
}

/* explain */

static const struct tws_info info = {
	.rules = TWSCOPE_RULES_ENTRY_DELAY, .timewait_len_ms = 60000, .hz = 1000,
};

static const struct tws_sysctls sysctls = {
	.tcp_tw_reuse = 1, .tcp_tw_reuse_delay = 1000, .tcp_timestamps = 1,
	.has_tcp_tw_reuse_delay = true, .tcp_fin_timeout = 60,
	.tcp_invalid_ratelimit = 500,
};

static struct tws_bucket young(void)
{
	return (struct tws_bucket){
		.netns = 4026531840U, .family = AF_INET6,
		.local = { 0x20, 1, 0xd, 0xb8, [15] = 1 }, .local_port = 36714,
		.remote = { 0x20, 1, 0xd, 0xb8, [15] = 2 }, .remote_port = 443,
		.substate = TWSCOPE_SUBSTATE_TIME_WAIT, .remaining_ms = 59412,
		.has_age = true, .age_ms = 588,
		.has_ts_recent_age = true, .ts_recent_age_s = 1,
		.verdict = TWSCOPE_VERDICT_TOO_YOUNG, .has_wait = true,
		.wait_ms = 412, .bound_verdict = TWSCOPE_VERDICT_REUSABLE,
		.has_conditions = true, .conditions_asked = 0x2f,
		.conditions_held = 0x0f,
		.has_syn_seq = true, .syn_seq = 1001,
		.has_syn_tsval = true, .syn_tsval = 501,
		.has_rcv_wnd = true, .rcv_wnd = 65535,
	};
}

static char *explained(bool json, const struct tws_bucket *b,
		       const struct tws_syn *syn)
{
	const struct explanation e = { &info, &sysctls, b, syn };
	struct out *o = open_out(json, &plain, OUT_EXPLANATION);

	out_explanation(o, &e);
	return close_out(o, false);
}

static void explanation_screen(void **state)
{
	struct tws_bucket b = young();

	(void)state;
	is_text(explained(false, &b, NULL),
"bucket    [2001:db8::1]:36714 -> [2001:db8::2]:443\n"
"          time-wait, in network namespace 4026531840\n"
"          entered 588 ms ago; last timestamp of the peer 1 s ago\n"
"          its timer ends it in 59.4 s, up to 4 s late: TIME_WAIT (2MSL) lasts 60\n"
"          s in this kernel, so that a lost last ACK can be sent again and late\n"
"          segments die out [RFC 9293 3.6.1, RFC 1122 4.2.2.13]\n"
"\n"
"connect() by the rules of this kernel, entry-delay:\n"
"  met        port-search  its bind bucket was made by connect() alone, so the\n"
"                          port search goes on to ask [Linux: bind buckets]\n"
"  met        timestamp    the peer sent timestamps, the last one 1 s ago: they\n"
"                          tell late segments of the old connection from the new\n"
"                          one's [RFC 6191, RFC 7323 (PAWS)]\n"
"  met        substate     the peer's FIN has arrived: both sides have closed\n"
"                          [RFC 9293 3.6]\n"
"  met        enabled      tcp_tw_reuse is 1: on [Linux: tcp_tw_reuse]\n"
"  not asked  loopback     with tcp_tw_reuse 2 only; it is 1 [Linux:\n"
"                          tcp_tw_reuse]\n"
"  NOT MET    age          it was entered 588 ms ago, which is not longer than\n"
"                          tcp_tw_reuse_delay, 1000 ms [RFC 6191;\n"
"                          tcp_tw_reuse_delay is Linux's own]\n"
"\n"
"verdict   too-young: refused now, as not enough time has passed [RFC 6191]\n"
"          reusable in 412 ms [Linux: tcp_tw_reuse_delay]\n"
"bound     from just this port, bound before: connect() takes its place:\n"
"          timestamps are all that is asked then. Whether bind() gives the port\n"
"          is another matter: SO_REUSEADDR, or SO_REUSEPORT, on both sockets\n"
"          [Linux]\n"
"\n"
"peer      a SYN of the peer is accepted with a TSval from 501 on, whatever its\n"
"          sequence number (all modulo 2^32) [RFC 6191, RFC 7323 (PAWS)]\n"
"          with TSval 500, or none, it is accepted with a sequence number from\n"
"          1001 on; with an older TSval not at all [RFC 9293 3.6.1, RFC 1122\n"
"          4.2.2.13]\n"
"          accepted means given to a listener on the local address and port,\n"
"          which ends the bucket; where nobody listens an ACK is the answer\n"
"          [Linux]\n"
"          one that is not accepted is answered with an ACK, at most every 500\n"
"          ms; none is held back now [Linux: tcp_invalid_ratelimit]\n"
"          an RST with the next sequence number ends the bucket, as tcp_rfc1337\n"
"          is 0 [RFC 1337]\n"
"\n"
"life      this side closed first, or both did at once [RFC 9293 3.6]\n"
"          the 60 s begin anew when the peer sends its FIN or an ACK again, or a\n"
"          segment with an older timestamp [RFC 9293 3.6.1, RFC 1122 4.2.2.13]\n"
"          no process has it any more, so its uid and inode are 0 in ss -e; who\n"
"          closes is in twctl monitor [Linux: inet_diag]\n");
}

static void explanation_says(const struct tws_bucket *b,
			     const struct tws_syn *syn, const char *what)
{
	char *got = explained(false, b, syn);

	if (!strstr(got, what))
		fail_msg("'%s' is not in:\n%s", what, got);
	fits(got);
}

static void explanation_of_others(void **state)
{
	const struct tws_syn plain_syn = { .seq = 5 };
	const struct tws_syn syn = { .seq = 5, .has_tsval = true, .tsval = 7 };
	struct tws_bucket b = young();
	unsigned int v;

	(void)state;
	b.has_syn_verdict = true;
	b.syn_verdict = TWSCOPE_SYN_VERDICT_PAWS_REJECT;
	explanation_says(&b, &syn, "\n\nthis SYN  sequence number 5, TSval 7: paws-reject\n          its TSval is older than");
	explanation_says(&b, &plain_syn, "this SYN  sequence number 5, no timestamp: paws-reject\n");
	for (v = 0; v < N_SYN_VERDICTS; v++) {
		b.syn_verdict = v;
		explanation_says(&b, &syn, syn_verdicts[v].name);
	}
	for (v = 0; v < TWSCOPE_N_VERDICTS; v++) {
		b.verdict = v;
		explanation_says(&b, NULL, verdicts[v].name);
	}
	b.conditions_held = 0;
	b.conditions_asked = 0x3f;
	explanation_says(&b, NULL, "  NOT MET    loopback     it is not loopback traffic");
	b.has_age = b.has_ts_recent_age = false;
	explanation_says(&b, NULL, "\n          no timestamps\n");
	b.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	explanation_says(&b, NULL, "          fin-wait2, in network namespace 4026531840\n");
	b.has_mark = true;
	b.mark = 0x10;
	explanation_says(&b, NULL, "\n          mark 0x10\n");
	b.ifindex = 1;
	explanation_says(&b, NULL, "\n          bound to device lo, mark 0x10\n");
	devices_called = "\033[2J\xff";
	explanation_says(&b, NULL, "\n          bound to device ?[2J?, mark 0x10\n");
	devices_called = NULL;
	b.mark = 0;
	b.ifindex = 4294967;
	explanation_says(&b, NULL, "\n          bound to device number 4294967\n");
	b.has_conditions = false;
	explanation_says(&b, NULL, "  the module did not tell what is asked\n");
	b.verdict = b.substate = 99;
	explanation_says(&b, NULL, "\nverdict   unknown: a verdict of a newer module");
}

static void explanation_colors(void **state)
{
	const struct out_options opt = { .color = true };
	struct tws_bucket b = young();
	const struct explanation e = { &info, &sysctls, &b, NULL };
	struct out *o = open_out(false, &opt, OUT_EXPLANATION);
	char *got;

	(void)state;
	out_explanation(o, &e);
	got = close_out(o, false);
	assert_non_null(strstr(got, "\033[32mmet      \033[0m"));
	assert_non_null(strstr(got, "\033[1;31mNOT MET  \033[0m"));
	assert_non_null(strstr(got, "\033[36mnot asked\033[0m"));
	free(got);
}

static void explanation_in_json(void **state)
{
	const struct tws_syn syn = { .seq = 5, .has_tsval = true, .tsval = 7 };
	struct tws_bucket b = young();
	const json_t *c, *one;
	unsigned int i;
	json_t *j;

	(void)state;
	b.has_syn_verdict = true;
	b.syn_verdict = TWSCOPE_SYN_VERDICT_CHALLENGE_ACK;
	j = parsed(explained(true, &b, &syn));
	assert_string_equal(string(member(j, "bucket"), "local"), "2001:db8::1");
	assert_string_equal(string(member(j, "bucket"), "verdict"), "too-young");
	assert_string_equal(string(j, "rules"), "entry-delay");
	assert_non_null(strstr(string(member(j, "end"), "source"), "RFC 9293"));
	c = member(j, "conditions");
	assert_int_equal(json_array_size(c), N_CONDITIONS);
	for (i = 0; i < N_CONDITIONS; i++) {
		one = json_array_get(c, i);
		assert_string_equal(string(one, "name"), conditions[i].name);
		assert_true(*string(one, "text") && *string(one, "source"));
		assert_int_equal(json_is_true(json_object_get(one, "asked")), i != 4);
		assert_int_equal(json_is_true(json_object_get(one, "held")), i < 4);
	}
	assert_string_equal(string(member(j, "connect"), "verdict"), "too-young");
	assert_string_equal(string(member(j, "connect"), "changes"), "reusable in 412 ms");
	assert_string_equal(string(member(j, "bound"), "verdict"), "reusable");
	assert_int_equal(number(member(j, "peer"), "syn_seq"), 1001);
	assert_int_equal(number(member(j, "peer"), "syn_tsval"), 501);
	assert_int_equal(number(member(j, "peer"), "rcv_wnd"), 65535);
	assert_null(json_object_get(member(j, "peer"), "answer_in_ms"));
	assert_int_equal(json_array_size(member(member(j, "peer"), "rules")), 5);
	assert_int_equal(number(member(j, "syn"), "seq"), 5);
	assert_int_equal(number(member(j, "syn"), "tsval"), 7);
	assert_string_equal(string(member(j, "syn"), "verdict"), "challenge-ack");
	json_decref(j);

	b.has_syn_seq = b.has_syn_tsval = b.has_rcv_wnd = false;
	b.has_conditions = false;
	j = parsed(explained(true, &b, NULL));
	assert_null(json_object_get(j, "syn"));
	assert_null(json_object_get(member(j, "peer"), "syn_seq"));
	assert_int_equal(json_array_size(member(j, "conditions")), 0);
	json_decref(j);
}

/* ports */

static struct tws_ports found(void)
{
	struct tws_ports p = {
		.range_min = 1000, .range_max = 1799,
		.state = { 405, 200, 150, 30, 10, 5 },
		.waiting_verdicts = { [TWSCOPE_VERDICT_TOO_YOUNG] = 138,
				      [TWSCOPE_VERDICT_NO_TIMESTAMP] = 12 },
		.bind_blocked_in_use = 3, .bind_blocked_waiting = 4,
		.n_cells = 8, .walk_us = 777,
		.cell = { { 100 }, { 100 }, { 100 }, { 100 }, { 5, 95 },
			  { 0, 100 }, { 0, 5, 95 }, { 0, 0, 55, 30, 10, 5 } },
	};

	memset(p.waiting_next_ms, 0xff, sizeof(p.waiting_next_ms));
	p.waiting_next_ms[TWSCOPE_VERDICT_TOO_YOUNG] = 38;
	p.waiting_next_ms[TWSCOPE_VERDICT_NO_TIMESTAMP] = 41230;
	return p;
}

static const struct tws_port_query query = {
	.family = AF_INET, .local = { 192, 0, 2, 1 },
	.remote = { 198, 51, 100, 7 }, .remote_port = 443,
};

static char *ports_text(const struct tws_ports *p, const struct tws_port_query *q,
			const struct out_options *opt)
{
	const struct port_report r = {
		.query = q, .ports = p, .routed = !q->policy,
		.dev = q->ifindex ? "eth0" : "",
	};
	struct out *o = open_out(false, opt, OUT_PORTS);

	out_ports(o, &r);
	return close_out(o, false);
}

static void ports_screen(void **state)
{
	struct tws_ports p = found();

	(void)state;
	is_text(ports_text(&p, &query, &plain),
"connect() from 192.0.2.1, as the routing table chooses, to 198.51.100.7:443\n"
"\n"
"range     1000-1799: 800 ports\n"
"now       605 available (75.6 %)  [############....]\n"
"                405  free: nothing of this source and destination\n"
"                200  reusable: a bucket whose place connect() takes\n"
"not now   195\n"
"                150  waiting: a bucket that connect() is refused\n"
"                           138  too-young: the first is available in 38 ms\n"
"                            12  no-timestamp: the first is available in 41.3 s\n"
"                 30  in-use: a full socket of this source and destination\n"
"                 10  bind-blocked: skipped, as bind() made or joined the port\n"
"                     of these 3 in use and 4 with a bucket\n"
"                  5  reserved: skipped, as ip_local_reserved_ports has it\n"
"\n"
"map       a cell is about 100 ports; the more of them, the fuller\n"
"free      |####.   |\n"
"reusable  |    %#. |\n"
"waiting   |      %=|\n"
"in use    |       -|\n"
"blocked   |       .|\n"
"reserved  |       .|\n"
"           1000   1799\n"
"\n"
"order     connect() tries the even ports first, from a hash of the addresses and\n"
"          the remote port on, moved by chance; bind() to port 0 the odd ones\n"
"\n"
"too-young     refused now, as not enough time has passed\n"
"no-timestamp  refused for as long as the bucket lives, as the peer sent no\n"
"              timestamps\n");
}

static void ports_of_other_questions(void **state)
{
	const struct out_options utf8 = { .utf8 = true };
	const struct out_options bare = { .no_header = true };
	const struct tws_port_query q = {
		.family = AF_INET6, .local = { [15] = 1 }, .remote = { [15] = 2 },
		.remote_port = 80, .ifindex = 2, .policy = &reuse,
	};
	struct tws_ports p = found();
	char *got = ports_text(&p, &q, &plain);

	(void)state;
	assert_int_equal(strncmp(got,
"connect() from ::1 to [::2]:80 dev eth0\n"
"what if   tcp_tw_reuse=1\n"
"\n", 66), 0);
	free(got);
	got = ports_text(&p, &query, &bare);
	assert_int_equal(strncmp(got, "range     1000-1799", 19), 0);
	free(got);
	got = ports_text(&p, &query, &utf8);
	assert_non_null(strstr(got, "\nreusable  |    ▇█▁ |\nwaiting   |      ▇▄|\n"));
	free(got);
}

static void ports_all_free(void **state)
{
	const struct tws_ports p = {
		.range_min = 1000, .range_max = 1000, .state = { 1 },
		.n_cells = 1, .cell = { { 1 } },
	};

	(void)state;
	is_text(ports_text(&p, &query, &plain),
"connect() from 192.0.2.1, as the routing table chooses, to 198.51.100.7:443\n"
"\n"
"range     1000-1000: 1 port\n"
"now       1 available (100.0 %)  [################]\n"
"                  1  free: nothing of this source and destination\n"
"                  0  reusable: a bucket whose place connect() takes\n"
"not now   none\n"
"\n"
"map       a cell is a port or two\n"
"free      |#|\n"
"           1000   1000\n");
}

static void ports_none_available(void **state)
{
	const struct out_options color = { .color = true };
	struct tws_ports p = found();
	char *got;

	(void)state;
	p.state[TWSCOPE_PORT_STATE_FREE] = p.state[TWSCOPE_PORT_STATE_REUSABLE] = 0;
	p.n_cells = 0;
	p.waiting_next_ms[TWSCOPE_VERDICT_NO_TIMESTAMP] = TWS_NEVER;
	p.bind_blocked_in_use = p.bind_blocked_waiting = 0;
	got = ports_text(&p, &query, &plain);
	assert_non_null(strstr(got, "\nnow       none available (0.0 %)  [................]\n"));
	assert_non_null(strstr(got, "  12  no-timestamp\n"));
	assert_null(strstr(got, "map"));
	assert_null(strstr(got, "of these"));
	free(got);
	got = ports_text(&p, &query, &color);
	assert_non_null(strstr(got, "\033[1;31mnone available\033[0m"));
	free(got);
}

static void ports_order(void **state)
{
	const struct out_options bare = { .no_header = true };
	struct tws_ports p = found();
	char *got;

	(void)state;
	p.range_min = 1001;
	got = ports_text(&p, &query, &plain);
	assert_non_null(strstr(got,
"\n\norder     connect() tries the odd ports first, from a hash of the addresses and\n"
"          the remote port on, moved by chance; bind() to port 0 the even ones\n"));
	free(got);
	got = ports_text(&p, &query, &bare);
	assert_null(strstr(got, "order"));
	free(got);
}

/* The kernel's port search passes an even number of ports. */
static void ports_of_odd_ranges(void **state)
{
	static const struct { uint16_t min, max; bool note; } cases[] = {
		{ 1000, 1799, false }, { 1000, 1798, true }, { 1000, 1002, true },
		{ 1000, 1001, false }, { 1000, 1000, false }, { 1, 65535, true },
	};
	struct tws_ports p = found();
	char *got;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		p.range_min = cases[i].min;
		p.range_max = cases[i].max;
		got = ports_text(&p, &query, &plain);
		assert_int_equal(!!strstr(got,
"note      the range has an odd number of ports: each single connect() leaves out\n"
"          its first or its last port\n"), cases[i].note);
		fits(got);
	}
}

static void ports_in_json(void **state)
{
	const struct tws_port_query q = {
		.family = AF_INET6, .local = { [15] = 1 }, .remote = { [15] = 2 },
		.remote_port = 80, .ifindex = 2, .policy = &reuse,
	};
	struct tws_ports p = found();
	const struct port_report r = { &q, &p, false, "eth0" };
	struct out *o = open_out(true, &plain, OUT_PORTS);
	struct spec_set spec;
	const json_t *map;
	json_t *j;

	(void)state;
	out_ports(o, &r);
	j = parsed(close_out(o, false));
	spec_read("port", &spec);
	spec_drop(&spec, "cells");
	/* ours beside those of the spec */
	strcpy(spec.name[spec.n++], "routed");
	strcpy(spec.name[spec.n++], "range");
	strcpy(spec.name[spec.n++], "available");
	keys_are(j, &spec);
	assert_string_equal(string(j, "local"), "::1");
	assert_string_equal(string(j, "remote"), "::2");
	assert_int_equal(number(j, "remote_port"), 80);
	assert_int_equal(number(j, "ifindex"), 2);
	assert_true(json_is_false(json_object_get(j, "routed")));
	assert_int_equal(number(member(j, "policy"), "tcp_tw_reuse"), 1);
	assert_int_equal(number(j, "range_min"), 1000);
	assert_int_equal(number(j, "range_max"), 1799);
	assert_int_equal(number(j, "range"), 800);
	assert_int_equal(number(j, "available"), 605);
	assert_int_equal(number(j, "free"), 405);
	assert_int_equal(number(j, "reusable"), 200);
	assert_int_equal(number(j, "waiting"), 150);
	assert_int_equal(number(j, "in_use"), 30);
	assert_int_equal(number(j, "bind_blocked"), 10);
	assert_int_equal(number(j, "reserved"), 5);
	assert_int_equal(number(member(j, "waiting_verdicts"), "too_young"), 138);
	assert_int_equal(number(member(j, "waiting_verdicts"), "disabled"), 0);
	assert_int_equal(number(member(j, "waiting_next_ms"), "too_young"), 38);
	assert_int_equal(json_object_size(member(j, "waiting_next_ms")), 2);
	assert_int_equal(number(j, "bind_blocked_in_use"), 3);
	assert_int_equal(number(j, "bind_blocked_waiting"), 4);
	assert_int_equal(number(j, "walk_us"), 777);
	map = member(j, "map");
	assert_int_equal(json_array_size(map), 8);
	assert_int_equal(number(json_array_get(map, 0), "port"), 1000);
	assert_int_equal(number(json_array_get(map, 7), "port"), 1700);
	assert_int_equal(number(json_array_get(map, 7), "in_use"), 30);
	assert_int_equal(json_object_size(json_array_get(map, 7)), 7);
	json_decref(j);
}

static void pretty_arrays(void **state)
{
	const struct out_options pretty = { .pretty = true };
	struct tws_ports p = found();
	const struct port_report r = { &query, &p, true, "" };
	struct out *o = open_out(true, &pretty, OUT_PORTS);
	char *got;
	json_t *j;

	(void)state;
	out_ports(o, &r);
	got = close_out(o, false);
	/* a cell a line */
	assert_non_null(strstr(got, "\n    \"map\": [\n        {\"port\": 1000, \"free\": 100, "));
	assert_non_null(strstr(got, "\n        {\"port\": 1700, "));
	assert_non_null(strstr(got, "}\n    ]\n}\n"));
	j = parsed(got);
	assert_null(json_object_get(j, "ifindex"));
	assert_null(json_object_get(j, "policy"));
	json_decref(j);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_wait_of_the_too_young),
		cmocka_unit_test(verdicts_are_only_shown_where_there_are_some),
		cmocka_unit_test(a_broken_law_is_told),
		cmocka_unit_test(whatif_screen),
		cmocka_unit_test(whatif_that_changes_nothing),
		cmocka_unit_test(whatif_that_changes_the_wait),
		cmocka_unit_test(whatif_of_nothing),
		cmocka_unit_test(whatif_fits),
		cmocka_unit_test(whatif_table),
		cmocka_unit_test(whatif_in_json),
		cmocka_unit_test(whatifs_in_json),
		cmocka_unit_test(explanation_screen),
		cmocka_unit_test(explanation_of_others),
		cmocka_unit_test(explanation_colors),
		cmocka_unit_test(explanation_in_json),
		cmocka_unit_test(ports_screen),
		cmocka_unit_test(ports_of_other_questions),
		cmocka_unit_test(ports_all_free),
		cmocka_unit_test(ports_none_available),
		cmocka_unit_test(ports_order),
		cmocka_unit_test(ports_of_odd_ranges),
		cmocka_unit_test(ports_in_json),
		cmocka_unit_test(pretty_arrays),
	};

	return cmocka_run_group_tests_name("out_verdict", tests, NULL, NULL);
}
