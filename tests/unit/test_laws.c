// SPDX-License-Identifier: GPL-2.0
/* ctl/laws.c: figures that must add up. */
#include "laws.h"
#include "test.h"

static char err[256];
static uint32_t wait[TWSCOPE_WAIT_SLOTS];

static struct tws_summary sound(void)
{
	struct tws_summary s = {
		.total = 100,
		.verdicts = { [TWSCOPE_VERDICT_REUSABLE] = 60,
			      [TWSCOPE_VERDICT_TOO_YOUNG] = 40 },
		.bound_verdicts = { [TWSCOPE_VERDICT_REUSABLE] = 100 },
		.wait = { wait, TWSCOPE_WAIT_SLOTS },
	};

	memset(wait, 0, sizeof(wait));
	wait[3] = 30;
	wait[16] = 10;
	s.has_changes = true;
	s.changes[TWSCOPE_VERDICT_REUSABLE][TWSCOPE_VERDICT_DISABLED] = 60;
	s.changes[TWSCOPE_VERDICT_TOO_YOUNG][TWSCOPE_VERDICT_TOO_YOUNG] = 40;
	return s;
}

static void breaks(const struct tws_summary *s, const char *says)
{
	strcpy(err, "no error");
	assert_false(laws_of_verdicts(s, err, sizeof(err)));
	assert_string_equal(err, says);
}

static void of_verdicts(void **state)
{
	struct tws_summary s = sound();

	(void)state;
	assert_true(laws_of_verdicts(&s, err, sizeof(err)));
	s.verdicts[TWSCOPE_VERDICT_UNKNOWN] = 1;
	breaks(&s, "the verdicts add up to 101, not to the total, 100");
	s = sound();
	s.bound_verdicts[TWSCOPE_VERDICT_REUSABLE]--;
	breaks(&s, "the verdicts of a bound port add up to 99, not to the total, 100");
	s = sound();
	wait[0] = 1;
	breaks(&s, "the waits add up to 41, not to the too-young ones, 40");
	s = sound();
	s.changes[TWSCOPE_VERDICT_TOO_YOUNG][TWSCOPE_VERDICT_REUSABLE] = 1;
	breaks(&s, "the changes of too-young add up to 41, not to those that are too-young now, 40");
	/* nothing was asked of changes */
	s.has_changes = false;
	assert_true(laws_of_verdicts(&s, err, sizeof(err)));
	s = sound();
	/* no sum of 32 bits */
	s.verdicts[TWSCOPE_VERDICT_REUSABLE] = UINT32_MAX;
	breaks(&s, "the verdicts add up to 4294967335, not to the total, 100");
}

static struct tws_ports all_ports(void)
{
	struct tws_ports p = {
		.range_min = 1000, .range_max = 1099,
		.state = { 50, 20, 15, 10, 3, 2 },
		.waiting_verdicts = { [TWSCOPE_VERDICT_TOO_YOUNG] = 15 },
		.n_cells = 2,
		.cell = { { 50 }, { 0, 20, 15, 10, 3, 2 } },
	};

	return p;
}

static void ports_break(const struct tws_ports *p, const char *says)
{
	strcpy(err, "no error");
	assert_false(laws_of_ports(p, err, sizeof(err)));
	if (!strstr(err, says))
		fail_msg("%s", err);
}

static void of_ports(void **state)
{
	struct tws_ports p = all_ports();
	unsigned int i;

	(void)state;
	assert_true(laws_of_ports(&p, err, sizeof(err)));
	for (i = 0; i < TWSCOPE_N_PORT_STATES; i++) {
		p = all_ports();
		p.state[i]++;
		ports_break(&p, "ports add up to 101, not to the ports of the range, 100");
	}
	p = all_ports();
	p.waiting_verdicts[TWSCOPE_VERDICT_UNKNOWN] = 1;
	ports_break(&p, "the reasons to wait add up to 16, not to the waiting ports, 15");
	p = all_ports();
	p.cell[1][TWSCOPE_PORT_STATE_RESERVED] = 3;
	ports_break(&p, "the reserved ports of the map's cells add up to 3, not to those of the range, 2");
	/* no map was made */
	p.n_cells = 0;
	assert_true(laws_of_ports(&p, err, sizeof(err)));
}

static void sizes_of_ranges(void **state)
{
	struct tws_ports p = { .range_min = 1, .range_max = 65535 };

	(void)state;
	assert_int_equal(ports_in_range(&p), 65535);
	p = (struct tws_ports){ .range_min = 0, .range_max = 65535 };
	assert_int_equal(ports_in_range(&p), 65536);
	p.range_min = 65535;
	assert_int_equal(ports_in_range(&p), 1);
	p.range_max = 3;
	assert_int_equal(ports_in_range(&p), 0);
}

static struct tws_group two_rows[2];

static struct groups of_80(void)
{
	struct tws_group g = {
		.count = 20, .in_use = 3, .has_whatif = true,
		.verdicts = { [TWSCOPE_VERDICT_REUSABLE] = 15,
			      [TWSCOPE_VERDICT_BIND_BLOCKED] = 5 },
		.whatif = { [TWSCOPE_VERDICT_DISABLED] = 20 },
	};
	struct groups all = {
		.totals = { .count = 80, .in_use = 12 }, .n = 2, .row = two_rows,
		.has_rest = true, .has_other = true, .rest = g, .other = g,
	};

	two_rows[0] = two_rows[1] = g;
	return all;
}

static void groups_break(const struct groups *g, const char *says)
{
	strcpy(err, "no error");
	assert_false(laws_of_groups(g, err, sizeof(err)));
	assert_string_equal(err, says);
}

static void law_of_groups(void **state)
{
	struct groups g = of_80();

	(void)state;
	assert_true(laws_of_groups(&g, err, sizeof(err)));
	two_rows[1].verdicts[TWSCOPE_VERDICT_UNKNOWN]++;
	groups_break(&g, "the verdicts of a group add up to 21, not to its buckets, 20");
	g = of_80();
	two_rows[0].whatif[TWSCOPE_VERDICT_UNKNOWN]++;
	groups_break(&g, "the what-if verdicts of a group add up to 21, not to its buckets, 20");
	/* none was asked for */
	two_rows[0].has_whatif = false;
	assert_true(laws_of_groups(&g, err, sizeof(err)));
	g = of_80();
	g.rest.verdicts[0]++;
	groups_break(&g, "the verdicts of a group add up to 21, not to its buckets, 20");
	g = of_80();
	g.other.whatif[0]++;
	groups_break(&g, "the what-if verdicts of a group add up to 21, not to its buckets, 20");
	g = of_80();
	g.totals.count = 100;
	groups_break(&g, "the groups add up to 80, not to the total, 100");
	g = of_80();
	two_rows[0].in_use++;
	groups_break(&g, "the groups' sockets in use add up to 13, not to their total, 12");
	/* no sum of 32 bits */
	g = of_80();
	two_rows[0].in_use = UINT32_MAX;
	groups_break(&g, "the groups' sockets in use add up to 4294967304, not to their total, 12");
	g = (struct groups){ 0 };
	assert_true(laws_of_groups(&g, err, sizeof(err)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(of_verdicts),
		cmocka_unit_test(of_ports),
		cmocka_unit_test(sizes_of_ranges),
		cmocka_unit_test(law_of_groups),
	};

	return cmocka_run_group_tests_name("laws", tests, NULL, NULL);
}
