// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/socket.h>

#include "bucket.h"
#include "verdict.h"

/* IPv4 in its IPv4-mapped form, as in every bucket. */
#define MAPPED(a, b, c, d)	{ .s6_addr = { [10] = 0xff, 0xff, a, b, c, d } }
#define FAR			MAPPED(192, 0, 2, 7)
#define NEAR			MAPPED(10, 1, 2, 3)
#define LOOPBACK4		MAPPED(127, 8, 8, 8)
#define LOOPBACK6		{ .s6_addr = { [15] = 1 } }
#define DB8_1			{ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x01 } }
#define FD00_7			{ .s6_addr = { 0xfd, 0x00, [15] = 0x07 } }

#define IN_TIME_WAIT	.substate = TWSCOPE_SUBSTATE_TIME_WAIT
#define IN_FIN_WAIT2	.substate = TWSCOPE_SUBSTATE_FIN_WAIT2
#define REMOTE4		.family = AF_INET, .local = NEAR, .remote = FAR
/* Old enough by either clock, unless said otherwise. */
#define OLD		.has_ts = true, .ts_recent_age_ms = 5000, .age_ms = 5000
#define NEVER		(-1)

#define POLICY(r, ...) { .rules = TWSCOPE_RULES_##r, .tcp_timestamps = true, \
			 .tcp_tw_reuse_delay = 1000, .tick_ms = 4, \
			 .paws_wrap_s = 2147, .tcp_invalid_ratelimit = 500, ##__VA_ARGS__ }
#define REUSE(v)	.tcp_tw_reuse = (v)

struct judge_case {
	const char		*desc;
	const struct twscope_bucket *bucket;
	struct twscope_policy	policy;
	u8			search;
	u8			want;
	s64			wait_ms;
};

#define WANT(v)			.want = TWSCOPE_VERDICT_##v, .wait_ms = NEVER
#define WANT_WAIT(ms)		.want = TWSCOPE_VERDICT_TOO_YOUNG, .wait_ms = (ms)

/* Of one bucket and one policy, in each set of rules. */
#define EACH(d, b, seconds, not_fw2, unsure, delay, ...) \
	{ "seconds: " d, b, POLICY(SECONDS, __VA_ARGS__), WANT(seconds) }, \
	{ "seconds-not-fin-wait2: " d, b, POLICY(SECONDS_NOT_FIN_WAIT2, __VA_ARGS__), \
	  WANT(not_fw2) }, \
	{ "seconds-fin-wait2-unknown: " d, b, POLICY(SECONDS_FIN_WAIT2_UNKNOWN, __VA_ARGS__), \
	  WANT(unsure) }, \
	{ "entry-delay: " d, b, POLICY(ENTRY_DELAY, __VA_ARGS__), WANT(delay) }, \
	{ "unknown: " d, b, POLICY(UNKNOWN, __VA_ARGS__), WANT(UNKNOWN) }
#define ALL(d, b, v, ...)	EACH(d, b, v, v, v, v, __VA_ARGS__)
/* The outer brackets keep its commas together inside other macros. */
#define B(...)			(&(const struct twscope_bucket) { __VA_ARGS__ })

static const struct judge_case judge_cases[] = {
	ALL("tcp_tw_reuse 1", B(IN_TIME_WAIT, REMOTE4, OLD), REUSABLE, REUSE(1)),
	ALL("tcp_tw_reuse 0", B(IN_TIME_WAIT, REMOTE4, OLD), DISABLED, REUSE(0)),
	ALL("tcp_tw_reuse 2, not loopback", B(IN_TIME_WAIT, REMOTE4, OLD), NOT_LOOPBACK, REUSE(2)),
	ALL("no timestamp", B(IN_TIME_WAIT, REMOTE4, .ts_recent_age_ms = 5000, .age_ms = 5000),
	    NO_TIMESTAMP, REUSE(1)),
	ALL("timestamps turned off later", B(IN_TIME_WAIT, REMOTE4, OLD), REUSABLE, REUSE(1),
	    .tcp_timestamps = false),
	EACH("FIN_WAIT2", B(IN_FIN_WAIT2, REMOTE4, OLD), REUSABLE, FIN_WAIT2, UNKNOWN, FIN_WAIT2,
	     REUSE(1)),
	EACH("FIN_WAIT2, tcp_tw_reuse 0", B(IN_FIN_WAIT2, REMOTE4, OLD),
	     DISABLED, FIN_WAIT2, DISABLED, FIN_WAIT2, REUSE(0)),
	EACH("FIN_WAIT2, not loopback", B(IN_FIN_WAIT2, REMOTE4, OLD), NOT_LOOPBACK, FIN_WAIT2,
	     NOT_LOOPBACK, FIN_WAIT2, REUSE(2)),
	EACH("FIN_WAIT2, no timestamp", B(IN_FIN_WAIT2, REMOTE4), NO_TIMESTAMP, NO_TIMESTAMP,
	     NO_TIMESTAMP, NO_TIMESTAMP, REUSE(1)),
	{ "seconds-fin-wait2-unknown: FIN_WAIT2, and too young as well",
	  B(IN_FIN_WAIT2, REMOTE4, .has_ts = true), POLICY(SECONDS_FIN_WAIT2_UNKNOWN, REUSE(1)),
	  WANT(UNKNOWN) },
	{ "seconds: FIN_WAIT2, too young", B(IN_FIN_WAIT2, REMOTE4, .has_ts = true),
	  POLICY(SECONDS, REUSE(1)), WANT_WAIT(1004) },

	/* the bind bucket comes before all else */
	{ "blocked, reusable otherwise", B(IN_TIME_WAIT, REMOTE4, OLD),
	  POLICY(ENTRY_DELAY, REUSE(1)),
	  .search = TWSCOPE_SEARCH_BLOCKED, WANT(BIND_BLOCKED) },
	{ "blocked, and nothing else holds either", B(IN_FIN_WAIT2, REMOTE4),
	  POLICY(ENTRY_DELAY, REUSE(0)), .search = TWSCOPE_SEARCH_BLOCKED, WANT(BIND_BLOCKED) },
	{ "blocked, under unknown rules", B(IN_TIME_WAIT, REMOTE4, OLD), POLICY(UNKNOWN, REUSE(1)),
	  .search = TWSCOPE_SEARCH_BLOCKED, WANT(UNKNOWN) },

	{ "never searched, reusable otherwise", B(IN_TIME_WAIT, REMOTE4, OLD),
	  POLICY(ENTRY_DELAY, REUSE(1)), .search = TWSCOPE_SEARCH_NEVER, WANT(NOT_SEARCHED) },
	{ "never searched, and nothing else holds either", B(IN_FIN_WAIT2, REMOTE4),
	  POLICY(SECONDS, REUSE(0)), .search = TWSCOPE_SEARCH_NEVER, WANT(NOT_SEARCHED) },
	{ "never searched, under unknown rules", B(IN_TIME_WAIT, REMOTE4, OLD),
	  POLICY(UNKNOWN, REUSE(1)), .search = TWSCOPE_SEARCH_NEVER, WANT(UNKNOWN) },

	/* loopback */
	{ "loopback: destination", B(IN_TIME_WAIT, OLD, .local = NEAR, .remote = LOOPBACK4),
	  POLICY(SECONDS, REUSE(2)), WANT(REUSABLE) },
	{ "loopback: source", B(IN_TIME_WAIT, OLD, .local = LOOPBACK4, .remote = FAR),
	  POLICY(SECONDS, REUSE(2)), WANT(REUSABLE) },
	{ "loopback: IPv6 destination",
	  B(IN_TIME_WAIT, OLD, .family = AF_INET6, .local = DB8_1, .remote = LOOPBACK6),
	  POLICY(SECONDS, REUSE(2)), WANT(REUSABLE) },
	{ "loopback: IPv6 source",
	  B(IN_TIME_WAIT, OLD, .family = AF_INET6, .local = LOOPBACK6, .remote = FD00_7),
	  POLICY(SECONDS, REUSE(2)), WANT(REUSABLE) },
	{ "loopback: neither of IPv6",
	  B(IN_TIME_WAIT, OLD, .family = AF_INET6, .local = DB8_1, .remote = FD00_7),
	  POLICY(SECONDS, REUSE(2)), WANT(NOT_LOOPBACK) },
	{ "loopback: IPv4-mapped destination",
	  B(IN_TIME_WAIT, OLD, .family = AF_INET6, .local = NEAR, .remote = LOOPBACK4),
	  POLICY(SECONDS, REUSE(2)), WANT(REUSABLE) },
	{ "loopback: IPv4-mapped source",
	  B(IN_TIME_WAIT, OLD, .family = AF_INET6, .local = LOOPBACK4, .remote = FAR),
	  POLICY(SECONDS, REUSE(2)), WANT(REUSABLE) },
	{ "loopback: bound to lo", B(IN_TIME_WAIT, REMOTE4, OLD, .ifindex = 1),
	  POLICY(SECONDS, REUSE(2)), WANT(REUSABLE) },
	{ "loopback: bound to another device", B(IN_TIME_WAIT, REMOTE4, OLD, .ifindex = 2),
	  POLICY(SECONDS, REUSE(2)), WANT(NOT_LOOPBACK) },
	{ "loopback: too young all the same",
	  B(IN_TIME_WAIT, .has_ts = true, .local = LOOPBACK4, .remote = LOOPBACK4),
	  POLICY(SECONDS, REUSE(2)), WANT_WAIT(1004) },

	/* the clock of seconds */
	{ "seconds: the second just began", B(IN_TIME_WAIT, REMOTE4, .has_ts = true),
	  POLICY(SECONDS, REUSE(1)), WANT_WAIT(1004) },
	{ "seconds: its last millisecond",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .ts_recent_age_ms = 999),
	  POLICY(SECONDS, REUSE(1)), WANT_WAIT(5) },
	{ "seconds: it is over", B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .ts_recent_age_ms = 1000),
	  POLICY(SECONDS, REUSE(1)), WANT(REUSABLE) },
	{ "seconds: the timestamp came after the clock was read",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .ts_recent_age_ms = -1),
	  POLICY(SECONDS, REUSE(1)), WANT_WAIT(1005) },
	{ "seconds: the delay does not count",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .ts_recent_age_ms = 1000),
	  POLICY(SECONDS, REUSE(1), .tcp_tw_reuse_delay = 60000), WANT(REUSABLE) },
	{ "seconds: a connection idle for thirty days",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .ts_recent_age_ms = 2592000000LL),
	  POLICY(SECONDS, REUSE(1)), WANT(REUSABLE) },

	/* the clock of entry */
	{ "entry-delay: just entered", B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 0),
	  POLICY(ENTRY_DELAY, REUSE(1)), WANT_WAIT(1001) },
	{ "entry-delay: as old as the delay",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 1000),
	  POLICY(ENTRY_DELAY, REUSE(1)), WANT_WAIT(1) },
	{ "entry-delay: a millisecond older",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 1001),
	  POLICY(ENTRY_DELAY, REUSE(1)), WANT(REUSABLE) },
	{ "entry-delay: entered after the clock was read",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = -3), POLICY(ENTRY_DELAY, REUSE(1)),
	  WANT_WAIT(1004) },
	{ "entry-delay: the second does not count",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 1001, .ts_recent_age_ms = 0),
	  POLICY(ENTRY_DELAY, REUSE(1)), WANT(REUSABLE) },
	{ "entry-delay 0, just entered", B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 0),
	  POLICY(ENTRY_DELAY, REUSE(1), .tcp_tw_reuse_delay = 0), WANT_WAIT(1) },
	{ "entry-delay 0, a millisecond later",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 1),
	  POLICY(ENTRY_DELAY, REUSE(1), .tcp_tw_reuse_delay = 0), WANT(REUSABLE) },
	{ "entry-delay 60000, just entered", B(IN_TIME_WAIT, REMOTE4, .has_ts = true),
	  POLICY(ENTRY_DELAY, REUSE(1), .tcp_tw_reuse_delay = 60000), WANT_WAIT(60001) },
	{ "entry-delay 60000, at its end",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 60000),
	  POLICY(ENTRY_DELAY, REUSE(1), .tcp_tw_reuse_delay = 60000), WANT_WAIT(1) },
	{ "entry-delay 60000, over", B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = 60001),
	  POLICY(ENTRY_DELAY, REUSE(1), .tcp_tw_reuse_delay = 60000), WANT(REUSABLE) },
	{ "entry-delay: an age of nearly half the circle",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = S32_MAX),
	  POLICY(ENTRY_DELAY, REUSE(1)),
	  WANT(REUSABLE) },
	{ "entry-delay: half the circle and no delay, which the kernel takes for the past",
	  B(IN_TIME_WAIT, REMOTE4, .has_ts = true, .age_ms = S32_MIN),
	  POLICY(ENTRY_DELAY, REUSE(1), .tcp_tw_reuse_delay = 0), WANT(REUSABLE) },
};

KUNIT_ARRAY_PARAM_DESC(judge, judge_cases, desc);

static void connect_searching(struct kunit *test)
{
	const struct judge_case *c = test->param_value;
	struct twscope_judgement j;

	twscope_judge(c->bucket, &c->policy, c->search, &j);

	KUNIT_EXPECT_EQ(test, j.verdict, c->want);
	KUNIT_EXPECT_EQ(test, j.wait_ms, c->wait_ms == NEVER ? 0 : c->wait_ms);
	/* What is held was asked, and all of it is where it is reusable. */
	KUNIT_EXPECT_EQ(test, j.held & ~j.asked, 0);
	KUNIT_EXPECT_EQ(test, j.verdict == TWSCOPE_VERDICT_REUSABLE, j.asked && j.held == j.asked);
}

/* Waiting as long as it says makes it reusable, and a millisecond less does not. */
static void waiting_helps(struct kunit *test)
{
	const struct judge_case *c = test->param_value;
	struct twscope_bucket b = *c->bucket;
	struct twscope_judgement j;

	if (c->wait_ms == NEVER)
		return;

	b.age_ms += c->wait_ms;
	b.ts_recent_age_ms += c->wait_ms;
	twscope_judge(&b, &c->policy, c->search, &j);
	KUNIT_EXPECT_EQ(test, j.verdict, TWSCOPE_VERDICT_REUSABLE);

	/* but for the tick that the clock of seconds may be late by */
	b.age_ms -= 1;
	b.ts_recent_age_ms -= 1 + c->policy.tick_ms;
	twscope_judge(&b, &c->policy, c->search, &j);
	KUNIT_EXPECT_EQ(test, j.verdict, TWSCOPE_VERDICT_TOO_YOUNG);
	KUNIT_EXPECT_GE(test, j.wait_ms, 1);
}

static void conditions(struct kunit *test)
{
	static const struct twscope_bucket none = { IN_FIN_WAIT2, REMOTE4 };
	struct twscope_policy p = POLICY(ENTRY_DELAY, REUSE(2));
	struct twscope_judgement j;
	u8 all = TWSCOPE_CONDITION_PORT_SEARCH | TWSCOPE_CONDITION_TIMESTAMP |
		 TWSCOPE_CONDITION_SUBSTATE | TWSCOPE_CONDITION_ENABLED |
		 TWSCOPE_CONDITION_LOOPBACK | TWSCOPE_CONDITION_AGE;

	twscope_judge(&none, &p, TWSCOPE_SEARCH_BLOCKED, &j);
	KUNIT_EXPECT_EQ(test, j.asked, all);
	KUNIT_EXPECT_EQ(test, j.held, TWSCOPE_CONDITION_ENABLED);

	p.tcp_tw_reuse = 0;
	twscope_judge(&none, &p, TWSCOPE_SEARCH_ASKS, &j);
	KUNIT_EXPECT_EQ(test, j.asked, all & ~TWSCOPE_CONDITION_LOOPBACK);
	KUNIT_EXPECT_EQ(test, j.held, TWSCOPE_CONDITION_PORT_SEARCH);

	p.rules = TWSCOPE_RULES_SECONDS;
	twscope_judge(&none, &p, TWSCOPE_SEARCH_ASKS, &j);
	KUNIT_EXPECT_EQ(test, j.asked,
			all & ~TWSCOPE_CONDITION_LOOPBACK & ~TWSCOPE_CONDITION_SUBSTATE);

	p.rules = TWSCOPE_RULES_UNKNOWN;
	twscope_judge(&none, &p, TWSCOPE_SEARCH_ASKS, &j);
	KUNIT_EXPECT_EQ(test, j.asked | j.held, 0);
}

struct bound_case {
	const char		*desc;
	const struct twscope_bucket *bucket;
	struct twscope_policy	policy;
	u8			want;
};

static const struct bound_case bound_cases[] = {
	{ "timestamps are all it asks", B(IN_FIN_WAIT2, REMOTE4, .has_ts = true, .age_ms = 0),
	  POLICY(ENTRY_DELAY, REUSE(0)), TWSCOPE_VERDICT_REUSABLE },
	{ "the same by the clock of seconds", B(IN_FIN_WAIT2, REMOTE4, .has_ts = true),
	  POLICY(SECONDS_FIN_WAIT2_UNKNOWN, REUSE(0)), TWSCOPE_VERDICT_REUSABLE },
	{ "no timestamp", B(IN_TIME_WAIT, REMOTE4, .age_ms = 5000, .ts_recent_age_ms = 5000),
	  POLICY(ENTRY_DELAY, REUSE(1)), TWSCOPE_VERDICT_NO_TIMESTAMP },
	{ "unknown rules", B(IN_TIME_WAIT, REMOTE4, OLD), POLICY(UNKNOWN, REUSE(1)),
	  TWSCOPE_VERDICT_UNKNOWN },
};

KUNIT_ARRAY_PARAM_DESC(bound, bound_cases, desc);

static void connect_bound(struct kunit *test)
{
	const struct bound_case *c = test->param_value;

	KUNIT_EXPECT_EQ(test, twscope_judge_bound(c->bucket, &c->policy), c->want);
}

static void override(struct kunit *test)
{
	static const struct twscope_policy own = POLICY(ENTRY_DELAY, REUSE(2));
	struct twscope_whatif w = {
		.tcp_tw_reuse = 1, .tcp_timestamps = false, .tcp_tw_reuse_delay = 7,
	};
	struct twscope_policy p = own;

	twscope_policy_override(&p, &w);
	KUNIT_EXPECT_MEMEQ(test, &p, &own, sizeof(p));

	w.has_reuse = true;
	twscope_policy_override(&p, &w);
	KUNIT_EXPECT_EQ(test, p.tcp_tw_reuse, 1);
	KUNIT_EXPECT_TRUE(test, p.tcp_timestamps);
	KUNIT_EXPECT_EQ(test, p.tcp_tw_reuse_delay, 1000);

	w.has_timestamps = true;
	w.has_reuse_delay = true;
	twscope_policy_override(&p, &w);
	KUNIT_EXPECT_FALSE(test, p.tcp_timestamps);
	KUNIT_EXPECT_EQ(test, p.tcp_tw_reuse_delay, 7);
	KUNIT_EXPECT_EQ(test, p.rules, TWSCOPE_RULES_ENTRY_DELAY);
	KUNIT_EXPECT_EQ(test, p.tcp_invalid_ratelimit, 500);
}

static struct kunit_case verdict_cases[] = {
	KUNIT_CASE_PARAM(connect_searching, judge_gen_params),
	KUNIT_CASE_PARAM(waiting_helps, judge_gen_params),
	KUNIT_CASE(conditions),
	KUNIT_CASE_PARAM(connect_bound, bound_gen_params),
	KUNIT_CASE(override),
	{}
};

static struct kunit_suite verdict_suite = {
	.name		= "twscope_verdict",
	.test_cases	= verdict_cases,
};

kunit_test_suite(verdict_suite);
