// SPDX-License-Identifier: GPL-2.0
/* ctl/decisions.c: every name is that of the spec, and none is missing. */
#include "decisions.h"
#include "spec.h"
#include "test.h"

static void names(const char *set, unsigned int n, const char *(*name)(uint32_t))
{
	struct spec_set spec;
	size_t i;

	spec_enum(set, &spec);
	assert_int_equal(spec.n, n);
	for (i = 0; i < n; i++)
		assert_string_equal(name((uint32_t)i), spec.name[i]);
	assert_null(name(n));
	assert_null(name(UINT32_MAX));
}

static void names_of_the_spec(void **state)
{
	(void)state;
	names("event-type", N_EVENT_TYPES, event_type_name);
	names("decision", TWSCOPE_N_DECISIONS, decision_name);
	names("cause", TWSCOPE_N_CAUSES, cause_name);
	names("mechanism", N_MECHANISMS, mechanism_name);
}

/* The monitor's columns are so wide. */
static void words_fit(void **state)
{
	unsigned int i;

	(void)state;
	for (i = 0; i < TWSCOPE_N_DECISIONS; i++) {
		assert_true(strlen(decisions[i].event) <= 8);
		assert_true(strlen(decisions[i].why) <= 35);
	}
	assert_non_null(strstr(decisions[TWSCOPE_DECISION_REFUSE_FIN_WAIT2].why, "has not closed"));
	/* and those of stats have the name beside them */
	for (i = 0; i < TWSCOPE_N_CAUSES; i++) {
		assert_true(strlen(causes[i].name) <= 14);
		assert_true(strlen(causes[i].why) <= 32);
	}
}

/* Each is on one of the two, as the spec's names and their order say. */
static void sides(void **state)
{
	unsigned int i;
	bool refuses;

	(void)state;
	for (i = 0; i < TWSCOPE_N_DECISIONS; i++) {
		refuses = strstr(decisions[i].name, "refuse-");
		assert_int_equal(decision_refused(i), refuses);
		assert_int_equal(decision_reused(i),
				 !strcmp(decisions[i].name, "reuse") ||
				 !strcmp(decisions[i].name, "bound-reuse"));
		assert_int_equal(decision_on_connect(i),
				 decision_refused(i) || decision_reused(i));
		assert_int_equal(decision_on_segment(i), !decision_on_connect(i));
		assert_int_equal(decision_on_segment(i), i == 0 ||
				 i >= TWSCOPE_DECISION_SYN_SEQUENCE);
	}
	assert_false(decision_on_connect(TWSCOPE_N_DECISIONS));
	assert_false(decision_on_segment(TWSCOPE_N_DECISIONS));
	assert_false(decision_on_segment(UINT32_MAX));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(names_of_the_spec),
		cmocka_unit_test(words_fit),
		cmocka_unit_test(sides),
	};

	return cmocka_run_group_tests_name("decisions", tests, NULL, NULL);
}
