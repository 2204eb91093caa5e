// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/socket.h>

#include "bucket.h"
#include "filter.h"

/* An address of IPv4 in its IPv4-mapped form, as in every bucket and prefix. */
#define MAPPED(a, b, c, d)	{ .s6_addr = { [10] = 0xff, 0xff, a, b, c, d } }
#define DB8_1			{ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, [15] = 0x01 } }
#define FD00_7			{ .s6_addr = { 0xfd, 0x00, [15] = 0x07 } }

static const struct twscope_bucket v4 = {
	.family		= AF_INET,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.local		= MAPPED(10, 1, 2, 3),
	.local_port	= 40000,
	.remote		= MAPPED(192, 0, 2, 7),
	.remote_port	= 443,
};

static const struct twscope_bucket v6 = {
	.family		= AF_INET6,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.local		= DB8_1,
	.local_port	= 40000,
	.remote		= FD00_7,
	.remote_port	= 443,
};

/* IPv4 traffic through an IPv6 socket: the addresses of @v4, the family of @v6. */
static const struct twscope_bucket mapped = {
	.family		= AF_INET6,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.local		= MAPPED(10, 1, 2, 3),
	.local_port	= 40000,
	.remote		= MAPPED(192, 0, 2, 7),
	.remote_port	= 443,
};

static const struct twscope_bucket fin_wait2 = {
	.family		= AF_INET,
	.substate	= TWSCOPE_SUBSTATE_FIN_WAIT2,
	.local		= MAPPED(10, 1, 2, 3),
	.local_port	= 1,
	.remote		= MAPPED(192, 0, 2, 7),
	.remote_port	= 65535,
};

/* What only some terms look at. */
static const struct twscope_bucket rest = {
	.family		= AF_INET,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.has_age	= true,
	.remaining_ms	= 50000,
	.age_ms		= 10000,
	.mark		= 0x12,
	.ifindex	= 3,
};

/* Entered after the clock was read. */
static const struct twscope_bucket newborn = {
	.family		= AF_INET,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.has_age	= true,
	.age_ms		= -5,
};

/* The substate is there to be overlooked. */
static const struct twscope_bucket full = {
	.family		= AF_INET,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.remote_port	= 443,
	.mark		= 0x12,
	.ifindex	= 3,
	.full		= true,
};

/* Terms; what follows the condition may be NOT, LAST or both. */
#define TERM(k, ...)		{ .kind = TWSCOPE_TERM_##k, __VA_ARGS__ }
#define FAMILY(v, ...)		TERM(FAMILY, .value = (v), ##__VA_ARGS__)
#define SUBSTATE(v, ...)	TERM(SUBSTATE, .value = TWSCOPE_SUBSTATE_##v, ##__VA_ARGS__)
#define PORT(side, min, max, ...) \
	TERM(side##_PORT, .port_min = (min), .port_max = (max), ##__VA_ARGS__)
#define IPV4(side, addr, len, ...) \
	TERM(side, .prefix = addr, .prefix_len = 96 + (len), .ipv4 = true, ##__VA_ARGS__)
#define IPV6(side, addr, len, ...) \
	TERM(side, .prefix = addr, .prefix_len = (len), ##__VA_ARGS__)
#define VERDICT(v, ...)		TERM(VERDICT, .value = TWSCOPE_VERDICT_##v, ##__VA_ARGS__)
#define MS(k, min, max, ...)	TERM(k, .ms_min = (min), .ms_max = (max), ##__VA_ARGS__)
#define MARK(m, mask, ...)	TERM(MARK, .mark = (m), .mark_mask = (mask), ##__VA_ARGS__)
#define IFINDEX(v, ...)		TERM(IFINDEX, .value = (v), ##__VA_ARGS__)
#define UNKNOWN(...)		{ .kind = 0xff, ##__VA_ARGS__ }
#define NOT			.negate = true
#define LAST			.last = true

struct terms {
	unsigned int		n;
	struct twscope_term	term[6];
};

#define COUNT(...) \
	(sizeof((struct twscope_term[]){ __VA_ARGS__ }) / sizeof(struct twscope_term))
#define FILTER(...)		{ .n = COUNT(__VA_ARGS__), .term = { __VA_ARGS__ } }

struct match_case {
	const char			*desc;
	const struct twscope_bucket	*bucket;
	struct terms			filter;
	bool				want;
};

static const struct match_case match_cases[] = {
	/* family, substate */
	{ "family inet takes IPv4", &v4, FILTER(FAMILY(AF_INET, LAST)), true },
	{ "family inet refuses IPv6", &v6, FILTER(FAMILY(AF_INET, LAST)), false },
	{ "family inet6 takes IPv6", &v6, FILTER(FAMILY(AF_INET6, LAST)), true },
	{ "family inet6 refuses IPv4", &v4, FILTER(FAMILY(AF_INET6, LAST)), false },
	{ "family inet refuses v4-mapped", &mapped, FILTER(FAMILY(AF_INET, LAST)), false },
	{ "family inet6 takes v4-mapped", &mapped, FILTER(FAMILY(AF_INET6, LAST)), true },
	{ "substate time-wait takes it", &v4, FILTER(SUBSTATE(TIME_WAIT, LAST)), true },
	{ "substate time-wait refuses FIN_WAIT2",
	  &fin_wait2, FILTER(SUBSTATE(TIME_WAIT, LAST)), false },
	{ "substate fin-wait2 takes it", &fin_wait2, FILTER(SUBSTATE(FIN_WAIT2, LAST)), true },
	{ "substate fin-wait2 refuses TIME_WAIT",
	  &v4, FILTER(SUBSTATE(FIN_WAIT2, LAST)), false },

	/* ports: both bounds are included */
	{ "local port at both bounds", &v4, FILTER(PORT(LOCAL, 40000, 40000, LAST)), true },
	{ "local port at the lower bound", &v4, FILTER(PORT(LOCAL, 40000, 40001, LAST)), true },
	{ "local port at the upper bound", &v4, FILTER(PORT(LOCAL, 39999, 40000, LAST)), true },
	{ "local port one below", &v4, FILTER(PORT(LOCAL, 40001, 65535, LAST)), false },
	{ "local port one above", &v4, FILTER(PORT(LOCAL, 0, 39999, LAST)), false },
	{ "local port in a range of none", &v4, FILTER(PORT(LOCAL, 40001, 39999, LAST)), false },
	{ "local port in all ports", &v4, FILTER(PORT(LOCAL, 0, 65535, LAST)), true },
	{ "lowest local port", &fin_wait2, FILTER(PORT(LOCAL, 0, 1, LAST)), true },
	{ "local port is not the remote one", &v4, FILTER(PORT(LOCAL, 443, 443, LAST)), false },
	{ "remote port at both bounds", &v4, FILTER(PORT(REMOTE, 443, 443, LAST)), true },
	{ "remote port one below", &v4, FILTER(PORT(REMOTE, 444, 65535, LAST)), false },
	{ "remote port one above", &v4, FILTER(PORT(REMOTE, 0, 442, LAST)), false },
	{ "highest remote port", &fin_wait2, FILTER(PORT(REMOTE, 65535, 65535, LAST)), true },
	{ "remote port is not the local one",
	  &v4, FILTER(PORT(REMOTE, 40000, 40000, LAST)), false },

	/* prefixes */
	{ "local address, all bits",
	  &v4, FILTER(IPV4(LOCAL, MAPPED(10, 1, 2, 3), 32, LAST)), true },
	{ "local address, last bit differs",
	  &v4, FILTER(IPV4(LOCAL, MAPPED(10, 1, 2, 2), 32, LAST)), false },
	{ "last bit differs, and does not count",
	  &v4, FILTER(IPV4(LOCAL, MAPPED(10, 1, 2, 2), 31, LAST)), true },
	{ "prefix within a byte, inside",
	  &v4, FILTER(IPV4(LOCAL, MAPPED(10, 0, 0, 0), 15, LAST)), true },
	{ "prefix within a byte, outside",
	  &v4, FILTER(IPV4(LOCAL, MAPPED(10, 2, 0, 0), 15, LAST)), false },
	{ "local prefix is not of the remote address",
	  &v4, FILTER(IPV4(LOCAL, MAPPED(192, 0, 2, 0), 24, LAST)), false },
	{ "remote prefix inside",
	  &v4, FILTER(IPV4(REMOTE, MAPPED(192, 0, 2, 0), 24, LAST)), true },
	{ "remote prefix outside",
	  &v4, FILTER(IPV4(REMOTE, MAPPED(192, 0, 3, 0), 24, LAST)), false },
	{ "remote prefix is not of the local address",
	  &v4, FILTER(IPV4(REMOTE, MAPPED(10, 1, 2, 3), 32, LAST)), false },
	{ "IPv6 address, all bits", &v6, FILTER(IPV6(LOCAL, DB8_1, 128, LAST)), true },
	{ "IPv6 address, all bits, other", &v6, FILTER(IPV6(LOCAL, FD00_7, 128, LAST)), false },
	{ "IPv6 prefix of 64 bits",
	  &v6, FILTER(IPV6(REMOTE, { .s6_addr = { 0xfd } }, 64, LAST)), true },
	{ "IPv6 prefix that ends within a byte",
	  &v6, FILTER(IPV6(REMOTE, { .s6_addr = { 0xfc } }, 7, LAST)), true },
	{ "IPv6 prefix one bit longer",
	  &v6, FILTER(IPV6(REMOTE, { .s6_addr = { 0xfc } }, 8, LAST)), false },

	/* prefixes across families, as in ss */
	{ "0.0.0.0/0 takes IPv4", &v4, FILTER(IPV4(LOCAL, MAPPED(0, 0, 0, 0), 0, LAST)), true },
	{ "0.0.0.0/0 takes v4-mapped",
	  &mapped, FILTER(IPV4(LOCAL, MAPPED(0, 0, 0, 0), 0, LAST)), true },
	{ "0.0.0.0/0 refuses IPv6", &v6, FILTER(IPV4(LOCAL, MAPPED(0, 0, 0, 0), 0, LAST)), false },
	{ "an IPv4 address takes v4-mapped",
	  &mapped, FILTER(IPV4(REMOTE, MAPPED(192, 0, 2, 7), 32, LAST)), true },
	{ "::/0 takes IPv6", &v6, FILTER(IPV6(REMOTE, {}, 0, LAST)), true },
	{ "::/0 takes v4-mapped", &mapped, FILTER(IPV6(REMOTE, {}, 0, LAST)), true },
	{ "::/0 refuses IPv4", &v4, FILTER(IPV6(REMOTE, {}, 0, LAST)), false },
	{ "::ffff:0:0/96 given as IPv6 takes v4-mapped",
	  &mapped, FILTER(IPV6(REMOTE, MAPPED(0, 0, 0, 0), 96, LAST)), true },
	{ "::ffff:0:0/96 given as IPv6 refuses IPv4",
	  &v4, FILTER(IPV6(REMOTE, MAPPED(0, 0, 0, 0), 96, LAST)), false },

	/* verdict: that of all buckets here is TOO_YOUNG */
	{ "verdict takes it", &v4, FILTER(VERDICT(TOO_YOUNG, LAST)), true },
	{ "verdict refuses another", &v4, FILTER(VERDICT(REUSABLE, LAST)), false },
	{ "not a verdict", &v4, FILTER(VERDICT(REUSABLE, NOT, LAST)), true },

	/* times: both bounds are included */
	{ "remaining at both bounds", &rest, FILTER(MS(REMAINING, 50000, 50000, LAST)), true },
	{ "remaining one below", &rest, FILTER(MS(REMAINING, 50001, U32_MAX, LAST)), false },
	{ "remaining one above", &rest, FILTER(MS(REMAINING, 0, 49999, LAST)), false },
	{ "remaining is not the age", &rest, FILTER(MS(REMAINING, 10000, 10000, LAST)), false },
	{ "age at both bounds", &rest, FILTER(MS(AGE, 10000, 10000, LAST)), true },
	{ "age one below", &rest, FILTER(MS(AGE, 10001, U32_MAX, LAST)), false },
	{ "age one above", &rest, FILTER(MS(AGE, 0, 9999, LAST)), false },
	{ "an age that is not known", &v4, FILTER(MS(AGE, 0, U32_MAX, LAST)), false },
	{ "an age below 0 is 0", &newborn, FILTER(MS(AGE, 0, 0, LAST)), true },

	/* mark, device */
	{ "mark, all bits", &rest, FILTER(MARK(0x12, U32_MAX, LAST)), true },
	{ "mark, another", &rest, FILTER(MARK(0x13, U32_MAX, LAST)), false },
	{ "mark, another in a bit that does not count",
	  &rest, FILTER(MARK(0x13, 0xfe, LAST)), true },
	{ "mark, another in a bit that counts", &rest, FILTER(MARK(0x10, 0x0f, LAST)), false },
	{ "device", &rest, FILTER(IFINDEX(3, LAST)), true },
	{ "another device", &rest, FILTER(IFINDEX(2, LAST)), false },
	{ "no device", &v4, FILTER(IFINDEX(0, LAST)), true },

	/* a full socket has nothing of what makes a bucket, nor the contrary */
	{ "full: its port", &full, FILTER(PORT(REMOTE, 443, 443, LAST)), true },
	{ "full: not another port", &full, FILTER(PORT(REMOTE, 80, 80, NOT, LAST)), true },
	{ "full: its mark", &full, FILTER(MARK(0x12, U32_MAX, LAST)), true },
	{ "full: its device", &full, FILTER(IFINDEX(3, LAST)), true },
	{ "full: substate", &full, FILTER(SUBSTATE(TIME_WAIT, LAST)), false },
	{ "full: not a substate", &full, FILTER(SUBSTATE(FIN_WAIT2, NOT, LAST)), false },
	{ "full: verdict", &full, FILTER(VERDICT(TOO_YOUNG, LAST)), false },
	{ "full: not a verdict", &full, FILTER(VERDICT(REUSABLE, NOT, LAST)), false },
	{ "full: remaining", &full, FILTER(MS(REMAINING, 0, U32_MAX, LAST)), false },
	{ "full: not remaining", &full, FILTER(MS(REMAINING, 1, U32_MAX, NOT, LAST)), false },
	{ "full: age", &full, FILTER(MS(AGE, 0, U32_MAX, LAST)), false },
	{ "full: not an age", &full, FILTER(MS(AGE, 0, 1, NOT, LAST)), false },
	{ "full: or a clause of both kinds",
	  &full, FILTER(VERDICT(REUSABLE, LAST), PORT(REMOTE, 443, 443, LAST)), true },

	/* negation */
	{ "not of what holds", &v4, FILTER(PORT(REMOTE, 443, 443, NOT, LAST)), false },
	{ "not of what does not hold", &v4, FILTER(PORT(REMOTE, 80, 80, NOT, LAST)), true },
	{ "not ::/0 takes IPv4", &v4, FILTER(IPV6(REMOTE, {}, 0, NOT, LAST)), true },
	{ "not 0.0.0.0/0 takes IPv6",
	  &v6, FILTER(IPV4(REMOTE, MAPPED(0, 0, 0, 0), 0, NOT, LAST)), true },
	{ "a kind nobody knows never holds", &v4, FILTER(UNKNOWN(LAST)), false },
	{ "and negated it does", &v4, FILTER(UNKNOWN(NOT, LAST)), true },

	/* and: all terms of a clause */
	{ "and: both hold",
	  &v4, FILTER(FAMILY(AF_INET), PORT(REMOTE, 443, 443, LAST)), true },
	{ "and: the first does not",
	  &v4, FILTER(FAMILY(AF_INET6), PORT(REMOTE, 443, 443, LAST)), false },
	{ "and: the last does not",
	  &v4, FILTER(FAMILY(AF_INET), PORT(REMOTE, 80, 80, LAST)), false },
	{ "and: only the middle one does not",
	  &v4, FILTER(FAMILY(AF_INET), PORT(REMOTE, 80, 80), SUBSTATE(TIME_WAIT, LAST)), false },
	{ "and: a negated term among others",
	  &v4, FILTER(FAMILY(AF_INET), PORT(REMOTE, 80, 80, NOT), SUBSTATE(TIME_WAIT, LAST)),
	  true },

	/* or: one clause is enough, and each begins afresh */
	{ "or: the first holds",
	  &v4, FILTER(FAMILY(AF_INET, LAST), PORT(REMOTE, 80, 80, LAST)), true },
	{ "or: the second holds",
	  &v4, FILTER(FAMILY(AF_INET6, LAST), PORT(REMOTE, 443, 443, LAST)), true },
	{ "or: none holds",
	  &v4, FILTER(FAMILY(AF_INET6, LAST), PORT(REMOTE, 80, 80, LAST)), false },
	{ "or: half of each clause is not enough",
	  &v4, FILTER(FAMILY(AF_INET), PORT(REMOTE, 80, 80, LAST),
		      FAMILY(AF_INET6), PORT(REMOTE, 443, 443, LAST)), false },
	{ "or: the last of three, of two terms",
	  &v4, FILTER(FAMILY(AF_INET6, LAST), PORT(REMOTE, 80, 80, LAST),
		      FAMILY(AF_INET), PORT(REMOTE, 443, 443, LAST)), true },
	{ "a clause that is not closed lets nothing pass",
	  &v4, FILTER(FAMILY(AF_INET)), false },
	{ "nor does it spoil a closed one before it",
	  &v4, FILTER(FAMILY(AF_INET, LAST), FAMILY(AF_INET6)), true },
};

static bool passes(const struct twscope_filter *f, const struct twscope_bucket *b)
{
	return twscope_filter_match(f, b, TWSCOPE_VERDICT_TOO_YOUNG);
}

KUNIT_ARRAY_PARAM_DESC(match, match_cases, desc);

static void match(struct kunit *test)
{
	const struct match_case *c = test->param_value;
	struct twscope_filter *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->n = c->filter.n;
	memcpy(f->terms, c->filter.term, sizeof(c->filter.term));

	KUNIT_EXPECT_EQ(test, passes(f, c->bucket), c->want);
}

/* What stands in @terms beyond @n is not looked at. */
static void no_clause_lets_all_pass(struct kunit *test)
{
	struct twscope_filter *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->terms[0] = (struct twscope_term)FAMILY(AF_UNSPEC, LAST);

	KUNIT_EXPECT_TRUE(test, passes(f, &v4));
	KUNIT_EXPECT_TRUE(test, passes(f, &v6));
	KUNIT_EXPECT_TRUE(test, passes(f, &fin_wait2));
}

static void terms_beyond_n_do_not_count(struct kunit *test)
{
	struct twscope_filter *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->n = 1;
	f->terms[0] = (struct twscope_term)FAMILY(AF_INET6, LAST);
	f->terms[1] = (struct twscope_term)FAMILY(AF_INET, LAST);

	KUNIT_EXPECT_FALSE(test, passes(f, &v4));
}

/* A full table: as many clauses as there are terms, and one clause of them all. */
static void as_many_terms_as_there_may_be(struct kunit *test)
{
	struct twscope_filter *f = kunit_kzalloc(test, sizeof(*f), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, f);
	f->n = TWSCOPE_MAX_TERMS;
	for (i = 0; i < f->n; i++)
		f->terms[i] = (struct twscope_term)PORT(REMOTE, i, i, LAST);
	KUNIT_EXPECT_FALSE(test, passes(f, &v4));
	f->terms[f->n - 1] = (struct twscope_term)PORT(REMOTE, 443, 443, LAST);
	KUNIT_EXPECT_TRUE(test, passes(f, &v4));

	for (i = 0; i < f->n; i++)
		f->terms[i] = (struct twscope_term)PORT(REMOTE, i, i, NOT);
	f->terms[f->n - 1].last = true;
	KUNIT_EXPECT_TRUE(test, passes(f, &v4));
	f->terms[f->n - 1].negate = false;
	KUNIT_EXPECT_FALSE(test, passes(f, &v4));
}

static struct kunit_case filter_cases[] = {
	KUNIT_CASE_PARAM(match, match_gen_params),
	KUNIT_CASE(no_clause_lets_all_pass),
	KUNIT_CASE(terms_beyond_n_do_not_count),
	KUNIT_CASE(as_many_terms_as_there_may_be),
	{}
};

static struct kunit_suite filter_suite = {
	.name		= "twscope_filter",
	.test_cases	= filter_cases,
};

kunit_test_suite(filter_suite);
