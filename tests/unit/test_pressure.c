// SPDX-License-Identifier: GPL-2.0
/* ctl/pressure.c: how long ports last, against a simulation of each of them. */
#include <math.h>
#include <sys/socket.h>

#include "pressure.h"
#include "test.h"

#define NEAR(a, b)	(fabs((a) - (b)) < 1e-6)

static const struct tws_info seconds = {
	.timewait_len_ms = 60000, .rules = TWSCOPE_RULES_SECONDS,
};
static const struct tws_info entry_delay = {
	.timewait_len_ms = 60000, .rules = TWSCOPE_RULES_ENTRY_DELAY,
};

/* 28,000 ports for connect() */
static struct tws_summary a_netns(void)
{
	return (struct tws_summary){
		.limit = 262144, .kernel_count = 1000, .bind_blocked_ports = 200,
		.sysctls = {
			.tcp_timestamps = 1,
			.has_tcp_tw_reuse_delay = true, .tcp_tw_reuse_delay = 1000,
			.ip_local_port_range_min = 32768,
			.ip_local_port_range_max = 60999,
			.ip_local_reserved_ports = 32,
		},
	};
}

/* To another host, where nothing is reusable. */
static struct tws_group a_group(uint32_t disabled)
{
	return (struct tws_group){
		.local_family = AF_INET, .local = { 192, 0, 2, 1 },
		.remote_family = AF_INET, .remote = { 198, 51, 100, 7 },
		.count = disabled, .verdicts = { [TWSCOPE_VERDICT_DISABLED] = disabled },
		.whatif = { [TWSCOPE_VERDICT_REUSABLE] = disabled },
		.n_closes = TWSCOPE_CLOSES_SLOTS,
	};
}

static void close_each_second(struct tws_group *g, uint32_t closes)
{
	unsigned int i;

	for (i = 0; i < 11; i++)
		g->closes[i] = closes;
}

static void rate_is(const uint32_t *closes, unsigned int n, double rate,
		    unsigned int seconds_wanted)
{
	struct tws_group g = { .n_closes = n };
	unsigned int over = 0;
	double got;

	memcpy(g.closes, closes, n * sizeof(*closes));
	got = pressure_rate(&g, &over);
	if (!NEAR(got, rate) || over != seconds_wanted)
		fail_msg("%f over %u s, not %f over %u s", got, over, rate,
			 seconds_wanted);
}

#define RATE_IS(rate, over, ...) \
	rate_is((uint32_t[]){ __VA_ARGS__ }, \
		sizeof((uint32_t[]){ __VA_ARGS__ }) / 4, rate, over)

static void rates(void **state)
{
	(void)state;
	RATE_IS(0, 1, 0, 0, 0);
	rate_is((uint32_t[]){ 5 }, 0, 0, 1);
	/* all within the last second */
	RATE_IS(7, 1, 7, 0, 0);
	/* they began in the second before it, of which a part counts */
	RATE_IS(7, 1, 7, 3, 0);
	RATE_IS(6, 2, 7, 5, 3, 0);
	/* the last ten of more */
	RATE_IS(5.5, 10, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1000, 1000);
	RATE_IS(0, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8, 0);
	/* what was before that is no beginning */
	RATE_IS(9, 1, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 8);
	RATE_IS(1, 9, 0, 1, 1, 1, 1, 1, 1, 1, 2, 8, 0);
	/* of a module that tells fewer */
	RATE_IS(2, 2, 2, 2, 2);
	RATE_IS(4, 1, 4);
}

static void figures(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(0);
	struct pressure p;

	(void)state;
	memset(&p, 0xff, sizeof(p));
	g.in_use = 500;
	g.in_use_searched = 20;
	g.count = 1275;
	g.verdicts[TWSCOPE_VERDICT_REUSABLE] = 100;
	g.verdicts[TWSCOPE_VERDICT_TOO_YOUNG] = 50;
	g.verdicts[TWSCOPE_VERDICT_DISABLED] = 1000;
	g.verdicts[TWSCOPE_VERDICT_FIN_WAIT2] = 15;
	g.verdicts[TWSCOPE_VERDICT_NOT_SEARCHED] = 77;
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 33;
	g.whatif[TWSCOPE_VERDICT_REUSABLE] = 1050;
	g.whatif[TWSCOPE_VERDICT_TOO_YOUNG] = 115;
	g.whatif[TWSCOPE_VERDICT_BIND_BLOCKED] = 110;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_int_equal(p.ports, 28000);
	assert_int_equal(p.in_use, 20);
	assert_int_equal(p.reusable, 100);
	assert_int_equal(p.waiting, 1065);
	assert_int_equal(p.available, 26915);
	assert_true(NEAR(p.rate, 0));
	assert_int_equal(p.rate_s, 1);
	assert_true(NEAR(p.hold_s, 60));
	assert_true(NEAR(p.sustained, 27980 / 60.0));
	assert_true(p.exhausted_s < 0);
	assert_false(p.limited);
	pressure_of_destination(&g, &s, &seconds, true, &p);
	assert_int_equal(p.reusable, 1050);
	assert_int_equal(p.waiting, 115);
	assert_int_equal(p.available, 27865);
	assert_true(NEAR(p.hold_s, 1));
	assert_true(NEAR(p.sustained, 27980));
	/* more is taken than there is: a range that was made smaller */
	s.sysctls.ip_local_port_range_max = 33767;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_int_equal(p.ports, 768);
	assert_int_equal(p.available, 0);
	assert_true(NEAR(p.exhausted_s, 0));
	s.sysctls.ip_local_reserved_ports = 2000;
	g.in_use_searched = 0;
	memset(g.verdicts, 0, sizeof(g.verdicts));
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_int_equal(p.ports, 0);
	assert_true(NEAR(p.sustained, 0));
}

/* For how long a close keeps its port. */
static double hold(const struct tws_group *g, uint32_t reuse, uint32_t timestamps,
		   const struct tws_info *info, bool whatif)
{
	struct tws_summary s = a_netns();
	struct pressure p;

	s.sysctls.tcp_tw_reuse = reuse;
	s.sysctls.tcp_timestamps = timestamps;
	pressure_of_destination(g, &s, info, whatif, &p);
	return p.hold_s;
}

static void holds(void **state)
{
	const struct tws_info unknown = { .timewait_len_ms = 60000 };
	const struct tws_info longer = {
		.timewait_len_ms = 600000, .rules = TWSCOPE_RULES_SECONDS,
	};
	struct tws_group g = a_group(1000);

	(void)state;
	assert_true(NEAR(hold(&g, 0, 1, &seconds, false), 60));
	assert_true(NEAR(hold(&g, 1, 1, &seconds, false), 1));
	assert_true(NEAR(hold(&g, 2, 1, &seconds, false), 60));
	assert_true(NEAR(hold(&g, 0, 1, &seconds, true), 1));
	assert_true(NEAR(hold(&g, 2, 1, &seconds, true), 1));
	assert_true(NEAR(hold(&g, 1, 1, &entry_delay, false), 1.001));
	assert_true(NEAR(hold(&g, 0, 1, &entry_delay, false), 60));
	/* what is closed has no timestamps then */
	assert_true(NEAR(hold(&g, 1, 0, &seconds, false), 60));
	assert_true(NEAR(hold(&g, 1, 2, &seconds, false), 1));
	assert_int_equal(unknown.rules, TWSCOPE_RULES_UNKNOWN);
	assert_true(NEAR(hold(&g, 1, 1, &unknown, false), 60));
	assert_true(NEAR(hold(&g, 0, 1, &longer, false), 600));
	/* half of them may be without a timestamp */
	g.verdicts[TWSCOPE_VERDICT_NO_TIMESTAMP] = 1000;
	assert_true(NEAR(hold(&g, 1, 1, &seconds, false), 1));
	g.verdicts[TWSCOPE_VERDICT_NO_TIMESTAMP] = 1001;
	assert_true(NEAR(hold(&g, 1, 1, &seconds, false), 60));
	assert_true(NEAR(hold(&g, 0, 1, &seconds, true), 60));
}

/* The timer wheel's step a minute ahead, or ten. */
static void lateness(void **state)
{
	static const struct {
		uint32_t len_ms, hz;
		double late;
	} cases[] = {
		{ 60000, 100, 5.12 }, { 60000, 250, 2.048 },
		{ 60000, 300, 512 / 300.0 }, { 60000, 1000, 4.096 },
		{ 600000, 250, 16.384 }, { 4031, 1000, 0.064 },
		{ 4032, 1000, 0.512 },
	};
	struct tws_info info = { .rules = TWSCOPE_RULES_SECONDS };
	struct tws_group g = a_group(1000);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		info.timewait_len_ms = cases[i].len_ms;
		info.hz = cases[i].hz;
		if (!NEAR(hold(&g, 0, 1, &info, false),
			  cases[i].len_ms / 1000.0 + cases[i].late))
			fail_msg("case %zu", i);
		/* what connect() reuses waits for no timer */
		assert_true(NEAR(hold(&g, 1, 1, &info, false), 1));
	}
}

/* 400 due and not ended, 100 a second from now on; the timer at HZ=250. */
static void overdue(void **state)
{
	const struct tws_info info = {
		.timewait_len_ms = 60000, .hz = 250, .rules = TWSCOPE_RULES_SECONDS,
	};
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(1505);
	struct pressure p;

	(void)state;
	close_each_second(&g, 100);
	g.verdicts[TWSCOPE_VERDICT_DISABLED] = 1500;
	/* a FIN_WAIT2 is in no second's closes, and not overdue */
	g.verdicts[TWSCOPE_VERDICT_FIN_WAIT2] = 5;
	/* 1,505 are taken now, 1,105 + 100 t from 2.048 s on */
	s.sysctls.ip_local_port_range_max = 32768 + 2005 + 232 - 1;
	pressure_of_destination(&g, &s, &info, false, &p);
	assert_int_equal(p.available, 500);
	assert_true(NEAR(p.exhausted_s, 9));
	/* where the timer is not known they stay, as far as can be told */
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_true(NEAR(p.exhausted_s, 5));
	/* 6,210 are taken when the first of them end, and never more */
	s.sysctls.ip_local_port_range_max = 32768 + 6200 + 232 - 1;
	pressure_of_destination(&g, &s, &info, false, &p);
	assert_true(p.exhausted_s > 50 && p.exhausted_s < 63);
	s.sysctls.ip_local_port_range_max = 32768 + 6215 + 232 - 1;
	pressure_of_destination(&g, &s, &info, false, &p);
	assert_true(p.exhausted_s < 0);
}

static void holds_of_loopback(void **state)
{
	static const struct {
		uint16_t family;
		uint8_t local[16], remote[16];
		uint32_t ifindex;
		double hold;
	} cases[] = {
		{ AF_INET, { 192, 0, 2, 1 }, { 127, 0, 0, 1 }, 0, 1 },
		{ AF_INET, { 127, 255, 0, 1 }, { 192, 0, 2, 1 }, 0, 1 },
		{ AF_INET, { 192, 0, 2, 127 }, { 128, 0, 0, 1 }, 0, 60 },
		{ AF_INET, { 192, 0, 2, 1 }, { 198, 51, 100, 7 }, 1, 1 },
		{ AF_INET, { 192, 0, 2, 1 }, { 198, 51, 100, 7 }, 2, 60 },
		{ AF_INET6, { [15] = 1 }, { 0xfd, [15] = 1 }, 0, 1 },
		{ AF_INET6, { 0xfd, [15] = 1 }, { [15] = 1 }, 0, 1 },
		{ AF_INET6, { 0xfd, [15] = 1 }, { [14] = 1, 1 }, 0, 60 },
		{ AF_INET6, { 127 }, { [15] = 2 }, 0, 60 },
	};
	struct tws_group g = a_group(1000);
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		g.local_family = g.remote_family = cases[i].family;
		memcpy(g.local, cases[i].local, 16);
		memcpy(g.remote, cases[i].remote, 16);
		g.ifindex = cases[i].ifindex;
		if (!NEAR(hold(&g, 2, 1, &seconds, false), cases[i].hold))
			fail_msg("case %zu", i);
	}
}

/*
 * Each bucket and each new connection on its own, in steps of a fiftieth of a
 * second: when the last port is taken, -1 for never. Buckets of a slot were
 * closed evenly over its second.
 */
#define STEPS	50

static double simulated(const struct tws_group *g, const struct pressure *p)
{
	unsigned int i, step, last = (unsigned int)(p->hold_s + 2) * STEPS;
	double *ends, t, alive = 0, held, fresh, rest;
	unsigned int n = 0, k;

	for (i = 0; i < g->n_closes; i++)
		alive += g->closes[i];
	ends = calloc((size_t)alive + 1, sizeof(*ends));
	assert_non_null(ends);
	for (i = 0; i < g->n_closes; i++)
		for (k = 0; k < g->closes[i]; k++)
			ends[n++] = p->hold_s - i - (k + 0.5) / g->closes[i];
	/* those that wait and end later than can be told; those reusable by now */
	rest = p->waiting;
	for (k = 0; k < n; k++)
		rest -= ends[k] > 0;
	for (step = 0; step <= last; step++) {
		t = (double)step / STEPS;
		held = rest;
		for (k = 0; k < n; k++)
			held += ends[k] > 0 && ends[k] > t;
		fresh = p->rate * (t < p->hold_s ? t : p->hold_s);
		if (p->in_use + held + fresh >= p->ports) {
			free(ends);
			return t;
		}
	}
	free(ends);
	return -1;
}

static unsigned int draw(unsigned int n)
{
	static uint32_t x = 12345;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x % n;
}

/* A burst, a rate that rises or falls, a beginning, nothing at all. */
static void draw_closes(struct tws_group *g)
{
	unsigned int i, kind = draw(5), from = draw(60), base = 1 + draw(40);

	memset(g->closes, 0, sizeof(g->closes));
	for (i = 0; i < 60; i++) {
		if (kind == 0)
			g->closes[i] = base;
		else if (kind == 1)
			g->closes[i] = i < from ? base + draw(20) : 0;
		else if (kind == 2)
			g->closes[i] = i >= from ? base + draw(20) : draw(3);
		else if (kind == 3)
			g->closes[i] = i * base / 20;
		else
			g->closes[i] = draw(10) ? 0 : 10 * base;
	}
}

static void exhausted(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(0);
	unsigned int i, k, never = 0, now = 0, later = 0, sum;
	struct pressure p;
	double want;

	(void)state;
	s.bind_blocked_ports = s.sysctls.ip_local_reserved_ports = 0;
	for (i = 0; i < 2000; i++) {
		draw_closes(&g);
		s.sysctls.tcp_tw_reuse = draw(4) == 0;
		for (sum = draw(20), k = 0; k < 60; k++)
			sum += g.closes[k];
		memset(g.verdicts, 0, sizeof(g.verdicts));
		/* under reuse those are too young that were closed within a second */
		g.verdicts[TWSCOPE_VERDICT_TOO_YOUNG] =
			s.sysctls.tcp_tw_reuse ? g.closes[0] : sum;
		g.verdicts[TWSCOPE_VERDICT_REUSABLE] =
			sum - g.verdicts[TWSCOPE_VERDICT_TOO_YOUNG];
		g.count = sum;
		g.in_use_searched = draw(50);
		s.sysctls.ip_local_port_range_max = (uint16_t)
			(s.sysctls.ip_local_port_range_min + draw(s.sysctls.tcp_tw_reuse ? 150 : 2500));
		pressure_of_destination(&g, &s, &seconds, false, &p);
		want = simulated(&g, &p);
		/* within a step, and one port less or more at the edge of a second */
		if ((want < 0) != (p.exhausted_s < 0) ||
		    fabs(want - p.exhausted_s) > 0.05 + 2 / (p.rate + 1))
			fail_msg("case %u: in %f s, simulated %f: %u ports, %u waiting, %u in use, rate %f, hold %f",
				 i, p.exhausted_s, want, p.ports, p.waiting,
				 p.in_use, p.rate, p.hold_s);
		never += want < 0;
		now += NEAR(want, 0);
		later += want > 0;
	}
	/* all three were tried */
	assert_in_range(never, 100, 1900);
	assert_in_range(now, 100, 1900);
	assert_in_range(later, 100, 1900);
}

/* By hand: 100 a second, 1,000 are there, 2,000 ports. */
static void exhausted_at(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(1000);
	struct pressure p;
	unsigned int i;

	(void)state;
	for (i = 0; i < 10; i++)
		g.closes[i] = 100;
	g.closes[10] = 1;
	s.sysctls.ip_local_port_range_max = 32768 + 2000 + 232 - 1;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_int_equal(p.ports, 2000);
	assert_true(NEAR(p.rate, 100));
	assert_true(NEAR(p.exhausted_s, 10));
	/* 6,000 are taken from the minute on: one port more is enough */
	s.sysctls.ip_local_port_range_max = 32768 + 6000 + 232 - 1;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_in_range((int)p.exhausted_s, 58, 60);
	s.sysctls.ip_local_port_range_max++;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_true(p.exhausted_s < 0);
}

/* A hold of half a second more: half of a slot has ended, half ends within it. */
static void exhausted_amid_a_second(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(0);
	struct pressure p;

	(void)state;
	s.sysctls.tcp_tw_reuse = 1;
	s.sysctls.tcp_tw_reuse_delay = 30499;
	s.sysctls.ip_local_port_range_max = 32768 + 1750 + 232 - 1;
	g.closes[0] = 600;
	g.closes[30] = 1000;
	g.count = 1900;
	g.verdicts[TWSCOPE_VERDICT_TOO_YOUNG] = 1100;
	g.verdicts[TWSCOPE_VERDICT_REUSABLE] = 500;
	g.verdicts[TWSCOPE_VERDICT_FIN_WAIT2] = 300;
	pressure_of_destination(&g, &s, &entry_delay, false, &p);
	assert_true(NEAR(p.hold_s, 30.5));
	assert_int_equal(p.waiting, 1400);
	/* 1,400 are taken now, 1,500 in a second, 2,100 in two */
	assert_true(NEAR(p.exhausted_s, 1 + 250 / 600.0));
}

static void limited(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(1000);
	struct pressure p;

	(void)state;
	close_each_second(&g, 1000);
	s.kernel_count = 1000;
	/* 27,000 are available */
	s.limit = 28000;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_int_equal(p.available, 27000);
	assert_false(p.limited);
	assert_true(p.exhausted_s > 0);
	s.limit = 27999;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_true(p.limited);
	assert_true(p.exhausted_s < 0);
	/* beyond the limit, which was lowered */
	s.limit = 10;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_true(p.limited);
	/* what is exhausted is, whatever the limit */
	s.sysctls.ip_local_port_range_max = 33767;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_false(p.limited);
	assert_true(NEAR(p.exhausted_s, 0));
	/* nor is there a limit to what goes on for ever */
	s = a_netns();
	s.limit = 10;
	memset(g.closes, 0, sizeof(g.closes));
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_false(p.limited);
	assert_true(p.exhausted_s < 0);
}

/* Ports out of the range, and those that bind() took, are none of connect()'s. */
static void rate_of_a_share(void **state)
{
	struct tws_group alone = a_group(1100), mixed = a_group(1100);
	struct tws_summary s = a_netns();
	struct pressure p, want;
	unsigned int i, soon = 0;

	(void)state;
	close_each_second(&alone, 100);
	close_each_second(&mixed, 400);
	mixed.count = 4400;
	mixed.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 2200;
	mixed.verdicts[TWSCOPE_VERDICT_NOT_SEARCHED] = 1100;
	for (i = 1000; i < 9000; i += 500) {
		s.sysctls.ip_local_port_range_max = (uint16_t)(32768 + i);
		pressure_of_destination(&alone, &s, &seconds, false, &want);
		pressure_of_destination(&mixed, &s, &seconds, false, &p);
		assert_true(NEAR(want.rate, 100));
		assert_true(NEAR(p.rate, 100));
		assert_int_equal(p.waiting, want.waiting);
		assert_true(NEAR(p.exhausted_s, want.exhausted_s));
		soon += want.exhausted_s > 0;
	}
	assert_in_range(soon, 3, 13);
}

/*
 * 20,000 clients at the one port of a server, and beside them as many ports a second
 * bound as are given back: it stays as it is.
 */
static void bind_pool_beside_a_server(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(0);
	struct pressure p;
	unsigned int i;

	(void)state;
	for (i = 0; i < g.n_closes; i++)
		g.closes[i] = 290;
	g.count = g.n_closes * 290;
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = g.count;
	s.bind_blocked_ports = g.local_ports = g.count + 1;
	g.in_use = 20000;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.waiting, g.count);
	assert_int_equal(p.in_use, 1);
	assert_true(NEAR(p.rate, 290));
	assert_true(p.exhausted_s < 0);
	/* what is not bound says nothing of it */
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 0;
	g.verdicts[TWSCOPE_VERDICT_DISABLED] = g.count;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.waiting, 0);
}

static void bind_pool(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(0);
	struct pressure p;

	(void)state;
	s.bind_blocked_ports = 5500;
	close_each_second(&g, 100);
	g.count = 1100;
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 1100;
	g.local_ports = 1150;
	g.in_use = 50;
	/* nothing makes it reusable */
	s.sysctls.tcp_tw_reuse = 1;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.ports, 28200);
	assert_int_equal(p.in_use, 50);
	assert_int_equal(p.waiting, 1100);
	assert_int_equal(p.reusable, 0);
	assert_int_equal(p.available, 27050);
	assert_true(NEAR(p.rate, 100));
	assert_true(NEAR(p.hold_s, 60));
	assert_true(NEAR(p.sustained, 28150 / 60.0));
	assert_true(p.exhausted_s < 0);
	/* half of the closes are connect()'s, at ports of their own */
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 550;
	g.verdicts[TWSCOPE_VERDICT_DISABLED] = 550;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_true(NEAR(p.rate, 100));
	/* or at ports that it shares */
	g.local_ports = 1000;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_true(NEAR(p.rate, 100 * (2 * 950 - 1100) / 1100.0));
	g.local_ports = 600;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_true(NEAR(p.rate, 50));
	g.local_ports = 1150;
	/* sockets of one port to several destinations, and half of the buckets bound */
	g.in_use = 9999;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.in_use, 600);
	assert_int_equal(p.waiting, 550);
	/* no bucket at all */
	g = (struct tws_group){ .in_use = 3, .local_ports = 3 };
	pressure_of_source(&g, &s, &seconds, &p);
	assert_true(NEAR(p.rate, 0));
	assert_int_equal(p.available, 28197);
	/* 400 a second for 60 s are more than there are */
	g = a_group(0);
	close_each_second(&g, 500);
	g.count = g.local_ports = 5500;
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 5500;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_true(p.exhausted_s > 40 && p.exhausted_s < 60);
}

/* 500 closes a second at the port of the range where a server listens. */
static void server_in_the_range(void **state)
{
	struct tws_summary s = a_netns();
	struct tws_group g = a_group(0);
	struct pressure p;

	(void)state;
	s.bind_blocked_ports = 1;
	close_each_second(&g, 500);
	g.count = 30000;
	g.in_use = 400;
	g.local_ports = 1;
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 30000;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.bound, 1);
	assert_int_equal(p.available, 28199);
	assert_true(p.rate < 0.1);
	assert_true(p.exhausted_s < 0);
	/* a proxy: as many connections of its own, at ports that connect() shares */
	g.count = 60000;
	g.local_ports = 27001;
	g.verdicts[TWSCOPE_VERDICT_DISABLED] = 30000;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.bound, 1);
	assert_true(p.rate < 0.1);
	assert_true(p.exhausted_s < 0);
	assert_false(pressure_binds(&p));
	/* under an L3 master device others are bound than under none */
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 20000;
	g.has_bind_blocked_ports = true;
	g.bind_blocked_ports = 20000;
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.bound, 20000);
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_int_equal(p.ports, 8200);
	g.has_bind_blocked_ports = false;
	pressure_of_destination(&g, &s, &seconds, false, &p);
	assert_int_equal(p.ports, 28199);
	/* a client beside it that does bind(): its ports are what counts */
	s.bind_blocked_ports = 6001;
	g.count = 36000;
	g.local_ports = 6001;
	g.in_use = 0;
	g.verdicts[TWSCOPE_VERDICT_DISABLED] = 0;
	g.verdicts[TWSCOPE_VERDICT_BIND_BLOCKED] = 36000;
	close_each_second(&g, 600);
	pressure_of_source(&g, &s, &seconds, &p);
	assert_int_equal(p.bound, 6001);
	assert_in_range((int)p.rate, 99, 101);
	assert_true(pressure_binds(&p));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(server_in_the_range),
		cmocka_unit_test(rates),
		cmocka_unit_test(figures),
		cmocka_unit_test(holds),
		cmocka_unit_test(lateness),
		cmocka_unit_test(overdue),
		cmocka_unit_test(holds_of_loopback),
		cmocka_unit_test(exhausted),
		cmocka_unit_test(exhausted_at),
		cmocka_unit_test(exhausted_amid_a_second),
		cmocka_unit_test(limited),
		cmocka_unit_test(rate_of_a_share),
		cmocka_unit_test(bind_pool),
		cmocka_unit_test(bind_pool_beside_a_server),
	};

	return cmocka_run_group_tests_name("pressure", tests, NULL, NULL);
}
