// SPDX-License-Identifier: GPL-2.0
/* ctl/stats.c: sums, differences, and what must add up. */
#include "stats.h"
#include "test.h"

static struct tws_stats sound(void)
{
	return (struct tws_stats){
		.netns = 7, .has_netns = true, .has_segments = true,
		.observed_ms = 5000, .before = 12,
		.created_time_wait = 100, .created_fin_wait2 = 20,
		.ended = { TWSCOPE_N_CAUSES, { 1, 40, 9 } },
		.present = 82,
		.overflow = 3, .out_of_memory = 4, .restarted = 5,
		.decisions = { TWSCOPE_N_DECISIONS, {
			[TWSCOPE_DECISION_UNKNOWN] = 2,
			[TWSCOPE_DECISION_REUSE] = 8,
			[TWSCOPE_DECISION_REFUSE_DISABLED] = 30,
			[TWSCOPE_DECISION_BOUND_REUSE] = 1,
			[TWSCOPE_DECISION_BOUND_REFUSE_OTHER] = 5,
			[TWSCOPE_DECISION_IGNORED] = 6,
		} },
		.segments = 8, .answered = 1, .segment_mismatch = 2,
		.verdict_mismatch = 3, .verdict_boundary = 4, .missed = 5,
	};
}

static void sums(void **state)
{
	struct tws_stats s = sound();

	(void)state;
	assert_int_equal(stats_created(&s), 120);
	assert_int_equal(stats_ended(&s), 50);
	assert_int_equal(stats_connects(&s), 44);
	assert_int_equal(stats_reused(&s), 9);
	assert_int_equal(stats_refused(&s), 35);
	assert_int_equal(stats_on_segments(&s), 8);
	assert_int_equal(counts_get(&s.ended, TWSCOPE_CAUSE_TIMER), 40);
}

/* What a module does not have counts as 0, what it has beyond us counts too. */
static void older_and_newer_modules(void **state)
{
	struct tws_stats s = sound();

	(void)state;
	s.ended.n = 2;
	assert_int_equal(counts_get(&s.ended, 2), 0);
	assert_int_equal(counts_get(&s.ended, UINT32_MAX), 0);
	assert_int_equal(stats_ended(&s), 41);
	s.ended.n = TWS_MAX_COUNTS;
	s.ended.v[TWS_MAX_COUNTS - 1] = 1000;
	assert_int_equal(stats_ended(&s), 1050);
	s.ended.n = 0;
	assert_int_equal(stats_ended(&s), 0);
	/* nobody here knows what a new decision is on */
	s.decisions.n = TWSCOPE_N_DECISIONS + 1;
	s.decisions.v[TWSCOPE_N_DECISIONS] = 1000;
	assert_int_equal(stats_connects(&s), 44);
	assert_int_equal(stats_on_segments(&s), 8);
	assert_int_equal(counts_sum(&s.decisions), 1052);
}

static void balance(void **state)
{
	struct tws_stats s = sound();

	(void)state;
	assert_int_equal(stats_balance(&s), 0);
	s.before++;
	assert_int_equal(stats_balance(&s), 1);
	s.present += 3;
	assert_int_equal(stats_balance(&s), -2);
	s.created_fin_wait2 += 10;
	assert_int_equal(stats_balance(&s), 8);
	s.ended.v[8] = 20;
	assert_int_equal(stats_balance(&s), -12);
}

static void undecided(void **state)
{
	struct tws_stats s = sound();

	(void)state;
	assert_int_equal(stats_undecided(&s), 0);
	s.segments = 10;
	assert_int_equal(stats_undecided(&s), 2);
	s.segments = 5;
	assert_int_equal(stats_undecided(&s), -3);
	/* a decision that is not known here may be on a segment */
	s.decisions.n = TWSCOPE_N_DECISIONS + 2;
	assert_int_equal(stats_undecided(&s), -3);
	s.decisions.v[TWSCOPE_N_DECISIONS + 1] = 1;
	assert_int_equal(stats_undecided(&s), 0);
	s = sound();
	s.segments = 10;
	s.has_segments = false;
	assert_int_equal(stats_undecided(&s), 0);
}

static void idle(void **state)
{
	struct tws_stats s = { .observed_ms = 1, .netns = 5, .missed = 7 };

	(void)state;
	/* what was missed is that of all namespaces */
	assert_true(stats_idle(&s));
	s.present = 1;
	assert_false(stats_idle(&s));
	s = (struct tws_stats){ .before = 1 };
	assert_false(stats_idle(&s));
	s = (struct tws_stats){ .overflow = 1 };
	assert_false(stats_idle(&s));
	s = (struct tws_stats){ .segments = 1 };
	assert_false(stats_idle(&s));
	s = (struct tws_stats){ .ended = { 2, { 0, 1 } } };
	assert_false(stats_idle(&s));
	s = (struct tws_stats){ .decisions = { 1, { 1 } } };
	assert_false(stats_idle(&s));
}

static void adding(void **state)
{
	struct tws_stats s = sound(), sum = { 0 };

	(void)state;
	stats_add(&sum, &s);
	s.ended.n = 2;
	s.observed_ms = 4999;
	s.missed = 6;
	s.has_segments = false;
	s.before_unsettled = true;
	stats_add(&sum, &s);
	assert_int_equal(sum.before, 24);
	assert_int_equal(sum.present, 164);
	assert_int_equal(stats_created(&sum), 240);
	assert_int_equal(stats_ended(&sum), 91);
	assert_int_equal(sum.ended.n, TWSCOPE_N_CAUSES);
	assert_int_equal(stats_on_segments(&sum), 16);
	assert_int_equal(sum.overflow, 6);
	assert_int_equal(sum.out_of_memory, 8);
	assert_int_equal(sum.restarted, 10);
	assert_int_equal(sum.segments, 16);
	assert_int_equal(sum.answered, 2);
	assert_int_equal(sum.segment_mismatch, 4);
	assert_int_equal(sum.verdict_mismatch, 6);
	assert_int_equal(sum.verdict_boundary, 8);
	/* these are not by namespace */
	assert_int_equal(sum.missed, 6);
	assert_int_equal(sum.observed_ms, 5000);
	assert_true(sum.has_segments && sum.before_unsettled);
}

static void differences(void **state)
{
	struct tws_stats before = sound(), after = sound(), diff;

	(void)state;
	after.observed_ms = 7000;
	after.created_time_wait = 150;
	after.ended.v[TWSCOPE_CAUSE_TIMER] = 41;
	after.decisions.v[TWSCOPE_DECISION_REUSE] = 108;
	after.decisions.v[TWSCOPE_DECISION_REFUSE_OTHER] = 7;
	after.present = 131;
	after.restarted = 6;
	after.verdict_boundary = 14;
	after.missed = 9;
	assert_true(stats_difference(&after, &before, 2000, &diff));
	assert_int_equal(diff.observed_ms, 2000);
	assert_int_equal(stats_created(&diff), 50);
	assert_int_equal(stats_ended(&diff), 1);
	assert_int_equal(stats_reused(&diff), 100);
	assert_int_equal(stats_refused(&diff), 7);
	assert_int_equal(stats_on_segments(&diff), 0);
	assert_int_equal(diff.restarted, 1);
	assert_int_equal(diff.verdict_boundary, 10);
	assert_int_equal(diff.overflow, 0);
	assert_int_equal(diff.missed, 4);
	/* what is there is no difference */
	assert_int_equal(diff.present, 131);
	assert_int_equal(diff.before, 12);
}

static void difference_of_two_observations(void **state)
{
	struct tws_stats before = sound(), after = sound(), diff;

	(void)state;
	after.observed_ms = 4999;
	assert_false(stats_difference(&after, &before, 0, &diff));
	/* it lasts longer than the former did, but not as long as there was time */
	after.observed_ms = 6999;
	assert_false(stats_difference(&after, &before, 2000, &diff));
	assert_true(stats_difference(&after, &before, 1999, &diff));
}

/* No rate is negative, nor 18 trillion. */
static void what_seems_to_go_back(void **state)
{
	struct tws_stats before = sound(), after = sound(), diff;

	(void)state;
	after.created_time_wait--;
	after.ended.v[TWSCOPE_CAUSE_TIMER]--;
	after.decisions.n = 1;
	after.segments = 0;
	after.missed = 0;
	assert_true(stats_difference(&after, &before, 0, &diff));
	assert_int_equal(stats_created(&diff), 0);
	assert_int_equal(stats_ended(&diff), 0);
	assert_int_equal(counts_sum(&diff.decisions), 0);
	assert_int_equal(diff.segments, 0);
	assert_int_equal(diff.missed, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sums),
		cmocka_unit_test(older_and_newer_modules),
		cmocka_unit_test(balance),
		cmocka_unit_test(undecided),
		cmocka_unit_test(idle),
		cmocka_unit_test(adding),
		cmocka_unit_test(differences),
		cmocka_unit_test(difference_of_two_observations),
		cmocka_unit_test(what_seems_to_go_back),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
