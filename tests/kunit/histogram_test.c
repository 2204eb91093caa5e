// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/limits.h>
#include <uapi/linux/twscope.h>

#include "histogram.h"

#define SLOTS	5

struct time_case {
	const char	*desc;
	u32		ms;
	unsigned int	slot;
};

static const struct time_case second_cases[] = {
	{ "nothing", 0, 0 },
	{ "1 ms below a second", 999, 0 },
	{ "a second", 1000, 1 },
	{ "1 ms more", 1001, 1 },
	{ "the last closed slot begins", 3000, 3 },
	{ "the last closed slot ends", 3999, 3 },
	{ "the open slot begins", 4000, 4 },
	{ "what would be the slot after it", 5000, 4 },
	{ "the longest time there is", U32_MAX, 4 },
};

static const struct time_case log2_cases[] = {
	{ "nothing has a slot of its own", 0, 0 },
	{ "1 ms", 1, 1 },
	{ "slot 2 begins", 2, 2 },
	{ "slot 2 ends", 3, 2 },
	{ "the last closed slot begins", 4, 3 },
	{ "the last closed slot ends", 7, 3 },
	{ "the open slot begins", 8, 4 },
	{ "what would be the slot after it", 16, 4 },
	{ "the highest bit alone", 0x80000000, 4 },
	{ "the longest time there is", U32_MAX, 4 },
};

KUNIT_ARRAY_PARAM_DESC(second, second_cases, desc);
KUNIT_ARRAY_PARAM_DESC(log2, log2_cases, desc);

/* Twice, into slots that hold something: they count, and leave the others alone. */
static void expect_in_slot(struct kunit *test, unsigned int slot,
			   void (*add)(u32 *hist, unsigned int slots, u32 ms), u32 ms)
{
	u32 hist[SLOTS + 1] = { 10, 20, 30, 40, 50, 60 };
	unsigned int i;

	add(hist, SLOTS, ms);
	add(hist, SLOTS, ms);

	for (i = 0; i <= SLOTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, hist[i], 10 * (i + 1) + (i == slot ? 2 : 0),
				    "slot %u", i);
}

static void seconds(struct kunit *test)
{
	const struct time_case *c = test->param_value;

	expect_in_slot(test, c->slot, twscope_hist_add_seconds, c->ms);
}

static void doubling(struct kunit *test)
{
	const struct time_case *c = test->param_value;

	expect_in_slot(test, c->slot, twscope_hist_add_log2, c->ms);
}

/* When it was closed, by what is left of its TIME_WAIT. */
struct close_case {
	const char	*desc;
	u32		remaining_ms;
	u32		timewait_ms;
	unsigned int	slot;		/* NONE: not counted */
};

#define NONE	TWSCOPE_CLOSES_SLOTS

static const struct close_case close_cases[] = {
	{ "just now", 60000, 60000, 0 },
	{ "999 ms ago", 59001, 60000, 0 },
	{ "a second ago", 59000, 60000, 1 },
	{ "with 1 ms left", 1, 60000, 59 },
	{ "overdue", 0, 60000, NONE },
	{ "with more left than there is", 60001, 60000, 0 },
	{ "with as much left as can be", U32_MAX, 60000, 0 },
	{ "the oldest of a longer TIME_WAIT", 60001, 120000, 59 },
	{ "before the last minute", 60000, 120000, NONE },
	{ "long before", 1, U32_MAX, NONE },
};

KUNIT_ARRAY_PARAM_DESC(close, close_cases, desc);

/* Twice, as above; what is behind the slots is left alone as well. */
static void closes(struct kunit *test)
{
	const struct close_case *c = test->param_value;
	u32 hist[TWSCOPE_CLOSES_SLOTS + 1];
	unsigned int i;

	for (i = 0; i <= TWSCOPE_CLOSES_SLOTS; i++)
		hist[i] = 10 * i;

	twscope_hist_add_close(hist, c->remaining_ms, c->timewait_ms);
	twscope_hist_add_close(hist, c->remaining_ms, c->timewait_ms);

	for (i = 0; i <= TWSCOPE_CLOSES_SLOTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, hist[i], 10 * i +
				    (i == c->slot && i != NONE ? 2 : 0), "slot %u", i);
}

static void one_slot_takes_all(struct kunit *test)
{
	u32 hist[1] = {};

	twscope_hist_add_seconds(hist, 1, 0);
	twscope_hist_add_seconds(hist, 1, U32_MAX);
	twscope_hist_add_log2(hist, 1, 0);
	twscope_hist_add_log2(hist, 1, U32_MAX);

	KUNIT_EXPECT_EQ(test, hist[0], 4);
}

static struct kunit_case histogram_cases[] = {
	KUNIT_CASE_PARAM(seconds, second_gen_params),
	KUNIT_CASE_PARAM(doubling, log2_gen_params),
	KUNIT_CASE_PARAM(closes, close_gen_params),
	KUNIT_CASE(one_slot_takes_all),
	{}
};

static struct kunit_suite histogram_suite = {
	.name		= "twscope_histogram",
	.test_cases	= histogram_cases,
};

kunit_test_suite(histogram_suite);
