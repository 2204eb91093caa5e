// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/jiffies.h>
#include <linux/limits.h>

#include "clock.h"

#define MINUTE	(60 * HZ)

struct left_case {
	const char	*desc;
	unsigned long	now;
	unsigned long	expires;
	u32		want;
};

static const struct left_case left_cases[] = {
	{ "a minute", 1000, 1000 + MINUTE, 60000 },
	{ "one jiffy", 1000, 1001, MSEC_PER_SEC / HZ },
	{ "due now", 1000, 1000, 0 },
	{ "overdue", 1000, 999, 0 },
	{ "overdue by a minute", 1000 + MINUTE, 1000, 0 },
	{ "across the wrap of jiffies", ULONG_MAX - 9, MINUTE - 10, 60000 },
	{ "due at the wrap", ULONG_MAX, ULONG_MAX, 0 },
	{ "overdue across the wrap", 5, ULONG_MAX, 0 },
};

struct entry_case {
	const char	*desc;
	u32		now;
	u32		stamp;
	s32		want;
};

static const struct entry_case entry_cases[] = {
	{ "just entered", 5000, 5000, 0 },
	{ "a second ago", 5000, 4000, 1000 },
	{ "entered after the clock was read", 5000, 5001, -1 },
	{ "across the wrap of 32 bit", 500, 0xfffffe0c, 1000 },
	{ "before the wrap, the clock read after it", U32_MAX, 0, -1 },
	{ "half the circle ago", 0x80000000, 0, S32_MIN },
	{ "a millisecond less", 0x7fffffff, 0, S32_MAX },
};

struct second_case {
	const char	*desc;
	s64		now_ms;
	s64		stamp;
	s64		want;
};

static const struct second_case second_cases[] = {
	{ "the second begins", 7000, 7, 0 },
	{ "its last millisecond", 7999, 7, 999 },
	{ "it is over", 8000, 7, 1000 },
	{ "a stamp taken after the clock was read", 7999, 8, -1 },
	{ "a connection idle for thirty days", 2592007000LL, 7, 2592000000LL },
	{ "a machine that was up for 68 years", 2147483648000LL, S32_MAX, 1000 },
};

struct answer_case {
	const char	*desc;
	unsigned long	now;
	u32		stamp;
	s32		want;
};

static const struct answer_case answer_cases[] = {
	{ "in this jiffy", 1000, 1000, 0 },
	{ "a second ago", 1000 + HZ, 1000, 1000 },
	{ "after the clock was read", 1000, 1001, -1 },
	{ "across the wrap of 32 bit", 0x100000000UL + HZ - 1, U32_MAX, 1000 },
	{ "longer ago than can be told", 0x7fffffff, 0, S32_MAX },
	{ "half the circle ago", 0x80000000UL, 0, -1 },
};

KUNIT_ARRAY_PARAM_DESC(left, left_cases, desc);
KUNIT_ARRAY_PARAM_DESC(entry, entry_cases, desc);
KUNIT_ARRAY_PARAM_DESC(second, second_cases, desc);
KUNIT_ARRAY_PARAM_DESC(answer, answer_cases, desc);

static void timer(struct kunit *test)
{
	const struct left_case *c = test->param_value;
	struct twscope_clock now = { .jiffies = c->now };

	KUNIT_EXPECT_EQ(test, twscope_clock_left_ms(&now, c->expires), c->want);
}

static void since_entry(struct kunit *test)
{
	const struct entry_case *c = test->param_value;
	struct twscope_clock now = { .entry_ms = c->now };

	KUNIT_EXPECT_EQ(test, twscope_clock_since_entry_ms(&now, c->stamp), c->want);
}

static void since_second(struct kunit *test)
{
	const struct second_case *c = test->param_value;
	struct twscope_clock now = { .seconds_ms = c->now_ms };

	KUNIT_EXPECT_EQ(test, twscope_clock_since_second_ms(&now, c->stamp), c->want);
}

static void since_answer(struct kunit *test)
{
	const struct answer_case *c = test->param_value;
	struct twscope_clock now = { .jiffies = c->now };

	KUNIT_EXPECT_EQ(test, twscope_clock_since_answer_ms(&now, c->stamp), c->want);
}

static struct kunit_case clock_cases[] = {
	KUNIT_CASE_PARAM(timer, left_gen_params),
	KUNIT_CASE_PARAM(since_entry, entry_gen_params),
	KUNIT_CASE_PARAM(since_second, second_gen_params),
	KUNIT_CASE_PARAM(since_answer, answer_gen_params),
	{}
};

static struct kunit_suite clock_suite = {
	.name		= "twscope_clock",
	.test_cases	= clock_cases,
};

kunit_test_suite(clock_suite);
