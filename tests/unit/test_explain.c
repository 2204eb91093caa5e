// SPDX-License-Identifier: GPL-2.0
/* ctl/explain.c: one bucket in words. */
#include "explain.h"
#include "test.h"

/* what each test starts from: a bucket that is too young, on a new kernel */
static struct tws_info info;
static struct tws_sysctls sysctls;
static struct tws_bucket bucket;
static struct tws_syn syn;

static const struct explanation e = { &info, &sysctls, &bucket, &syn };

static int fresh(void **state)
{
	(void)state;
	info = (struct tws_info){
		.rules = TWSCOPE_RULES_ENTRY_DELAY, .timewait_len_ms = 60000, .hz = 1000,
	};
	sysctls = (struct tws_sysctls){
		.tcp_tw_reuse = 1, .tcp_tw_reuse_delay = 1000,
		.has_tcp_tw_reuse_delay = true, .tcp_timestamps = 1,
		.tcp_fin_timeout = 60, .tcp_invalid_ratelimit = 500,
	};
	bucket = (struct tws_bucket){
		.substate = TWSCOPE_SUBSTATE_TIME_WAIT, .remaining_ms = 59400,
		.has_age = true, .age_ms = 588,
		.has_ts_recent_age = true, .ts_recent_age_s = 3,
		.verdict = TWSCOPE_VERDICT_TOO_YOUNG, .has_wait = true,
		.wait_ms = 412, .bound_verdict = TWSCOPE_VERDICT_REUSABLE,
		.has_conditions = true, .conditions_asked = 0x2f,
		.conditions_held = 0x0f,
		.has_rcv_wnd = true, .rcv_wnd = 65535,
		.has_syn_seq = true, .syn_seq = 1001,
		.has_syn_tsval = true, .syn_tsval = 501,
	};
	syn = (struct tws_syn){ .seq = 1001 };
	return 0;
}

static const struct explained *condition(const char *name, const char *how)
{
	static struct explained_condition c[N_CONDITIONS];
	const char *is;
	unsigned int i;

	memset(c, 0, sizeof(c));
	explain_conditions(&e, c);
	for (i = 0; i < N_CONDITIONS && strcmp(c[i].name, name); i++)
		;
	assert_true(i < N_CONDITIONS);
	is = !c[i].asked ? "not asked" : c[i].held ? "held" : "not held";
	assert_string_equal(is, how);
	/* what is not asked does not hold either */
	assert_true(c[i].asked || !c[i].held);
	assert_true(*c[i].why.text && *c[i].why.source);
	return &c[i].why;
}

static void says(const struct explained *x, const char *text, const char *source)
{
	if (!strstr(x->text, text))
		fail_msg("'%s' is not in '%s'", text, x->text);
	if (!strstr(x->source, source))
		fail_msg("'%s' is not in '%s'", source, x->source);
}

static void each_condition_held(void **state)
{
	(void)state;
	bucket.conditions_asked = bucket.conditions_held = 0x3f;
	sysctls.tcp_tw_reuse = 2;
	bucket.age_ms = 1588;
	says(condition("port-search", "held"), "made by connect() alone", "Linux: bind buckets");
	says(condition("timestamp", "held"), "the last one 3 s ago", "RFC 6191, RFC 7323 (PAWS)");
	says(condition("substate", "held"), "FIN has arrived", "RFC 9293");
	says(condition("enabled", "held"), "tcp_tw_reuse is 2: on for loopback traffic", "Linux: tcp_tw_reuse");
	says(condition("loopback", "held"), "it is loopback traffic", "Linux: tcp_tw_reuse");
	says(condition("age", "held"), "it was entered 1.5 s ago, which is longer than tcp_tw_reuse_delay, 1000 ms", "RFC 6191; tcp_tw_reuse_delay is Linux's own");
	sysctls.tcp_tw_reuse = 1;
	says(condition("enabled", "held"), "tcp_tw_reuse is 1: on", "Linux");
}

static void each_condition_not_held(void **state)
{
	(void)state;
	bucket.conditions_asked = 0x3f;
	bucket.conditions_held = 0;
	sysctls.tcp_tw_reuse = 0;
	says(condition("port-search", "not held"), "bind() made or joined its bind bucket: the port search skips the port without asking", "bind buckets");
	bucket.verdict = TWSCOPE_VERDICT_NOT_SEARCHED;
	sysctls.ip_local_port_range_min = 32768;
	sysctls.ip_local_port_range_max = 60999;
	says(condition("port-search", "not held"), "outside of ip_local_port_range, 32768-60999, or in ip_local_reserved_ports", "ip_local_port_range");
	says(condition("timestamp", "not held"), "the peer sent no timestamps", "PAWS");
	says(condition("substate", "not held"), "FIN has not arrived", "RFC 9293");
	says(condition("enabled", "not held"), "tcp_tw_reuse is 0: off", "Linux: tcp_tw_reuse");
	says(condition("loopback", "not held"), "it is not loopback traffic", "Linux: tcp_tw_reuse");
	says(condition("age", "not held"), "it was entered 588 ms ago, which is not longer than tcp_tw_reuse_delay, 1000 ms", "RFC 6191");
	bucket.has_age = false;
	says(condition("age", "not held"), "it was entered not longer than tcp_tw_reuse_delay, 1000 ms, ago", "RFC 6191");
}

static void conditions_that_are_not_asked(void **state)
{
	(void)state;
	says(condition("loopback", "not asked"), "with tcp_tw_reuse 2 only; it is 1", "Linux: tcp_tw_reuse");
	info.rules = TWSCOPE_RULES_SECONDS;
	bucket.conditions_asked = 0x2b;
	/* what was not asked did not hold, whatever the bit says */
	bucket.conditions_held = 0x3f;
	says(condition("substate", "not asked"), "reuses in FIN_WAIT2 as well", "Linux");
	info.rules = TWSCOPE_RULES_UNKNOWN;
	bucket.conditions_asked = 0;
	says(condition("substate", "not asked"), "is not known", "Linux");
	says(condition("age", "not asked"), "is not known", "Linux");
	says(condition("loopback", "not asked"), "is not known", "Linux");
	info.rules = 99;
	says(condition("age", "not asked"), "does not ask", "Linux");
}

static void age_in_seconds(void **state)
{
	static const uint32_t rules[] = {
		TWSCOPE_RULES_SECONDS, TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2,
		TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN,
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(rules); i++) {
		fresh(NULL);
		info.rules = rules[i];
		says(condition("age", "not held"), "whose grain is one second here: a bucket is reusable once that is over", "RFC 6191; the second is Linux's own");
		bucket.conditions_held = 0x2f;
		says(condition("age", "held"), "the second in which the peer's last timestamp came is over, by this host's clock", "RFC 6191");
		bucket.has_ts_recent_age = false;
		says(condition("age", "held"), "there is none", "RFC 6191");
	}
}

static void verdict_is(uint32_t verdict, const char *text, const char *source)
{
	struct explained x;

	bucket.verdict = verdict;
	explain_verdict(&e, &x);
	says(&x, text, source);
}

static void each_verdict(void **state)
{
	(void)state;
	verdict_is(TWSCOPE_VERDICT_UNKNOWN, "is not known", "Linux");
	verdict_is(TWSCOPE_VERDICT_REUSABLE, "takes the bucket's place", "RFC 6191");
	verdict_is(TWSCOPE_VERDICT_TOO_YOUNG, "refused now", "RFC 6191");
	verdict_is(TWSCOPE_VERDICT_DISABLED, "tcp_tw_reuse is 0", "Linux: tcp_tw_reuse");
	verdict_is(TWSCOPE_VERDICT_NOT_LOOPBACK, "not loopback traffic", "Linux: tcp_tw_reuse");
	verdict_is(TWSCOPE_VERDICT_FIN_WAIT2, "FIN has not arrived", "RFC 9293");
	verdict_is(TWSCOPE_VERDICT_NO_TIMESTAMP, "sent no timestamps", "RFC 7323");
	verdict_is(TWSCOPE_VERDICT_BIND_BLOCKED, "skips the port", "bind buckets");
	verdict_is(99, "unknown to this twctl", "Linux");
}

static void change_is(uint32_t verdict, const char *text)
{
	struct explained x;

	bucket.verdict = verdict;
	explain_change(&e, &x);
	if (strcmp(x.text, text))
		fail_msg("got '%s'\nnot '%s'", x.text, text);
	assert_true(*x.source);
}

static void when_it_changes(void **state)
{
	(void)state;
	change_is(TWSCOPE_VERDICT_TOO_YOUNG, "reusable in 412 ms");
	change_is(TWSCOPE_VERDICT_REUSABLE, "so until its timer ends it in 59.4 s");
	change_is(TWSCOPE_VERDICT_DISABLED,
		  "so while tcp_tw_reuse is 1, until its timer ends it in 59.4 s; what another value would do: twctl whatif");
	change_is(TWSCOPE_VERDICT_FIN_WAIT2,
		  "so until the peer's FIN arrives, or its timer ends it in 59.4 s");
	change_is(TWSCOPE_VERDICT_NO_TIMESTAMP, "so until its timer ends it in 59.4 s");
	change_is(TWSCOPE_VERDICT_UNKNOWN, "so until its timer ends it in 59.4 s");
	change_is(99, "so until its timer ends it in 59.4 s");
	change_is(TWSCOPE_VERDICT_BIND_BLOCKED,
		  "so while the port's bind bucket is there and not left to connect() alone; this bucket's timer ends it in 59.4 s. Programs that bind() before connect() avoid this with IP_BIND_ADDRESS_NO_PORT");
	info.rules = TWSCOPE_RULES_SECONDS;
	change_is(TWSCOPE_VERDICT_REUSABLE,
		  "so until its timer ends it in 59.4 s, but for up to a second after a segment of the peer with a timestamp");
	change_is(TWSCOPE_VERDICT_TOO_YOUNG,
		  "reusable in 412 ms, unless a segment of the peer with a timestamp comes before: then a second begins anew");
}

/* It is gone before: with a long delay, or right at its end. */
static void gone_before_it_is_old_enough(void **state)
{
	(void)state;
	bucket.remaining_ms = 412;
	change_is(TWSCOPE_VERDICT_TOO_YOUNG,
		  "its timer ends it in 412 ms, before it is old enough");
	bucket.remaining_ms = 413;
	change_is(TWSCOPE_VERDICT_TOO_YOUNG, "reusable in 412 ms");
	bucket.has_wait = false;
	change_is(TWSCOPE_VERDICT_TOO_YOUNG,
		  "its timer ends it in 413 ms, before it is old enough");
}

static void life(void **state)
{
	struct explained x;

	(void)state;
	explain_closers(&e, &x);
	says(&x, "this side closed first, or both did at once", "RFC 9293");
	explain_anew(&e, &x);
	says(&x, "the 60 s begin anew when the peer sends its FIN or an ACK again", "RFC 1122");
	explain_owner(&e, &x);
	says(&x, "its uid and inode are 0 in ss -e", "inet_diag");
	bucket.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	explain_closers(&e, &x);
	says(&x, "this side has closed, the peer has not", "RFC 9293");
	explain_anew(&e, &x);
	says(&x, "the peer's FIN makes it time-wait, and 60 s begin", "RFC 9293");
}

static void bound_and_end(void **state)
{
	struct explained x;

	(void)state;
	explain_bound(&e, &x);
	says(&x, "connect() takes its place: timestamps are all that is asked", "Linux");
	bucket.bound_verdict = TWSCOPE_VERDICT_NO_TIMESTAMP;
	explain_bound(&e, &x);
	says(&x, "refused as well", "RFC 7323");
	bucket.bound_verdict = TWSCOPE_VERDICT_UNKNOWN;
	explain_bound(&e, &x);
	says(&x, "not known", "Linux");
	explain_end(&e, &x);
	says(&x, "its timer ends it in 59.4 s, up to 4 s late: TIME_WAIT (2MSL) lasts 60 s", "RFC 9293 3.6.1, RFC 1122");
	/* a coarser timer is later, and one that is not known is not told of */
	info.hz = 100;
	explain_end(&e, &x);
	says(&x, "in 59.4 s, up to 5 s late: ", "");
	info.hz = 0;
	explain_end(&e, &x);
	says(&x, "in 59.4 s: TIME_WAIT", "");
	bucket.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	explain_end(&e, &x);
	says(&x, "tcp_fin_timeout, now 60 s, bounds FIN_WAIT2", "Linux: tcp_fin_timeout");
}

/* All lines in one, set apart by "|". */
static const char *peer(void)
{
	static char all[2048];
	struct explained x[N_PEER_LINES];
	unsigned int i, n = explain_peer(&e, x);

	assert_true(n && n <= N_PEER_LINES);
	all[0] = '\0';
	for (i = 0; i < n; i++) {
		strcat(all, x[i].text);
		strcat(all, " [");
		strcat(all, x[i].source);
		strcat(all, "]|");
	}
	return all;
}

static void peer_says(const char *what)
{
	if (!strstr(peer(), what))
		fail_msg("'%s' is not in '%s'", what, peer());
}

static void a_syn_in_time_wait(void **state)
{
	(void)state;
	peer_says("a SYN of the peer is accepted with a TSval from 501 on, whatever its sequence number (all modulo 2^32) [RFC 6191, RFC 7323 (PAWS)]|"
		  "with TSval 500, or none, it is accepted with a sequence number from 1001 on; with an older TSval not at all [RFC 9293 3.6.1, RFC 1122 4.2.2.13]|"
		  "accepted means given to a listener on the local address and port, which ends the bucket; where nobody listens an ACK is the answer [Linux]|"
		  "one that is not accepted is answered with an ACK, at most every 500 ms; none is held back now [Linux: tcp_invalid_ratelimit]|"
		  "an RST with the next sequence number ends the bucket, as tcp_rfc1337 is 0 [RFC 1337]|");
	sysctls.tcp_rfc1337 = 1;
	peer_says("an RST does not end the bucket, as tcp_rfc1337 is 1 [RFC 1337]");
	bucket.has_answer_in = true;
	bucket.answer_in_ms = 120;
	peer_says("one that is not accepted gets no answer for 120 ms: an ACK was sent less than 500 ms ago");
	bucket.has_syn_tsval = false;
	sysctls.tcp_timestamps = 0;
	peer_says("a SYN of the peer is accepted with a sequence number from 1001 on (modulo 2^32); its timestamp does not count, as tcp_timestamps is 0 [RFC 9293");
	bucket.has_ts_recent_age = false;
	peer_says("its timestamp does not count, as the connection had none");
	/* PAWS never holds a last timestamp of 0 against anybody */
	bucket.has_syn_tsval = true;
	bucket.syn_tsval = 1;
	peer_says("with a TSval from 1 on, whatever its sequence number (all modulo 2^32) [");
	peer_says("with an older one, or none, it is accepted with a sequence number from 1001 on [");
	/* the peak of what wraps */
	bucket.has_syn_tsval = true;
	bucket.syn_tsval = 0;
	peer_says("with TSval 4294967295, or none, it is accepted");
}

static void a_syn_without_privilege(void **state)
{
	(void)state;
	bucket.has_syn_seq = bucket.has_syn_tsval = bucket.has_rcv_wnd = false;
	peer_says("what a SYN of the peer needs is told to CAP_NET_ADMIN over the network namespace only");
	assert_null(strstr(peer(), "does not count"));
	/* whether an answer is held back is not told, so it is not said */
	peer_says("one that is not accepted is answered with an ACK, at most every 500 ms [Linux");
}

static void a_syn_in_fin_wait2(void **state)
{
	(void)state;
	bucket.substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
	bucket.has_syn_seq = bucket.has_syn_tsval = false;
	peer_says("no SYN of the peer is accepted in FIN_WAIT2: inside the receive window the answer is an RST, which ends the bucket; outside of it, and where its TSval is older than the last one seen, it is an ACK [RFC 9293");
	peer_says("an RST inside the receive window ends the bucket [RFC 9293");
	assert_null(strstr(peer(), "CAP_NET_ADMIN"));
	bucket.has_rcv_nxt = bucket.has_rcv_wnd = true;
	bucket.rcv_nxt = 77;
	bucket.rcv_wnd = 65535;
	peer_says("inside the receive window, 65535 bytes from 77 on, the answer is an RST");
}

static void syn_is(uint32_t verdict, const char *text, const char *source)
{
	struct explained x;

	bucket.has_syn_verdict = true;
	bucket.syn_verdict = verdict;
	explain_syn(&e, &x);
	says(&x, text, source);
}

static void this_syn(void **state)
{
	struct explained x;

	(void)state;
	syn_is(TWSCOPE_SYN_VERDICT_ACCEPT, "its sequence number is new enough: it is given to a listener", "RFC 1122 4.2.2.13");
	syn.seq = 1000;
	syn_is(TWSCOPE_SYN_VERDICT_ACCEPT, "its TSval is new enough", "RFC 6191");
	/* across the wrap-around of sequence numbers */
	bucket.syn_seq = UINT32_MAX;
	syn.seq = 5;
	syn_is(TWSCOPE_SYN_VERDICT_ACCEPT, "its sequence number", "RFC 1122");
	syn_is(TWSCOPE_SYN_VERDICT_CHALLENGE_ACK, "an ACK is the answer and the bucket stays", "RFC 5961");
	syn_is(TWSCOPE_SYN_VERDICT_PAWS_REJECT, "in TIME_WAIT 2MSL begins anew", "RFC 7323 5 (PAWS)");
	syn_is(TWSCOPE_SYN_VERDICT_RESET, "an RST is the answer", "RFC 9293");
	syn_is(TWSCOPE_SYN_VERDICT_DROP, "there is no answer", "Linux: tcp_invalid_ratelimit");
	syn_is(TWSCOPE_SYN_VERDICT_UNKNOWN, "is not known", "Linux");
	syn_is(99, "unknown to this twctl", "Linux");
	bucket.has_syn_verdict = false;
	explain_syn(&e, &x);
	says(&x, "unknown to this twctl", "Linux");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(each_condition_held, fresh),
		cmocka_unit_test_setup(each_condition_not_held, fresh),
		cmocka_unit_test_setup(conditions_that_are_not_asked, fresh),
		cmocka_unit_test_setup(age_in_seconds, fresh),
		cmocka_unit_test_setup(each_verdict, fresh),
		cmocka_unit_test_setup(when_it_changes, fresh),
		cmocka_unit_test_setup(gone_before_it_is_old_enough, fresh),
		cmocka_unit_test_setup(life, fresh),
		cmocka_unit_test_setup(bound_and_end, fresh),
		cmocka_unit_test_setup(a_syn_in_time_wait, fresh),
		cmocka_unit_test_setup(a_syn_without_privilege, fresh),
		cmocka_unit_test_setup(a_syn_in_fin_wait2, fresh),
		cmocka_unit_test_setup(this_syn, fresh),
	};

	return cmocka_run_group_tests_name("explain", tests, NULL, NULL);
}
