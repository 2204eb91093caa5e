// SPDX-License-Identifier: GPL-2.0
/* ctl/churn.c: how far the walk and the kernel's count may be apart. */
#include "churn.h"
#include "test.h"

static uint32_t closes[60], remaining[61];

static struct tws_summary quiet(void)
{
	memset(closes, 0, sizeof(closes));
	memset(remaining, 0, sizeof(remaining));
	return (struct tws_summary){
		.closes = { .slot = closes, .n = 60 },
		.remaining = { .slot = remaining, .n = 61 },
	};
}

static void nothing_moves(void **state)
{
	struct tws_summary s = quiet();

	(void)state;
	assert_int_equal(churn_allowed(&s, 1), 2);
	assert_int_equal(churn_allowed(&s, 64), 128);
	assert_int_equal(churn_difference(&s), 0);
}

static void the_counter_moved(void **state)
{
	struct tws_summary s = quiet();

	(void)state;
	s.kernel_count_before = 1000;
	s.kernel_count = 1100;
	assert_int_equal(churn_allowed(&s, 1), 102);
	s.kernel_count = 900;
	assert_int_equal(churn_allowed(&s, 1), 102);
}

static void rates_times_the_walk(void **state)
{
	struct tws_summary s = quiet();

	(void)state;
	/* 500 and 300 a second over 10 ms: 8 */
	closes[0] = 10;
	closes[2] = 500;
	remaining[1] = 300;
	s.walk_us = 10000;
	assert_int_equal(churn_allowed(&s, 1), 8 + 2);
	/* a part of one counts as one */
	s.walk_us = 10001;
	assert_int_equal(churn_allowed(&s, 1), 9 + 2);
	s.walk_us = 1;
	assert_int_equal(churn_allowed(&s, 1), 1 + 2);
	s.walk_us = 0;
	assert_int_equal(churn_allowed(&s, 1), 2);
}

static void only_the_newest_slots(void **state)
{
	struct tws_summary s = quiet();

	(void)state;
	closes[3] = 1000000;
	remaining[2] = 1000000;
	s.walk_us = 1000000;
	assert_int_equal(churn_allowed(&s, 1), 2);
	closes[1] = 7;
	remaining[0] = 5;
	assert_int_equal(churn_allowed(&s, 1), 12 + 2);
}

static void large_numbers(void **state)
{
	struct tws_summary s = quiet();

	(void)state;
	closes[0] = remaining[0] = UINT32_MAX;
	s.walk_us = UINT32_MAX;
	s.kernel_count = UINT32_MAX;
	/* 2 * (2^32 - 1) a second, for 4294.967295 s, and the counter's way */
	assert_true(churn_allowed(&s, 1) == 36893488130240ULL + UINT32_MAX + 2);
	assert_int_equal(churn_difference(&s), UINT32_MAX);
}

static void short_histograms(void **state)
{
	struct tws_summary s = quiet();

	(void)state;
	s.closes.n = s.remaining.n = 0;
	s.walk_us = 1000000;
	assert_int_equal(churn_allowed(&s, 1), 2);
	closes[0] = 4;
	s.closes.n = 1;
	assert_int_equal(churn_allowed(&s, 1), 6);
}

static void difference_has_no_sign(void **state)
{
	struct tws_summary s = quiet();

	(void)state;
	s.total = 10;
	s.kernel_count = 13;
	assert_int_equal(churn_difference(&s), 3);
	s.kernel_count = 7;
	assert_int_equal(churn_difference(&s), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_moves),
		cmocka_unit_test(the_counter_moved),
		cmocka_unit_test(rates_times_the_walk),
		cmocka_unit_test(only_the_newest_slots),
		cmocka_unit_test(large_numbers),
		cmocka_unit_test(short_histograms),
		cmocka_unit_test(difference_has_no_sign),
	};

	return cmocka_run_group_tests_name("churn", tests, NULL, NULL);
}
