// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/bitmap.h>
#include <linux/limits.h>

#include "ports.h"

#define LOW	1000
#define HIGH	1009

/* What is at a port, in the order in which it is found. */
enum { END, FULL, BUCKET, RESERVED, BLOCKED };

struct event {
	u8	what;
	u16	port;
	u8	verdict;
	u32	ms;
};

#define BUCKET(p, v, t)	{ BUCKET, p, TWSCOPE_VERDICT_##v, t }

struct scene {
	unsigned long		reserved[BITS_TO_LONGS(TWSCOPE_ALL_PORTS)];
	unsigned long		blocked[BITS_TO_LONGS(TWSCOPE_ALL_PORTS)];
	struct twscope_ports	ports;
	struct twscope_port_counts counts;
};

static struct scene *scene_of(struct kunit *test, u16 low, u16 high, const struct event *e)
{
	struct scene *r = kunit_kzalloc(test, sizeof(*r), GFP_KERNEL);
	const struct event *i;

	KUNIT_ASSERT_NOT_NULL(test, r);
	for (i = e; i->what; i++) {
		if (i->what == RESERVED)
			__set_bit(i->port, r->reserved);
		if (i->what == BLOCKED)
			__set_bit(i->port, r->blocked);
	}
	/* All of it is written, whatever was there. */
	memset(&r->ports, 0xa5, sizeof(r->ports));
	memset(&r->counts, 0xa5, sizeof(r->counts));
	twscope_ports_init(&r->ports, low, high, r->reserved, r->blocked);
	for (i = e; i->what; i++) {
		if (i->what == FULL)
			twscope_ports_full(&r->ports, i->port);
		if (i->what == BUCKET)
			twscope_ports_bucket(&r->ports, i->port, i->verdict, i->ms);
	}
	return r;
}

struct state_case {
	const char	*desc;
	struct event	events[4];
	u8		want;
};

#define STATE(s)	TWSCOPE_PORT_STATE_##s

static const struct state_case state_cases[] = {
	{ "nothing", {}, STATE(FREE) },
	{ "something at the port below", { { FULL, 1004 } }, STATE(FREE) },
	{ "something at the port above", { { FULL, 1006 } }, STATE(FREE) },
	{ "a full socket", { { FULL, 1005 } }, STATE(IN_USE) },
	{ "a reusable bucket", { BUCKET(1005, REUSABLE, 0) }, STATE(REUSABLE) },
	{ "one too young", { BUCKET(1005, TOO_YOUNG, 9) }, STATE(WAITING) },
	{ "one disabled", { BUCKET(1005, DISABLED, 9) }, STATE(WAITING) },
	{ "one not loopback", { BUCKET(1005, NOT_LOOPBACK, 9) }, STATE(WAITING) },
	{ "one in FIN_WAIT2", { BUCKET(1005, FIN_WAIT2, 9) }, STATE(WAITING) },
	{ "one without a timestamp", { BUCKET(1005, NO_TIMESTAMP, 9) }, STATE(WAITING) },
	{ "one that nobody knows of", { BUCKET(1005, UNKNOWN, 9) }, STATE(WAITING) },
	{ "blocked", { { BLOCKED, 1005 } }, STATE(BIND_BLOCKED) },
	{ "blocked with a full socket", { { BLOCKED, 1005 }, { FULL, 1005 } },
	  STATE(BIND_BLOCKED) },
	{ "blocked with a bucket", { { BLOCKED, 1005 }, BUCKET(1005, REUSABLE, 0) },
	  STATE(BIND_BLOCKED) },
	{ "reserved", { { RESERVED, 1005 } }, STATE(RESERVED) },
	{ "reserved and blocked", { { RESERVED, 1005 }, { BLOCKED, 1005 } }, STATE(RESERVED) },
	{ "reserved with a full socket", { { RESERVED, 1005 }, { FULL, 1005 } }, STATE(RESERVED) },

	/* more than one at a port: the first decides, as in the kernel */
	{ "a full socket, then a bucket", { { FULL, 1005 }, BUCKET(1005, REUSABLE, 0) },
	  STATE(IN_USE) },
	{ "a bucket, then a full socket", { BUCKET(1005, REUSABLE, 0), { FULL, 1005 } },
	  STATE(REUSABLE) },
	{ "a refused bucket, then a full socket", { BUCKET(1005, DISABLED, 9), { FULL, 1005 } },
	  STATE(WAITING) },
	{ "a reusable bucket, then a refused one",
	  { BUCKET(1005, REUSABLE, 0), BUCKET(1005, DISABLED, 9) }, STATE(REUSABLE) },
	{ "a refused bucket, then a reusable one",
	  { BUCKET(1005, DISABLED, 9), BUCKET(1005, REUSABLE, 0) }, STATE(WAITING) },
};

KUNIT_ARRAY_PARAM_DESC(state, state_cases, desc);

static void port(struct kunit *test)
{
	const struct state_case *c = test->param_value;
	struct scene *r = scene_of(test, LOW, HIGH, c->events);

	KUNIT_EXPECT_EQ(test, twscope_ports_state(&r->ports, 1005), c->want);
}

/* Without a bitmap of reserved ports there are none. */
static void none_reserved(struct kunit *test)
{
	static const struct event blocked[] = { { BLOCKED, 1005 }, {} };
	struct scene *r = scene_of(test, LOW, HIGH, blocked);

	twscope_ports_init(&r->ports, LOW, HIGH, NULL, r->blocked);
	KUNIT_EXPECT_EQ(test, twscope_ports_state(&r->ports, 1004), STATE(FREE));
	KUNIT_EXPECT_EQ(test, twscope_ports_state(&r->ports, 1005), STATE(BIND_BLOCKED));
}

static const struct event mixture[] = {
	{ RESERVED, 1000 },
	{ BLOCKED, 1001 }, { FULL, 1001 },
	{ BLOCKED, 1002 }, BUCKET(1002, DISABLED, 1),
	{ BLOCKED, 1003 },
	{ FULL, 1004 },
	BUCKET(1005, REUSABLE, 0),
	BUCKET(1006, TOO_YOUNG, 300),
	BUCKET(1007, TOO_YOUNG, 200),
	BUCKET(1008, NO_TIMESTAMP, 45000),
	/* outside of the range nothing counts */
	BUCKET(999, TOO_YOUNG, 1), BUCKET(1010, NO_TIMESTAMP, 1), { FULL, 65535 }, { BLOCKED, 1 },
	{}
};

static void counted(struct kunit *test)
{
	struct scene *r = scene_of(test, LOW, HIGH, mixture);
	struct twscope_port_counts *c = &r->counts;
	unsigned int i;

	twscope_ports_count(&r->ports, 1, c);
	KUNIT_EXPECT_EQ(test, c->state[STATE(RESERVED)], 1);
	KUNIT_EXPECT_EQ(test, c->state[STATE(BIND_BLOCKED)], 3);
	KUNIT_EXPECT_EQ(test, c->state[STATE(IN_USE)], 1);
	KUNIT_EXPECT_EQ(test, c->state[STATE(REUSABLE)], 1);
	KUNIT_EXPECT_EQ(test, c->state[STATE(WAITING)], 3);
	KUNIT_EXPECT_EQ(test, c->state[STATE(FREE)], 1);
	KUNIT_EXPECT_EQ(test, c->blocked_in_use, 1);
	KUNIT_EXPECT_EQ(test, c->blocked_waiting, 1);
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, c->waiting[i],
				    i == TWSCOPE_VERDICT_TOO_YOUNG ? 2 :
				    i == TWSCOPE_VERDICT_NO_TIMESTAMP ? 1 : 0, "verdict %u", i);
	KUNIT_EXPECT_EQ(test, c->cells, 1);
	KUNIT_EXPECT_MEMEQ(test, c->map[0], c->state, sizeof(c->state));
}

/* Of blocked ports and of those outside none becomes available. */
static void next_available(struct kunit *test)
{
	struct scene *r = scene_of(test, LOW, HIGH, mixture);
	unsigned int i;

	for (i = 0; i < TWSCOPE_N_VERDICTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, r->ports.next_ms[i],
				    i == TWSCOPE_VERDICT_TOO_YOUNG ? 200 :
				    i == TWSCOPE_VERDICT_NO_TIMESTAMP ? 45000 : U32_MAX,
				    "verdict %u", i);
}

/* The first and the last port of a range are of it. */
static void next_available_at_the_edges(struct kunit *test)
{
	static const struct event first[] = { BUCKET(LOW, TOO_YOUNG, 7), {} };
	static const struct event last[] = { BUCKET(HIGH, TOO_YOUNG, 8), {} };

	struct scene *s;

	s = scene_of(test, LOW, HIGH, first);
	KUNIT_EXPECT_EQ(test, s->ports.next_ms[TWSCOPE_VERDICT_TOO_YOUNG], 7);
	s = scene_of(test, LOW, HIGH, last);
	KUNIT_EXPECT_EQ(test, s->ports.next_ms[TWSCOPE_VERDICT_TOO_YOUNG], 8);
}

struct map_case {
	const char	*desc;
	u16		low;
	u16		high;
	unsigned int	cells;
	unsigned int	want;
};

static const struct map_case map_cases[] = {
	{ "one cell", 1000, 1009, 1, 1 },
	{ "cells of equal size", 1000, 1009, 5, 5 },
	{ "cells of nearly equal size", 1000, 1009, 3, 3 },
	{ "a cell a port", 1000, 1009, 10, 10 },
	{ "more cells than ports", 1000, 1009, 256, 10 },
	{ "a range of one port", 1005, 1005, 64, 1 },
	{ "the whole range there is", 1, 65535, 256, 256 },
	{ "port 0 and all", 0, 65535, 256, 256 },
	{ "Linux's own range", 32768, 60999, 64, 64 },
};

KUNIT_ARRAY_PARAM_DESC(map, map_cases, desc);

/* The cells add up to the range, and each has what begins where it does. */
static void map(struct kunit *test)
{
	const struct map_case *c = test->param_value;
	struct scene *r = scene_of(test, c->low, c->high, mixture);
	unsigned int ports = c->high - c->low + 1, i, s, total = 0;
	u32 sum[TWSCOPE_N_PORT_STATES] = {};

	twscope_ports_count(&r->ports, c->cells, &r->counts);
	KUNIT_ASSERT_EQ(test, r->counts.cells, c->want);
	for (i = 0; i < c->want; i++) {
		u32 of_cell = 0;

		for (s = 0; s < TWSCOPE_N_PORT_STATES; s++) {
			sum[s] += r->counts.map[i][s];
			of_cell += r->counts.map[i][s];
		}
		KUNIT_EXPECT_EQ(test, of_cell, (i + 1) * ports / c->want - i * ports / c->want);
		KUNIT_EXPECT_GE(test, of_cell, 1);
		total += of_cell;
	}
	KUNIT_EXPECT_EQ(test, total, ports);
	KUNIT_EXPECT_MEMEQ(test, sum, r->counts.state, sizeof(sum));
}

static void cells_in_order(struct kunit *test)
{
	struct scene *r = scene_of(test, LOW, HIGH, mixture);

	twscope_ports_count(&r->ports, 10, &r->counts);
	KUNIT_EXPECT_EQ(test, r->counts.map[0][STATE(RESERVED)], 1);
	KUNIT_EXPECT_EQ(test, r->counts.map[4][STATE(IN_USE)], 1);
	KUNIT_EXPECT_EQ(test, r->counts.map[5][STATE(REUSABLE)], 1);
	KUNIT_EXPECT_EQ(test, r->counts.map[9][STATE(FREE)], 1);
}

static struct kunit_case ports_cases[] = {
	KUNIT_CASE_PARAM(port, state_gen_params),
	KUNIT_CASE(none_reserved),
	KUNIT_CASE(counted),
	KUNIT_CASE(next_available),
	KUNIT_CASE(next_available_at_the_edges),
	KUNIT_CASE_PARAM(map, map_gen_params),
	KUNIT_CASE(cells_in_order),
	{}
};

static struct kunit_suite ports_suite = {
	.name		= "twscope_ports",
	.test_cases	= ports_cases,
};

kunit_test_suite(ports_suite);
