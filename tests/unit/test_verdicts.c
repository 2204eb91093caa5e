// SPDX-License-Identifier: GPL-2.0
/* ctl/verdicts.c: every name is that of the spec, and none is missing. */
#include "spec.h"
#include "test.h"
#include "verdicts.h"

static void verdict_names(void **state)
{
	struct spec_set spec;
	size_t i;

	(void)state;
	spec_enum("verdict", &spec);
	assert_int_equal(spec.n, TWSCOPE_N_VERDICTS);
	for (i = 0; i < spec.n; i++) {
		assert_string_equal(verdicts[i].name, spec.name[i]);
		assert_string_equal(verdict_name((uint32_t)i), spec.name[i]);
		assert_true(verdicts[i].brief && verdicts[i].why && verdicts[i].stays);
	}
	assert_null(verdict_name(TWSCOPE_N_VERDICTS));
	assert_null(verdict_name(UINT32_MAX));
}

static void every_verdict_has_its_place(void **state)
{
	unsigned int seen = 0, i;

	(void)state;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		seen |= 1u << verdict_order[i];
	assert_int_equal(seen, (1u << TWSCOPE_N_VERDICTS) - 1);
}

static void other_names(void **state)
{
	struct spec_set spec;
	size_t i;

	(void)state;
	spec_enum("syn-verdict", &spec);
	assert_int_equal(spec.n, N_SYN_VERDICTS);
	for (i = 0; i < spec.n; i++) {
		assert_string_equal(syn_verdict_name((uint32_t)i), spec.name[i]);
		assert_true(syn_verdicts[i].why && syn_verdicts[i].source);
	}
	assert_null(syn_verdict_name(N_SYN_VERDICTS));
	spec_enum("rules", &spec);
	assert_int_equal(spec.n, N_RULES);
	for (i = 0; i < spec.n; i++) {
		assert_string_equal(rules_name((uint32_t)i), spec.name[i]);
		assert_non_null(rules_table[i].says);
	}
	assert_null(rules_name(N_RULES));
	spec_enum("condition", &spec);
	assert_int_equal(spec.n, N_CONDITIONS);
	for (i = 0; i < spec.n; i++) {
		assert_string_equal(conditions[i].name, spec.name[i]);
		assert_int_equal(conditions[i].bit, 1u << i);
	}
	spec_enum("port-state", &spec);
	assert_int_equal(spec.n, TWSCOPE_N_PORT_STATES);
	for (i = 0; i < spec.n; i++) {
		assert_string_equal(port_states[i].name, spec.name[i]);
		assert_true(port_states[i].brief && port_states[i].says);
		/* a label's column has ten */
		assert_true(strlen(port_states[i].brief) < 10);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verdict_names),
		cmocka_unit_test(every_verdict_has_its_place),
		cmocka_unit_test(other_names),
	};

	return cmocka_run_group_tests_name("verdicts", tests, NULL, NULL);
}
