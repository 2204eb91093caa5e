// SPDX-License-Identifier: GPL-2.0
/* ctl/verify_plan.c and verify_judge.c: which trials there are, and who is right. */
#include <arpa/inet.h>
#include <sys/socket.h>

#include "test.h"
#include "verify_judge.h"

#define SCENARIOS 20000

static const struct verify_abilities all = {
	.ipv6 = true, .veth = true, .delay = true,
};
static const struct verify_abilities few = { 0 };

static void random_is_splitmix64(void **state)
{
	struct verify_random r = { .state = 1234567 };
	unsigned int i, n[10] = { 0 };

	(void)state;
	/* as published with the algorithm */
	assert_true(verify_random_next(&r) == 6457827717110365317ULL);
	assert_true(verify_random_next(&r) == 3203168211198807973ULL);
	for (i = 0; i < 10000; i++)
		n[verify_random_between(&r, -3, 6) + 3]++;
	for (i = 0; i < 10; i++)
		assert_in_range(n[i], 850, 1150);
}

static void same_seed_same_scenario(void **state)
{
	struct verify_scenario a, b;
	unsigned int i, same = 0;

	(void)state;
	for (i = 0; i < 100; i++) {
		verify_scenario_make(&a, 42, i, &all);
		verify_scenario_make(&b, 42, i, &all);
		assert_memory_equal(&a, &b, sizeof(a));
		verify_scenario_make(&b, 43, i, &all);
		same += !memcmp(a.choice, b.choice, sizeof(a.choice));
		/* nor is it the one with the next number */
		verify_scenario_make(&b, 42, i + 1, &all);
		same += !memcmp(a.choice, b.choice, sizeof(a.choice));
	}
	assert_in_range(same, 0, 1);
}

static void every_choice_occurs(void **state)
{
	unsigned int n[VERIFY_N_KINDS][VERIFY_MAX_CHOICES] = { 0 }, i, k, c;
	struct verify_scenario s;

	(void)state;
	for (i = 0; i < SCENARIOS; i++) {
		verify_scenario_make(&s, 1, i, &all);
		for (k = 0; k < VERIFY_N_KINDS; k++)
			n[k][s.choice[k]]++;
	}
	for (k = 0; k < VERIFY_N_KINDS; k++)
		for (c = 0; c < verify_kinds[k].n; c++)
			if (!(k == VERIFY_DELAY && c == DELAY_ABSENT) &&
			    n[k][c] < SCENARIOS / 50)
				fail_msg("%s=%s only %u times", verify_kinds[k].name,
					 verify_kinds[k].choice[c], n[k][c]);
	assert_int_equal(n[VERIFY_DELAY][DELAY_ABSENT], 0);
}

static void only_what_the_machine_can(void **state)
{
	struct verify_scenario s;
	unsigned int i;

	(void)state;
	for (i = 0; i < SCENARIOS; i++) {
		verify_scenario_make(&s, 2, i, &few);
		assert_int_equal(s.choice[VERIFY_FAMILY], FAMILY_IPV4);
		assert_int_equal(s.choice[VERIFY_SOCKET], SOCKET_SAME);
		assert_int_not_equal(s.choice[VERIFY_PATH], PATH_VETH);
		assert_int_equal(s.choice[VERIFY_DELAY], DELAY_ABSENT);
		assert_int_equal(s.delay_ms, 0);
	}
}

/* What bind() or the route would spoil is not tried. */
static void nothing_pointless(void **state)
{
	const uint8_t *c;
	struct verify_scenario s;
	unsigned int i;

	(void)state;
	for (i = 0; i < SCENARIOS; i++) {
		verify_scenario_make(&s, 3, i, &all);
		c = s.choice;
		assert_false(verify_is_bound(&s) && c[VERIFY_OPTIONS] == OPTIONS_NONE);
		if (c[VERIFY_PATH] == PATH_HALF) {
			assert_int_not_equal(c[VERIFY_MADE], MADE_CONNECT);
			assert_int_not_equal(c[VERIFY_CONNECT], CONNECT_AUTO);
			assert_int_not_equal(c[VERIFY_CONNECT], CONNECT_BOUND_ANY);
		}
		if (c[VERIFY_FAMILY] == FAMILY_IPV6)
			assert_int_equal(c[VERIFY_SOCKET], SOCKET_SAME);
		if (c[VERIFY_JOINED] == JOINED_CONNECTED)
			assert_true(c[VERIFY_MADE] == MADE_CONNECT ||
				    c[VERIFY_MADE] == MADE_NO_PORT);
		/* nothing waits for a minute */
		if (c[VERIFY_MOMENT] == MOMENT_THRESHOLD)
			assert_in_range(s.delay_ms, 0, 1200);
		assert_true(s.moment_ms >= -80 && s.moment_ms <= 1500);
	}
}

static const char *shown(const struct verify_address *a)
{
	static char buf[INET6_ADDRSTRLEN];

	return inet_ntop(a->family, a->bytes, buf, sizeof(buf));
}

static void addresses(void **state)
{
	struct verify_scenario s = { 0 };
	struct verify_addresses a;
	struct verify_address o;

	(void)state;
	verify_addresses_of(&s, &a);
	assert_string_equal(shown(&a.local), "127.0.0.1");
	assert_string_equal(shown(&a.remote), "127.0.0.1");
	assert_string_equal(shown(&a.third), VERIFY_THIRD_IPV4);

	s.choice[VERIFY_FAMILY] = FAMILY_MAPPED;
	s.choice[VERIFY_PATH] = PATH_VETH;
	verify_addresses_of(&s, &a);
	assert_string_equal(shown(&a.local), "::ffff:" VERIFY_NEAR_IPV4);
	assert_string_equal(shown(&a.remote), "::ffff:" VERIFY_FAR_IPV4);
	o = verify_other_family(&a.remote);
	assert_string_equal(shown(&o), VERIFY_FAR_IPV4);
	o = verify_other_family(&o);
	assert_memory_equal(&o, &a.remote, sizeof(o));

	s.choice[VERIFY_FAMILY] = FAMILY_IPV6;
	s.choice[VERIFY_PATH] = PATH_HALF;
	verify_addresses_of(&s, &a);
	assert_string_equal(shown(&a.local), "::1");
	assert_string_equal(shown(&a.remote), VERIFY_OWN_IPV6);
	s.number = 1;
	verify_addresses_of(&s, &a);
	assert_string_equal(shown(&a.local), VERIFY_OWN_IPV6);
	assert_string_equal(shown(&a.remote), "::1");
}

#define MS(n) ((n) * VERIFY_NS_PER_MS)

static void moments(void **state)
{
	struct verify_scenario s = { .moment_ms = -20, .delay_ms = 300 };
	const int64_t closed = 5 * VERIFY_NS_PER_S + MS(400);

	(void)state;
	s.choice[VERIFY_MOMENT] = MOMENT_THRESHOLD;
	assert_true(verify_moment(&s, TWSCOPE_RULES_SECONDS, closed) ==
		    6 * VERIFY_NS_PER_S - MS(20));
	assert_true(verify_moment(&s, TWSCOPE_RULES_ENTRY_DELAY, closed) ==
		    closed + MS(280));
	s.choice[VERIFY_MOMENT] = MOMENT_ANY;
	s.moment_ms = 50;
	assert_true(verify_moment(&s, TWSCOPE_RULES_SECONDS, closed) ==
		    closed + MS(50));
}

static void timestamps(void **state)
{
	static const unsigned int want[4][2] = {
		[TIMESTAMPS_ON] = { 1, 1 }, [TIMESTAMPS_OFF] = { 0, 0 },
		[TIMESTAMPS_TURNED_OFF] = { 1, 0 },
		[TIMESTAMPS_TURNED_ON] = { 0, 1 },
	};
	struct verify_scenario s = { 0 };
	uint8_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		s.choice[VERIFY_TIMESTAMPS] = i;
		assert_int_equal(verify_timestamps_first(&s), want[i][0]);
		assert_int_equal(verify_timestamps_then(&s), want[i][1]);
	}
}

static void scenario_in_words(void **state)
{
	struct verify_scenario s;
	char text[512], small[20];

	(void)state;
	verify_scenario_make(&s, 4, 5, &all);
	verify_scenario_text(&s, text, sizeof(text));
	assert_non_null(strstr(text, "family="));
	assert_non_null(strstr(text, " moment-ms="));
	verify_scenario_text(&s, small, sizeof(small));
	assert_true(strlen(small) < sizeof(small));
}

/* Judging; times are milliseconds after some beginning. */

static struct verify_look look(uint32_t verdict, uint32_t wait_ms, int at)
{
	return (struct verify_look){
		.found = true, .verdict = verdict, .wait_ms = wait_ms,
		.asked_at = MS(at), .answered_at = MS(at + 1),
	};
}

#define V(name) TWSCOPE_VERDICT_##name
#define SLACK 5

struct judge_case {
	uint32_t before;
	uint32_t wait_ms;
	bool got_port;
	/* what is said afterwards; -1 where there is no bucket any more */
	int after;
	int ended;
	enum verify_result want;
};

static const struct judge_case judge_cases[] = {
	{ V(REUSABLE), 0, true, -1, 3, VERIFY_AGREE },
	{ V(REUSABLE), 0, false, V(REUSABLE), 3, VERIFY_DISAGREE },
	{ V(REUSABLE), 0, false, V(DISABLED), 3, VERIFY_DISAGREE },
	{ V(TOO_YOUNG), 100, false, V(TOO_YOUNG), 3, VERIFY_AGREE },
	{ V(TOO_YOUNG), 100, false, V(REUSABLE), 102, VERIFY_BOUNDARY },
	{ V(TOO_YOUNG), 100, true, -1, 94, VERIFY_DISAGREE },
	{ V(TOO_YOUNG), 100, true, -1, 95, VERIFY_BOUNDARY },
	{ V(TOO_YOUNG), 3, true, -1, 1, VERIFY_BOUNDARY },
	{ V(TOO_YOUNG), 100, false, -1, 3, VERIFY_AGREE },
	{ V(DISABLED), 0, false, V(DISABLED), 3, VERIFY_AGREE },
	{ V(DISABLED), 0, true, -1, 3, VERIFY_DISAGREE },
	{ V(DISABLED), 0, false, V(REUSABLE), 3, VERIFY_DISAGREE },
	{ V(NOT_LOOPBACK), 0, true, -1, 1000, VERIFY_DISAGREE },
	{ V(FIN_WAIT2), 0, true, -1, 3, VERIFY_DISAGREE },
	{ V(NO_TIMESTAMP), 0, true, -1, 3, VERIFY_DISAGREE },
	{ V(BIND_BLOCKED), 0, true, -1, 3, VERIFY_DISAGREE },
	{ V(BIND_BLOCKED), 0, false, V(BIND_BLOCKED), 3, VERIFY_AGREE },
	{ V(UNKNOWN), 0, true, -1, 3, VERIFY_UNKNOWN },
	{ V(UNKNOWN), 0, false, V(UNKNOWN), 3, VERIFY_UNKNOWN },
};

static void judging(void **state)
{
	struct verify_look before, after;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(judge_cases); i++) {
		const struct judge_case *c = &judge_cases[i];

		before = look(c->before, c->wait_ms, 0);
		after = look((uint32_t)c->after, 0, c->ended);
		after.found = c->after >= 0;
		if (verify_judge(&before, c->got_port, &after, MS(c->ended),
				 SLACK) != c->want)
			fail_msg("case %zu", i);
	}
}

static void judging_whatif(void **state)
{
	struct verify_look a = look(V(TOO_YOUNG), 100, 0), b;

	(void)state;
	b = look(V(TOO_YOUNG), 90, 10);
	assert_int_equal(verify_judge_whatif(&a, &b, SLACK), VERIFY_AGREE);
	/* each of the two ways to tell another moment */
	b = look(V(TOO_YOUNG), 80, 10);
	assert_int_equal(verify_judge_whatif(&a, &b, SLACK), VERIFY_DISAGREE);
	b = look(V(TOO_YOUNG), 100, 10);
	assert_int_equal(verify_judge_whatif(&a, &b, SLACK), VERIFY_DISAGREE);
	b = look(V(REUSABLE), 0, 10);
	assert_int_equal(verify_judge_whatif(&a, &b, SLACK), VERIFY_DISAGREE);
	b = look(V(REUSABLE), 0, 96);
	assert_int_equal(verify_judge_whatif(&a, &b, SLACK), VERIFY_BOUNDARY);
	assert_int_equal(verify_judge_whatif(&b, &a, SLACK), VERIFY_DISAGREE);
	b = look(V(DISABLED), 0, 10);
	assert_int_equal(verify_judge_whatif(&a, &b, SLACK), VERIFY_DISAGREE);
	assert_int_equal(verify_judge_whatif(&b, &b, SLACK), VERIFY_AGREE);
}

static void judging_waits(void **state)
{
	/* asked at 0, answered at 1: over between 95 and 101 */
	struct verify_look a = look(V(TOO_YOUNG), 100, 0);
	const enum verify_check before = VERIFY_CHECK_NOT_BEFORE;
	const enum verify_check in_time = VERIFY_CHECK_IN_TIME;

	(void)state;
	assert_int_equal(verify_judge_wait(before, &a, false, MS(85), MS(86), SLACK), VERIFY_AGREE);
	assert_int_equal(verify_judge_wait(before, &a, true, MS(85), MS(86), SLACK), VERIFY_DISAGREE);
	assert_int_equal(verify_judge_wait(before, &a, true, MS(85), MS(95), SLACK), VERIFY_BOUNDARY);
	assert_int_equal(verify_judge_wait(before, &a, false, MS(101), MS(102), SLACK), VERIFY_DISAGREE);
	assert_int_equal(verify_judge_wait(in_time, &a, true, MS(101), MS(102), SLACK), VERIFY_AGREE);
	assert_int_equal(verify_judge_wait(in_time, &a, false, MS(101), MS(102), SLACK), VERIFY_DISAGREE);
	assert_int_equal(verify_judge_wait(in_time, &a, false, MS(100), MS(102), SLACK), VERIFY_BOUNDARY);
}

static void slack(void **state)
{
	(void)state;
	assert_int_equal(verify_slack_ms(TWSCOPE_RULES_ENTRY_DELAY, 250), 2);
	assert_int_equal(verify_slack_ms(TWSCOPE_RULES_SECONDS, 250), 10);
	assert_int_equal(verify_slack_ms(TWSCOPE_RULES_SECONDS, 1000), 4);
	assert_int_equal(verify_slack_ms(TWSCOPE_RULES_SECONDS, 0), 2);
}

struct reason_case {
	struct verify_scenario s;
	uint32_t rules;
	uint32_t verdict;
	bool fits;
};

#define R(name) TWSCOPE_RULES_##name
#define S(...) { .choice = { __VA_ARGS__ } }
#define ON1 [VERIFY_REUSE] = REUSE_ON
#define LO2 [VERIFY_REUSE] = REUSE_LOOPBACK

static const struct reason_case reason_cases[] = {
	{ S(ON1), R(SECONDS), V(REUSABLE), true },
	{ S(ON1), R(SECONDS), V(TOO_YOUNG), true },
	{ S(ON1), R(SECONDS), V(DISABLED), false },
	{ S(ON1), R(SECONDS), V(UNKNOWN), false },
	{ S(ON1), R(UNKNOWN), V(UNKNOWN), true },
	{ S([VERIFY_REUSE] = REUSE_OFF), R(SECONDS), V(DISABLED), true },
	{ S([VERIFY_REUSE] = REUSE_OFF), R(SECONDS), V(REUSABLE), false },
	{ S(LO2), R(SECONDS), V(REUSABLE), true },
	{ S(LO2, [VERIFY_PATH] = PATH_HALF), R(SECONDS), V(NOT_LOOPBACK), false },
	{ S(LO2, [VERIFY_PATH] = PATH_OWN), R(SECONDS), V(NOT_LOOPBACK), true },
	{ S(LO2, [VERIFY_PATH] = PATH_OWN), R(SECONDS), V(REUSABLE), false },
	{ S(LO2, [VERIFY_PATH] = PATH_OWN, [VERIFY_DEVICE] = DEVICE_BUCKET),
	  R(SECONDS), V(REUSABLE), true },
	{ S(LO2, [VERIFY_PATH] = PATH_OWN, [VERIFY_DEVICE] = DEVICE_CONNECT),
	  R(SECONDS), V(REUSABLE), false },
	{ S(LO2, [VERIFY_PATH] = PATH_VETH, [VERIFY_DEVICE] = DEVICE_BUCKET),
	  R(SECONDS), V(NOT_LOOPBACK), true },
	{ S(ON1, [VERIFY_CLOSE] = CLOSE_NEVER), R(SECONDS), V(REUSABLE), true },
	{ S(ON1, [VERIFY_CLOSE] = CLOSE_NEVER), R(SECONDS), V(FIN_WAIT2), false },
	{ S(ON1, [VERIFY_CLOSE] = CLOSE_NEVER), R(ENTRY_DELAY), V(FIN_WAIT2), true },
	{ S(ON1, [VERIFY_CLOSE] = CLOSE_NEVER), R(ENTRY_DELAY), V(REUSABLE), false },
	{ S(ON1, [VERIFY_CLOSE] = CLOSE_NEVER), R(SECONDS_FIN_WAIT2_UNKNOWN),
	  V(UNKNOWN), true },
	{ S(ON1, [VERIFY_TIMESTAMPS] = TIMESTAMPS_TURNED_ON,
	    [VERIFY_CLOSE] = CLOSE_NEVER), R(ENTRY_DELAY), V(NO_TIMESTAMP), true },
	{ S(ON1, [VERIFY_TIMESTAMPS] = TIMESTAMPS_TURNED_OFF), R(ENTRY_DELAY),
	  V(NO_TIMESTAMP), false },
	{ S(ON1, [VERIFY_MADE] = MADE_BIND,
	    [VERIFY_TIMESTAMPS] = TIMESTAMPS_OFF), R(SECONDS), V(BIND_BLOCKED), true },
	{ S(ON1, [VERIFY_MADE] = MADE_BIND_ZERO), R(SECONDS), V(REUSABLE), false },
	{ S(ON1, [VERIFY_JOINED] = JOINED_BOUND), R(SECONDS), V(BIND_BLOCKED), true },
	{ S(ON1, [VERIFY_JOINED] = JOINED_CONNECTED), R(SECONDS), V(BIND_BLOCKED), false },
	{ S(ON1, [VERIFY_JOINED] = JOINED_WAS_BOUND), R(SECONDS), V(BIND_BLOCKED), true },
	{ S(ON1, [VERIFY_JOINED] = JOINED_WAS_BOUND), R(SECONDS), V(REUSABLE), true },
	{ S(ON1, [VERIFY_JOINED] = JOINED_WAS_BOUND), R(SECONDS), V(DISABLED), false },
	/* a port that was bound is asked for timestamps alone */
	{ S([VERIFY_CONNECT] = CONNECT_BOUND, [VERIFY_CLOSE] = CLOSE_NEVER,
	    [VERIFY_MADE] = MADE_BIND), R(ENTRY_DELAY), V(REUSABLE), true },
	{ S([VERIFY_CONNECT] = CONNECT_BOUND, [VERIFY_MADE] = MADE_BIND),
	  R(ENTRY_DELAY), V(BIND_BLOCKED), false },
	{ S([VERIFY_CONNECT] = CONNECT_BOUND_ANY,
	    [VERIFY_TIMESTAMPS] = TIMESTAMPS_OFF), R(SECONDS), V(NO_TIMESTAMP), true },
};

static void reasons(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(reason_cases); i++) {
		const struct reason_case *c = &reason_cases[i];

		if (verify_reason_fits(&c->s, c->rules, c->verdict) != c->fits)
			fail_msg("case %zu", i);
	}
}

static void must_know(void **state)
{
	struct verify_scenario s = { 0 };

	(void)state;
	assert_true(verify_must_know(&s, TWSCOPE_RULES_SECONDS));
	assert_true(verify_must_know(&s, TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2));
	assert_true(verify_must_know(&s, TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN));
	assert_false(verify_must_know(&s, TWSCOPE_RULES_UNKNOWN));
	assert_false(verify_must_know(&s, 99));
	s.choice[VERIFY_CLOSE] = CLOSE_NEVER;
	assert_true(verify_must_know(&s, TWSCOPE_RULES_ENTRY_DELAY));
	assert_false(verify_must_know(&s, TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN));
}

static void a_single_disagreement_is_bad(void **state)
{
	struct verify_report r = { .rules = TWSCOPE_RULES_SECONDS };
	struct verify_scenario s = { 0 };
	struct verify_failure f = { 0 };
	unsigned int i;

	(void)state;
	assert_false(verify_good(&r));
	verify_count(&r, &s, V(UNKNOWN), true, VERIFY_BOUNDARY);
	assert_false(verify_good(&r));
	verify_count(&r, &s, V(TOO_YOUNG), false, VERIFY_AGREE);
	verify_count_check(&r, VERIFY_CHECK_WHATIF, false, VERIFY_AGREE);
	assert_true(verify_good(&r));
	assert_int_equal(verify_trials(&r), 2);
	assert_int_equal(verify_agreements(&r), 1);
	assert_int_equal(r.said[0][V(TOO_YOUNG)].trials, 1);
	assert_int_equal(r.kind[VERIFY_REUSE][REUSE_OFF], 2);

	for (i = 0; i < 9; i++) {
		f.scenario.number = i;
		assert_int_equal(verify_add_failure(&r, &f), 0);
		assert_false(verify_good(&r));
	}
	for (i = 0; i < 9; i++)
		assert_int_equal(r.failure[i].scenario.number, i);
	verify_report_free(&r);
}

static void unknown_is_no_agreement(void **state)
{
	struct verify_report r = { .rules = TWSCOPE_RULES_UNKNOWN };
	struct verify_scenario s = { 0 };

	(void)state;
	s.choice[VERIFY_CONNECT] = CONNECT_BOUND;
	verify_count(&r, &s, V(UNKNOWN), true, VERIFY_UNKNOWN);
	/* what a newer module may say */
	verify_count(&r, &s, 99, true, VERIFY_UNKNOWN);
	assert_int_equal(r.said[1][V(UNKNOWN)].trials, 2);
	assert_int_equal(verify_agreements(&r), 0);
	assert_false(verify_good(&r));
	verify_count(&r, &s, V(REUSABLE), true, VERIFY_AGREE);
	assert_true(verify_good(&r));
	r.rules = TWSCOPE_RULES_SECONDS;
	verify_count(&r, &s, V(UNKNOWN), true, VERIFY_UNKNOWN);
	assert_false(verify_good(&r));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(random_is_splitmix64),
		cmocka_unit_test(same_seed_same_scenario),
		cmocka_unit_test(every_choice_occurs),
		cmocka_unit_test(only_what_the_machine_can),
		cmocka_unit_test(nothing_pointless),
		cmocka_unit_test(addresses),
		cmocka_unit_test(moments),
		cmocka_unit_test(timestamps),
		cmocka_unit_test(scenario_in_words),
		cmocka_unit_test(judging),
		cmocka_unit_test(judging_whatif),
		cmocka_unit_test(judging_waits),
		cmocka_unit_test(slack),
		cmocka_unit_test(reasons),
		cmocka_unit_test(must_know),
		cmocka_unit_test(a_single_disagreement_is_bad),
		cmocka_unit_test(unknown_is_no_agreement),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
