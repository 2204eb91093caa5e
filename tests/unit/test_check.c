// SPDX-License-Identifier: GPL-2.0
/* Ranges, figures and what a monitoring system is told of them. */
#include <math.h>
#include <sys/socket.h>

#include "check.h"
#include "out_check.h"
#include "test.h"

static unsigned int draw(unsigned int n)
{
	static uint32_t x = 2463534242;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

/* Ranges */

static struct range range(const char *text)
{
	struct thresholds t;
	char err[300];

	if (thresholds_parse(text, &t, err, sizeof(err)) < 0 || !t.has_warning ||
	    t.has_critical)
		fail_msg("%s: %s", text, err);
	return t.warning;
}

/* The table of the plugins' guidelines, and its edges. */
static void ranges(void **state)
{
	static const struct {
		const char *text;
		double v;
		bool alerts;
	} cases[] = {
		{ "10", -0.1, true }, { "10", 0, false }, { "10", 10, false },
		{ "10", 10.1, true }, { "10:", 9.9, true }, { "10:", 10, false },
		{ "10:", INFINITY, false }, { "~:10", -INFINITY, false },
		{ "~:10", 10, false }, { "~:10", 10.1, true },
		{ "~:10", INFINITY, true }, { "10:20", 9, true },
		{ "10:20", 10, false }, { "10:20", 20, false }, { "10:20", 21, true },
		{ "@10:20", 9, false }, { "@10:20", 10, true }, { "@10:20", 20, true },
		{ "@10:20", 21, false }, { "@~:5", 5, true }, { "@~:5", 6, false },
		{ "@5:", 4, false }, { "@5:", 5, true }, { "@5", 0, true },
		{ ":10", -1, true }, { ":10", 10, false }, { "-5:-1", -3, false },
		{ "-5:-1", 0, true }, { "0.5:0.75", 0.6, false }, { "0.5:0.75", 0.76, true },
		{ "~:", -1e9, false }, { "@~:", 0, true }, { "0", 0, false }, { "0", 1, true },
		{ ":", -1, true }, { ":", 1e9, false },
	};
	struct range r;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		r = range(cases[i].text);
		if (range_alerts(&r, cases[i].v) != cases[i].alerts)
			fail_msg("%s with %g", cases[i].text, cases[i].v);
	}
}

static void wrong_ranges(void **state)
{
	static const char *const wrong[] = {
		"x", "1x", "10%", "@", "~", "~:x", "10:20:30", "1..2", "1.", ".5", "--1",
		"-", "+1", " 1", "1 ", "0x10", "inf", "nan", "1e5", "@@5", "@~", "~5:10", "~~:5", "5,x",
		"1,2,3", "20:10", ",20:10", "@:~", "1111111111111111111111111111111111111111",
	};
	struct thresholds t;
	char err[300];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(wrong); i++) {
		err[0] = '\0';
		if (!thresholds_parse(wrong[i], &t, err, sizeof(err)) || !err[0])
			fail_msg("'%s' was taken", wrong[i]);
	}
	assert_int_equal(thresholds_parse("20:10", &t, err, sizeof(err)), -1);
	assert_string_equal(err, "the range '20:10' begins above its end; from 20 on is '20:'");
}

static void both_or_one_of_two(void **state)
{
	struct thresholds t;
	char err[300];

	(void)state;
	assert_int_equal(thresholds_parse("", &t, err, sizeof(err)), 0);
	assert_false(t.has_warning || t.has_critical);
	assert_int_equal(thresholds_parse(",", &t, err, sizeof(err)), 0);
	assert_false(t.has_warning || t.has_critical);
	assert_int_equal(thresholds_parse("5,", &t, err, sizeof(err)), 0);
	assert_true(t.has_warning && !t.has_critical);
	assert_int_equal(thresholds_parse(",@5:6", &t, err, sizeof(err)), 0);
	assert_true(!t.has_warning && t.has_critical && t.critical.inside);
	assert_int_equal(thresholds_parse("1:2,3:4", &t, err, sizeof(err)), 0);
	assert_true(t.warning.end == 2 && t.critical.start == 3);
}

/* What is written of a range reads as that range, and alerts as its parts say. */
static void ranges_at_random(void **state)
{
	char text[80], again[80];
	struct range r, s;
	double a, b, v;
	unsigned int i, form;
	bool inside, within;

	(void)state;
	for (i = 0; i < 20000; i++) {
		a = (double)draw(2000) / 4 - 250;
		b = a + (double)draw(400) / 4;
		v = (double)draw(3000) / 4 - 375;
		form = draw(4);
		inside = draw(2);
		within = (form & 1 || v >= a) && (form & 2 || v <= b);
		switch (form) {
		case 0:
			snprintf(text, sizeof(text), "%s%.2f:%.2f", inside ? "@" : "", a, b);
			break;
		case 1:
			snprintf(text, sizeof(text), "%s~:%.2f", inside ? "@" : "", b);
			break;
		case 2:
			snprintf(text, sizeof(text), "%s%.2f:", inside ? "@" : "", a);
			break;
		default:
			snprintf(text, sizeof(text), "%s~:", inside ? "@" : "");
		}
		r = range(text);
		if (range_alerts(&r, v) != (within == inside))
			fail_msg("%s with %g", text, v);
		s = range(range_text(again, sizeof(again), &r));
		if (r.start != s.start || r.end != s.end || r.inside != s.inside)
			fail_msg("%s became %s", text, again);
	}
}

/* No bytes make it read beyond their end, or take what it would not write. */
static void any_bytes(void **state)
{
	static const char bytes[] = "0123456789.:~@-,xe %";
	struct thresholds t;
	char err[300], *text;
	unsigned int i, k, n;

	(void)state;
	for (i = 0; i < 50000; i++) {
		n = draw(12);
		text = calloc(n + 1, 1);
		assert_non_null(text);
		for (k = 0; k < n; k++)
			text[k] = bytes[draw(sizeof(bytes) - 1)];
		if (!thresholds_parse(text, &t, err, sizeof(err))) {
			assert_false(t.has_warning && t.warning.start > t.warning.end);
			assert_false(t.has_warning && (isnan(t.warning.start) || isnan(t.warning.end)));
		}
		free(text);
	}
}

/* Figures */

static struct tws_summary summaries[2];
static struct tws_group groups[4];
static struct pressure_row rows[4];
static struct pressures all = { .n_summaries = 2, .summary = summaries };

static struct pressure_row a_row(unsigned int i, unsigned int of, uint32_t ports,
				 uint32_t available, double rate, double exhausted_s)
{
	groups[i] = (struct tws_group){
		.netns = summaries[of].netns,
		.local_family = AF_INET, .local = { 192, 0, 2, 1 },
		.remote_family = AF_INET, .remote = { 198, 51, 100, (uint8_t)i },
		.remote_port = 443,
	};
	return (struct pressure_row){
		.group = &groups[i], .summary = &summaries[of],
		.now = {
			.ports = ports, .available = available, .rate = rate,
			.sustained = 100, .exhausted_s = exhausted_s,
		},
	};
}

static void make_pressures(void)
{
	memset(summaries, 0, sizeof(summaries));
	summaries[0] = (struct tws_summary){
		.netns = 4026531840, .total = 18300, .timewait = 18000, .fin_wait2 = 300,
		.kernel_count = 18302, .limit = 262144, .bytes = 4831200,
		.bind_blocked_ports = 30,
		.sysctls = {
			.ip_local_port_range_min = 32768, .ip_local_port_range_max = 60999,
			.ip_local_reserved_ports = 2,
		},
	};
	summaries[1] = summaries[0];
	summaries[1].netns = 4026532241;
	summaries[1].kernel_count = 900;
	summaries[1].limit = 1000;
	rows[0] = a_row(0, 0, 28000, 14000, 50, -1);
	rows[1] = a_row(1, 0, 28000, 5601, 300, 40.5);
	rows[2] = a_row(2, 1, 28000, 28000, 0, -1);
	rows[3] = a_row(3, 1, 1000, 20, 10, 12);
	rows[3].now.waiting = rows[3].now.bound = 980;
	all.n = 3;
	all.row = rows;
	all.n_sources = 1;
	all.source = &rows[3];
}

static struct figures *figures(void)
{
	struct figures *f;

	make_pressures();
	f = figures_of(&all);
	assert_non_null(f);
	return f;
}

static void figures_of_two(void **state)
{
	struct figures *f = figures();

	(void)state;
	assert_int_equal(f[0].netns, 4026531840);
	assert_int_equal(f[0].ports, 28200);
	assert_int_equal(f[0].kernel_count, 18302);
	assert_true(fabs(f[0].limit_ratio - 18302.0 / 262144) < 1e-12);
	assert_int_equal(f[0].destinations.n, 2);
	/* 14,000 are half of it, and 22,399 not quite four fifths */
	assert_int_equal(f[0].destinations.at_level[0], 2);
	assert_int_equal(f[0].destinations.at_level[1], 0);
	assert_int_equal(f[0].destinations.at_level[2], 0);
	assert_true(f[0].destinations.taken_ratio == 22399.0 / 28000);
	assert_ptr_equal(f[0].destinations.fullest, &rows[1]);
	assert_true(f[0].destinations.rate_ratio == 3);
	assert_true(f[0].destinations.exhausted_s == 40.5);
	assert_ptr_equal(f[0].destinations.soonest, &rows[1]);
	assert_int_equal(f[0].bind_pools.n, 0);
	assert_true(isinf(f[0].bind_pools.exhausted_s));
	assert_null(f[0].bind_pools.fullest);
	/* what is free of it counts as a destination, if not as a full one */
	assert_int_equal(f[1].destinations.n, 1);
	assert_true(f[1].destinations.taken_ratio == 0);
	assert_true(isinf(f[1].destinations.exhausted_s));
	assert_null(f[1].destinations.soonest);
	assert_int_equal(f[1].bind_pools.n, 1);
	assert_int_equal(f[1].bind_pools.at_level[2], 1);
	assert_true(f[1].bind_pools.taken_ratio == 0.98);
	free(f);
	/* a server's port or two among those of connect() make no pool */
	rows[3].now.bound = 97;
	f = figures_of(&all);
	assert_int_equal(f[1].bind_pools.n, 0);
	assert_true(isinf(f[1].bind_pools.exhausted_s));
	free(f);
	/* the first of two, in whatever order they come */
	rows[0].now.exhausted_s = 12;
	rows[0].now.available = 5600;
	rows[0].now.rate = 301;
	f = figures_of(&all);
	assert_true(f[0].destinations.exhausted_s == 12);
	assert_true(f[0].destinations.taken_ratio == 0.8);
	assert_int_equal(f[0].destinations.at_level[1], 1);
	assert_true(f[0].destinations.rate_ratio == 3.01);
	assert_ptr_equal(f[0].destinations.soonest, &rows[0]);
	assert_ptr_equal(f[0].destinations.fullest, &rows[0]);
	free(f);
	/* by a burst nothing is foretold, unless half of the ports are gone */
	rows[0].now.available = 14001;
	rows[0].now.rate_s = 9;
	f = figures_of(&all);
	assert_true(f[0].destinations.exhausted_s == 40.5);
	free(f);
	rows[0].now.rate_s = 10;
	f = figures_of(&all);
	assert_true(f[0].destinations.exhausted_s == 12);
	free(f);
}

/* Nothing to take from, nothing to give, no limit. */
static void figures_at_the_edge(void **state)
{
	struct figures *f;

	(void)state;
	make_pressures();
	rows[0].now.ports = rows[0].now.available = 0;
	rows[0].now.sustained = 0;
	rows[0].now.exhausted_s = 0;
	all.n = 1;
	all.n_sources = 0;
	summaries[0].limit = 0;
	summaries[0].sysctls.ip_local_reserved_ports = 65535;
	f = figures_of(&all);
	assert_non_null(f);
	assert_true(f[0].limit_ratio == 1);
	assert_int_equal(f[0].ports, 0);
	assert_true(f[0].destinations.taken_ratio == 1);
	assert_int_equal(f[0].destinations.at_level[2], 1);
	assert_true(isinf(f[0].destinations.rate_ratio));
	assert_true(f[0].destinations.exhausted_s == 0);
	free(f);
	rows[0].now.rate = 0;
	f = figures_of(&all);
	assert_true(f[0].destinations.rate_ratio == 0);
	free(f);
}

static void the_rest(void **state)
{
	struct figures *f = figures(), rest;

	(void)state;
	assert_int_equal(figures_choose(f, 2, 2, &rest), 2);
	assert_int_equal(rest.kernel_count, 0);
	assert_true(isinf(rest.destinations.exhausted_s));
	assert_int_equal(figures_choose(f, 2, 9, &rest), 2);
	assert_int_equal(figures_choose(f, 2, 1, &rest), 1);
	assert_int_equal(f[0].kernel_count, 18302);
	assert_int_equal(rest.kernel_count, 900);
	assert_true(rest.limit_ratio == 0.9);
	/* our own has a figure that no other has: it is never in the rest */
	f[1].has_overflow = true;
	assert_int_equal(figures_choose(f, 2, 1, &rest), 2);
	assert_int_equal(f[0].kernel_count, 18302);
	assert_int_equal(rest.kernel_count, 0);
	assert_int_equal(figures_choose(f, 2, 0, &rest), 1);
	assert_int_equal(f[0].kernel_count, 900);
	assert_int_equal(rest.kernel_count, 18302);
	f[0].has_overflow = false;
	/* all of them: sums, and the worse of two */
	assert_int_equal(figures_choose(f, 2, 0, &rest), 0);
	assert_int_equal(rest.kernel_count, 19202);
	assert_int_equal(rest.limit, 263144);
	assert_int_equal(rest.timewait, 36000);
	assert_int_equal(rest.ports, 56400);
	assert_true(rest.limit_ratio == 0.9);
	assert_int_equal(rest.destinations.n, 3);
	assert_int_equal(rest.destinations.at_level[0], 2);
	assert_true(rest.destinations.exhausted_s == 40.5);
	assert_true(rest.destinations.rate_ratio == 3);
	assert_true(rest.bind_pools.exhausted_s == 12);
	assert_null(rest.stats);
	free(f);
}

/* Checks */

static void thresholds(struct thresholds t[N_CHECK_FIGURES])
{
	char err[300];
	unsigned int k;

	for (k = 0; k < N_CHECK_FIGURES; k++)
		assert_int_equal(thresholds_parse(check_kinds[k].thresholds,
						  &t[k], err, sizeof(err)), 0);
}

static void set(struct thresholds *t, const char *text)
{
	char err[300];

	assert_int_equal(thresholds_parse(text, t, err, sizeof(err)), 0);
}

/* The bind pool of the second namespace is the worst of all. */
static void the_worst(void **state)
{
	struct thresholds t[N_CHECK_FIGURES];
	struct check_item item[N_CHECK_FIGURES];
	struct figures *f = figures();

	(void)state;
	thresholds(t);
	check_figures(f, 2, t, item);
	assert_int_equal(item[CHECK_PORTS].status, CHECK_CRITICAL);
	assert_true(fabs(item[CHECK_PORTS].value - 98) < 1e-9);
	assert_true(item[CHECK_PORTS].bind);
	assert_ptr_equal(item[CHECK_PORTS].figures, &f[1]);
	assert_int_equal(item[CHECK_EXHAUSTION].status, CHECK_CRITICAL);
	assert_true(item[CHECK_EXHAUSTION].value == 12);
	assert_int_equal(item[CHECK_LIMIT].status, CHECK_WARNING);
	assert_ptr_equal(item[CHECK_LIMIT].figures, &f[1]);
	assert_int_equal(item[CHECK_BUCKETS].status, CHECK_OK);
	assert_ptr_equal(item[CHECK_BUCKETS].figures, &f[0]);
	assert_false(item[CHECK_OVERFLOW].told);
	assert_int_equal(check_status(item), CHECK_CRITICAL);
	/* the first alone */
	check_figures(f, 1, t, item);
	assert_int_equal(item[CHECK_PORTS].status, CHECK_OK);
	assert_int_equal(item[CHECK_EXHAUSTION].status, CHECK_WARNING);
	assert_int_equal(check_status(item), CHECK_WARNING);
	set(&t[CHECK_EXHAUSTION], "40.5:,40:");
	check_figures(f, 1, t, item);
	assert_int_equal(check_status(item), CHECK_OK);
	/* what is judged worse counts, not what is more */
	set(&t[CHECK_BUCKETS], "1000:,");
	check_figures(f, 2, t, item);
	assert_int_equal(item[CHECK_BUCKETS].status, CHECK_WARNING);
	assert_ptr_equal(item[CHECK_BUCKETS].figures, &f[1]);
	set(&t[CHECK_OVERFLOW], "0,5");
	check_overflow(0, &t[CHECK_OVERFLOW], &item[CHECK_OVERFLOW]);
	assert_int_equal(item[CHECK_OVERFLOW].status, CHECK_OK);
	check_overflow(5, &t[CHECK_OVERFLOW], &item[CHECK_OVERFLOW]);
	assert_int_equal(item[CHECK_OVERFLOW].status, CHECK_WARNING);
	check_overflow(5.1, &t[CHECK_OVERFLOW], &item[CHECK_OVERFLOW]);
	assert_int_equal(item[CHECK_OVERFLOW].status, CHECK_CRITICAL);
	free(f);
}

static void is_printed(const struct check_report *r, const char *want)
{
	char *got = NULL;
	size_t len;
	FILE *fp = open_memstream(&got, &len);

	assert_non_null(fp);
	out_check(fp, r);
	fclose(fp);
	if (strcmp(got, want))
		fail_msg("got:\n%s\nnot:\n%s", got, want);
	free(got);
}

static void printed(void **state)
{
	struct thresholds t[N_CHECK_FIGURES];
	struct check_item item[N_CHECK_FIGURES];
	struct figures *f = figures();
	struct check_report r = { .item = item, .thresholds = t };

	(void)state;
	thresholds(t);
	set(&t[CHECK_EXHAUSTION], "@50:60,");
	check_figures(f, 1, t, item);
	is_printed(&r,
		"TIMEWAIT OK - 80.0 % of the ports taken (22,399 of 28,000), 192.0.2.1 -> 198.51.100.1:443; "
		"no port left in 40.5 s at this rate, 192.0.2.1 -> 198.51.100.1:443; "
		"7.0 % of tcp_max_tw_buckets (18,302 of 262,144); 18,302 buckets | "
		"taken=80.00%;80;95;0;100 exhaustion=40.5s;@50:60;;0 limit=6.98%;80;95;0;100 buckets=18302;;;0;262144\n"
		"taken: OK, 80.0 % of the ports taken (22,399 of 28,000), 192.0.2.1 -> 198.51.100.1:443\n"
		"exhaustion: OK, no port left in 40.5 s at this rate, 192.0.2.1 -> 198.51.100.1:443\n"
		"limit: OK, 7.0 % of tcp_max_tw_buckets (18,302 of 262,144)\n"
		"buckets: OK, 18,302 buckets\n");
	/* the worst first, what is well left out; and nothing left */
	rows[3].now.available = 0;
	f[1].bind_pools.exhausted_s = 0;
	f[1].bind_pools.taken_ratio = 1;
	set(&t[CHECK_EXHAUSTION], "15:,0:");
	set(&t[CHECK_OVERFLOW], "0,");
	r.all_netns = true;
	check_figures(f, 2, t, item);
	check_overflow(2.5, &t[CHECK_OVERFLOW], &item[CHECK_OVERFLOW]);
	is_printed(&r,
		"TIMEWAIT CRITICAL - 100.0 % of the ports taken (1,000 of 1,000), bind() to 192.0.2.1 in network namespace 4026532241; "
		"no port left: bind() to port 0 fails with EADDRINUSE, bind() to 192.0.2.1 in network namespace 4026532241; "
		"90.0 % of tcp_max_tw_buckets (900 of 1,000) in network namespace 4026532241; 2.5 closes/s leave no bucket | "
		"taken=100.00%;80;95;0;100 exhaustion=0.0s;15:;0:;0 limit=90.00%;80;95;0;100 buckets=18302;;;0;262144 overflow=2.5;0;;0\n"
		"taken: CRITICAL, 100.0 % of the ports taken (1,000 of 1,000), bind() to 192.0.2.1 in network namespace 4026532241\n"
		"exhaustion: WARNING, no port left: bind() to port 0 fails with EADDRINUSE, bind() to 192.0.2.1 in network namespace 4026532241\n"
		"limit: WARNING, 90.0 % of tcp_max_tw_buckets (900 of 1,000) in network namespace 4026532241\n"
		"buckets: OK, 18,302 buckets in network namespace 4026531840\n"
		"overflow: WARNING, 2.5 closes/s leave no bucket\n");
	free(f);
}

/* Nothing there, and nothing that could be more. */
static void nothing_there(void **state)
{
	struct thresholds t[N_CHECK_FIGURES];
	struct check_item item[N_CHECK_FIGURES];
	struct check_report r = { .item = item, .thresholds = t };
	struct figures *f;

	(void)state;
	make_pressures();
	all.n = all.n_sources = 0;
	summaries[0].limit = summaries[0].kernel_count = 0;
	f = figures_of(&all);
	thresholds(t);
	check_figures(f, 1, t, item);
	is_printed(&r,
		"TIMEWAIT CRITICAL - all of tcp_max_tw_buckets (0 of 0) | "
		"taken=0.00%;80;95;0;100 exhaustion=U;45:;15:;0 limit=100.00%;80;95;0;100 buckets=0;;;0;0\n"
		"taken: OK, no ports taken\n"
		"exhaustion: OK, the ports last\n"
		"limit: CRITICAL, all of tcp_max_tw_buckets (0 of 0)\n"
		"buckets: OK, 0 buckets\n");
	free(f);
}

/* One line, and nothing in it that would begin the numbers. */
static void unknown(void **state)
{
	char *got = NULL;
	size_t len;
	FILE *fp = open_memstream(&got, &len);

	(void)state;
	assert_non_null(fp);
	out_check_unknown(fp, "wrong filter:\n    a|b\n    ^");
	fclose(fp);
	assert_string_equal(got, "TIMEWAIT UNKNOWN - wrong filter:     a/b     ^\n");
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ranges),
		cmocka_unit_test(wrong_ranges),
		cmocka_unit_test(both_or_one_of_two),
		cmocka_unit_test(ranges_at_random),
		cmocka_unit_test(any_bytes),
		cmocka_unit_test(figures_of_two),
		cmocka_unit_test(figures_at_the_edge),
		cmocka_unit_test(the_rest),
		cmocka_unit_test(the_worst),
		cmocka_unit_test(printed),
		cmocka_unit_test(nothing_there),
		cmocka_unit_test(unknown),
	};

	return cmocka_run_group_tests_name("check", tests, NULL, NULL);
}
