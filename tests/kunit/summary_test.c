// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/socket.h>

#include "bucket.h"
#include "summary.h"
#include "verdict.h"

#define TIMEWAIT_MS	60000
#define OPEN_SLOT	(TWSCOPE_HIST_SLOTS - 1)
#define NOT_COUNTED	(-1)

/* Where one bucket is counted, by what is left of its timer. */
struct time_case {
	const char	*desc;
	u8		substate;
	u32		remaining_ms;
	u32		timewait_ms;
	int		remaining;	/* slot */
	int		closes;		/* slot, or NOT_COUNTED */
};

#define TW		TWSCOPE_SUBSTATE_TIME_WAIT
#define FW2		TWSCOPE_SUBSTATE_FIN_WAIT2

static const struct time_case time_cases[] = {
	{ "overdue: not among the closes", TW, 0, TIMEWAIT_MS, 0, NOT_COUNTED },
	{ "1 ms left", TW, 1, TIMEWAIT_MS, 0, 59 },
	{ "the last of slot 0", TW, 999, TIMEWAIT_MS, 0, 59 },
	{ "1 s left is slot 1, and closed 59 s ago", TW, 1000, TIMEWAIT_MS, 1, 59 },
	{ "1 ms more is a younger close", TW, 1001, TIMEWAIT_MS, 1, 58 },
	{ "the last of slot 1", TW, 1999, TIMEWAIT_MS, 1, 58 },
	{ "half its life", TW, 30000, TIMEWAIT_MS, 30, 30 },
	{ "closed 1 s ago is slot 1", TW, 59000, TIMEWAIT_MS, 59, 1 },
	{ "closed 999 ms ago is slot 0", TW, 59001, TIMEWAIT_MS, 59, 0 },
	{ "the last before the open slot", TW, 59999, TIMEWAIT_MS, 59, 0 },
	{ "closed just now, first of the open slot", TW, 60000, TIMEWAIT_MS, OPEN_SLOT, 0 },
	{ "timer longer than TIME_WAIT, by 1 ms", TW, 60001, TIMEWAIT_MS, OPEN_SLOT, 0 },
	{ "one slot beyond the open one", TW, 61000, TIMEWAIT_MS, OPEN_SLOT, 0 },
	{ "the longest timer there is", TW, U32_MAX, TIMEWAIT_MS, OPEN_SLOT, 0 },

	{ "a longer TIME_WAIT, closed just now", TW, 600000, 600000, OPEN_SLOT, 0 },
	{ "the oldest close in the window", TW, 540001, 600000, OPEN_SLOT, 59 },
	{ "1 ms older: before the window", TW, 540000, 600000, OPEN_SLOT, NOT_COUNTED },
	{ "long before the window", TW, 1, 600000, 0, NOT_COUNTED },
	{ "the longest TIME_WAIT there is", TW, 1, U32_MAX, 0, NOT_COUNTED },
	{ "a shorter TIME_WAIT", TW, 500, 2000, 0, 1 },
	{ "a shorter TIME_WAIT, overdue", TW, 0, 2000, 0, NOT_COUNTED },
	{ "no TIME_WAIT at all", TW, 500, 0, 0, 0 },

	{ "FIN_WAIT2 is no close", FW2, 60000, TIMEWAIT_MS, OPEN_SLOT, NOT_COUNTED },
	{ "FIN_WAIT2 with 1 ms left", FW2, 1, TIMEWAIT_MS, 0, NOT_COUNTED },
	{ "FIN_WAIT2 overdue", FW2, 0, TIMEWAIT_MS, 0, NOT_COUNTED },
	{ "FIN_WAIT2 with a long timeout", FW2, 120000, TIMEWAIT_MS, OPEN_SLOT, NOT_COUNTED },
};

KUNIT_ARRAY_PARAM_DESC(by_time, time_cases, desc);

/* Compared as a whole: whatever is counted elsewhere too, shows. */
static void expect_same(struct kunit *test, const struct twscope_summary *seen,
			const struct twscope_summary *want)
{
	unsigned int i;

	KUNIT_EXPECT_EQ(test, seen->total, want->total);
	KUNIT_EXPECT_EQ(test, seen->timewait, want->timewait);
	KUNIT_EXPECT_EQ(test, seen->fin_wait2, want->fin_wait2);
	KUNIT_EXPECT_EQ(test, seen->ipv4, want->ipv4);
	KUNIT_EXPECT_EQ(test, seen->ipv6, want->ipv6);
	KUNIT_EXPECT_EQ(test, seen->ipv4_mapped, want->ipv4_mapped);
	for (i = 0; i < TWSCOPE_HIST_SLOTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, seen->remaining[i], want->remaining[i],
				    "remaining, slot %u", i);
	for (i = 0; i < TWSCOPE_CLOSES_SLOTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, seen->closes[i], want->closes[i],
				    "closes, slot %u", i);
}

static void by_time(struct kunit *test)
{
	const struct time_case *c = test->param_value;
	const struct twscope_bucket b = {
		.family		= AF_INET,
		.substate	= c->substate,
		.remaining_ms	= c->remaining_ms,
	};
	struct twscope_summary *seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	struct twscope_summary *want = kunit_kzalloc(test, sizeof(*want), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_NOT_NULL(test, want);
	want->total = 1;
	want->ipv4 = 1;
	want->timewait = c->substate == TW;
	want->fin_wait2 = c->substate == FW2;
	want->remaining[c->remaining] = 1;
	if (c->closes != NOT_COUNTED)
		want->closes[c->closes] = 1;

	twscope_summary_add(seen, &b, c->timewait_ms);

	expect_same(test, seen, want);
}

/* Which of the three families a bucket counts as. */
struct family_case {
	const char	*desc;
	u16		family;
	struct in6_addr	local;
	struct in6_addr	remote;
	size_t		counter;
};

#define COUNTER(name)	offsetof(struct twscope_summary, name)
#define MAPPED		{ .s6_addr = { [10] = 0xff, 0xff, 192, 0, 2, 7 } }
#define NATIVE		{ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x07 } }

static const struct family_case family_cases[] = {
	{ "AF_INET", AF_INET, MAPPED, MAPPED, COUNTER(ipv4) },
	{ "AF_INET6 with IPv6 addresses", AF_INET6, NATIVE, NATIVE, COUNTER(ipv6) },
	{ "AF_INET6 with IPv4-mapped addresses", AF_INET6, MAPPED, MAPPED, COUNTER(ipv4_mapped) },
	{ "AF_INET6 to ::1", AF_INET6, NATIVE, { .s6_addr = { [15] = 1 } }, COUNTER(ipv6) },
	{ "an IPv4-compatible address is not a mapped one",
	  AF_INET6, NATIVE, { .s6_addr = { [12] = 192, 0, 2, 7 } }, COUNTER(ipv6) },
	{ "nor is one with a bit before ffff", AF_INET6, MAPPED,
	  { .s6_addr = { [9] = 1, 0xff, 0xff, 192, 0, 2, 7 } }, COUNTER(ipv6) },
};

KUNIT_ARRAY_PARAM_DESC(by_family, family_cases, desc);

static void by_family(struct kunit *test)
{
	const struct family_case *c = test->param_value;
	const struct twscope_bucket b = {
		.family		= c->family,
		.substate	= TW,
		.local		= c->local,
		.remote		= c->remote,
		.remaining_ms	= 30000,
	};
	struct twscope_summary *seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	struct twscope_summary *want = kunit_kzalloc(test, sizeof(*want), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_NOT_NULL(test, want);
	want->total = 1;
	want->timewait = 1;
	want->remaining[30] = 1;
	want->closes[30] = 1;
	*(u32 *)((u8 *)want + c->counter) = 1;

	twscope_summary_add(seen, &b, TIMEWAIT_MS);

	expect_same(test, seen, want);
}

/* All the cases in one summary: each adds to what is there, and the sums agree. */
static void counts_add_up(struct kunit *test)
{
	struct twscope_summary *sum = kunit_kzalloc(test, sizeof(*sum), GFP_KERNEL);
	u32 remaining = 0, closes = 0, in_window = 0;
	unsigned int i, j;

	KUNIT_ASSERT_NOT_NULL(test, sum);
	for (i = 0; i < ARRAY_SIZE(time_cases); i++) {
		for (j = 0; j < ARRAY_SIZE(family_cases); j++) {
			const struct twscope_bucket b = {
				.family		= family_cases[j].family,
				.substate	= time_cases[i].substate,
				.remote		= family_cases[j].remote,
				.remaining_ms	= time_cases[i].remaining_ms,
			};

			twscope_summary_add(sum, &b, time_cases[i].timewait_ms);
			in_window += time_cases[i].closes != NOT_COUNTED;
		}
	}
	for (i = 0; i < TWSCOPE_HIST_SLOTS; i++)
		remaining += sum->remaining[i];
	for (i = 0; i < TWSCOPE_CLOSES_SLOTS; i++)
		closes += sum->closes[i];

	KUNIT_EXPECT_EQ(test, sum->total, ARRAY_SIZE(time_cases) * ARRAY_SIZE(family_cases));
	KUNIT_EXPECT_EQ(test, sum->total, sum->timewait + sum->fin_wait2);
	KUNIT_EXPECT_EQ(test, sum->total, sum->ipv4 + sum->ipv6 + sum->ipv4_mapped);
	KUNIT_EXPECT_EQ(test, sum->total, remaining);
	KUNIT_EXPECT_EQ(test, closes, in_window);
	KUNIT_EXPECT_EQ(test, sum->ipv4, ARRAY_SIZE(time_cases));
	KUNIT_EXPECT_EQ(test, sum->ipv4_mapped, ARRAY_SIZE(time_cases));
}

/* Where one judgement is counted. */
struct verdict_case {
	const char			*desc;
	struct twscope_judgement	now;
	u8				bound;
	bool				has_whatif;
	struct twscope_judgement	whatif;
	int				wait;		/* slot, or NOT_COUNTED */
	int				whatif_wait;	/* slot, or NOT_COUNTED */
};

#define V(name)		TWSCOPE_VERDICT_##name
#define JUDGED(name)	{ .verdict = V(name) }
#define YOUNG(ms)	{ .verdict = V(TOO_YOUNG), .wait_ms = (ms) }

static const struct verdict_case verdict_cases[] = {
	{ "reusable, and when bound before too",
	  JUDGED(REUSABLE), V(REUSABLE), false, {}, NOT_COUNTED, NOT_COUNTED },
	{ "the first verdict there is",
	  JUDGED(UNKNOWN), V(UNKNOWN), false, {}, NOT_COUNTED, NOT_COUNTED },
	{ "the last verdict there is",
	  JUDGED(BIND_BLOCKED), V(BIND_BLOCKED), false, {}, NOT_COUNTED, NOT_COUNTED },
	{ "the bound verdict is a count of its own",
	  JUDGED(DISABLED), V(REUSABLE), false, {}, NOT_COUNTED, NOT_COUNTED },
	{ "too young waits no time", YOUNG(0), V(REUSABLE), false, {}, 0, NOT_COUNTED },
	{ "too young waits 1 ms", YOUNG(1), V(REUSABLE), false, {}, 1, NOT_COUNTED },
	{ "too young waits 1 s", YOUNG(1000), V(REUSABLE), false, {}, 10, NOT_COUNTED },
	{ "too young waits longer than any slot",
	  YOUNG(U32_MAX), V(REUSABLE), false, {}, TWSCOPE_WAIT_SLOTS - 1, NOT_COUNTED },
	{ "a wait counts with too young only",
	  { .verdict = V(REUSABLE), .wait_ms = 5 }, V(REUSABLE), false, {},
	  NOT_COUNTED, NOT_COUNTED },
	{ "the other policy without a change",
	  JUDGED(REUSABLE), V(REUSABLE), true, JUDGED(REUSABLE), NOT_COUNTED, NOT_COUNTED },
	{ "the other policy makes it reusable",
	  JUDGED(DISABLED), V(REUSABLE), true, JUDGED(REUSABLE), NOT_COUNTED, NOT_COUNTED },
	{ "the other policy makes it wait",
	  JUDGED(DISABLED), V(REUSABLE), true, YOUNG(4), NOT_COUNTED, 3 },
	{ "the other policy ends its wait",
	  YOUNG(4), V(REUSABLE), true, JUDGED(REUSABLE), 3, NOT_COUNTED },
	{ "it waits under both, each for its own time",
	  YOUNG(1000), V(REUSABLE), true, YOUNG(1), 10, 1 },
};

KUNIT_ARRAY_PARAM_DESC(by_verdict, verdict_cases, desc);

static void expect_same_verdicts(struct kunit *test,
				 const struct twscope_verdicts *seen,
				 const struct twscope_verdicts *want)
{
	unsigned int i, j;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		KUNIT_EXPECT_EQ_MSG(test, seen->now[i], want->now[i], "now, %u", i);
		KUNIT_EXPECT_EQ_MSG(test, seen->bound[i], want->bound[i], "bound, %u", i);
		for (j = 0; j < TWSCOPE_N_VERDICTS; j++)
			KUNIT_EXPECT_EQ_MSG(test, seen->changes[i][j], want->changes[i][j],
					    "changes, from %u to %u", i, j);
	}
	for (i = 0; i < TWSCOPE_WAIT_SLOTS; i++) {
		KUNIT_EXPECT_EQ_MSG(test, seen->wait[i], want->wait[i], "wait, slot %u", i);
		KUNIT_EXPECT_EQ_MSG(test, seen->whatif_wait[i], want->whatif_wait[i],
				    "whatif_wait, slot %u", i);
	}
}

/* Counted twice, so that what is set instead of counted shows. */
static void by_verdict(struct kunit *test)
{
	const struct verdict_case *c = test->param_value;
	const struct twscope_judgement *whatif = c->has_whatif ? &c->whatif : NULL;
	struct twscope_verdicts *seen = kunit_kzalloc(test, sizeof(*seen), GFP_KERNEL);
	struct twscope_verdicts *want = kunit_kzalloc(test, sizeof(*want), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, seen);
	KUNIT_ASSERT_NOT_NULL(test, want);
	want->now[c->now.verdict] = 2;
	want->bound[c->bound] = 2;
	if (c->has_whatif)
		want->changes[c->now.verdict][c->whatif.verdict] = 2;
	if (c->wait != NOT_COUNTED)
		want->wait[c->wait] = 2;
	if (c->whatif_wait != NOT_COUNTED)
		want->whatif_wait[c->whatif_wait] = 2;

	twscope_verdicts_add(seen, &c->now, c->bound, whatif);
	twscope_verdicts_add(seen, &c->now, c->bound, whatif);

	expect_same_verdicts(test, seen, want);
}

static struct kunit_case summary_cases[] = {
	KUNIT_CASE_PARAM(by_time, by_time_gen_params),
	KUNIT_CASE_PARAM(by_family, by_family_gen_params),
	KUNIT_CASE(counts_add_up),
	KUNIT_CASE_PARAM(by_verdict, by_verdict_gen_params),
	{}
};

static struct kunit_suite summary_suite = {
	.name		= "twscope_summary",
	.test_cases	= summary_cases,
};

kunit_test_suite(summary_suite);
