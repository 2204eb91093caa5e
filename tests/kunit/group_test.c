// SPDX-License-Identifier: GPL-2.0

#include <kunit/test.h>
#include <linux/limits.h>
#include <linux/socket.h>

#include "bucket.h"
#include "group.h"

#define TIMEWAIT_MS	60000
#define SEED		0x1122334455667788ULL

#define IPV4(...)	{ .s6_addr = { [10] = 0xff, 0xff, __VA_ARGS__ } }
#define IPV6(...)	{ .s6_addr = { 0x20, 0x01, 0x0d, 0xb8, __VA_ARGS__ } }
#define ALL_BITS	.local_len = 128, .local_len4 = 32, \
			.remote_len = 128, .remote_len4 = 32
#define KEY(name)	TWSCOPE_GROUP_KEY_##name
#define ALL_KEYS	(2 * KEY(VERDICT) - 1)

static const struct twscope_bucket four = {
	.netns_id	= 7,
	.netns		= 4026531840,
	.family		= AF_INET,
	.local		= IPV4(192, 0, 2, 1),
	.remote		= IPV4(198, 51, 100, 7),
	.local_port	= 40000,
	.remote_port	= 443,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.remaining_ms	= 30000,
	.mark		= 42,
	.ifindex	= 3,
};

static const struct twscope_bucket six = {
	.netns_id	= 7,
	.netns		= 4026531840,
	.family		= AF_INET6,
	.local		= IPV6([15] = 1),
	.remote		= IPV6(0, 1, 0, 2, [15] = 7),
	.local_port	= 40000,
	.remote_port	= 443,
	.substate	= TWSCOPE_SUBSTATE_TIME_WAIT,
	.remaining_ms	= 30000,
	.mark		= 42,
	.ifindex	= 3,
};

KUNIT_DEFINE_ACTION_WRAPPER(free_groups, twscope_groups_free,
			    struct twscope_groups *);

static struct twscope_groups *groups_by(struct kunit *test,
					const struct twscope_group_by *by)
{
	struct twscope_groups *gs = twscope_groups_alloc(by, SEED);

	KUNIT_ASSERT_NOT_NULL(test, gs);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, free_groups, gs), 0);
	return gs;
}

static struct twscope_group *find(struct kunit *test, struct twscope_groups *gs,
				  const struct twscope_bucket *b, u8 verdict)
{
	struct twscope_group *g = twscope_groups_find(gs, b, verdict);

	KUNIT_ASSERT_NOT_NULL(test, g);
	return g;
}

/* What sets two buckets apart. */
enum differing {
	NOTHING, NETNS_ID, NETNS, FAMILY, LOCAL, LOCAL_PORT, REMOTE, REMOTE_PORT,
	IFINDEX, MARK, SUBSTATE, VERDICT, ANYTHING_ELSE,
};

struct key_case {
	const char	*desc;
	enum differing	what;
	u32		keys;	/* those that see it */
};

static const struct key_case key_cases[] = {
	{ "nothing", NOTHING, 0 },
	{ "a namespace whose inode number was used before", NETNS_ID, KEY(NETNS) },
	{ "a namespace's inode number", NETNS, KEY(NETNS) },
	{ "the family, of IPv4-mapped addresses", FAMILY, KEY(FAMILY) },
	{ "the local address", LOCAL, KEY(LOCAL) },
	{ "the local port", LOCAL_PORT, KEY(LOCAL_PORT) },
	{ "the remote address", REMOTE, KEY(REMOTE) },
	{ "the remote port", REMOTE_PORT, KEY(REMOTE_PORT) },
	{ "the device", IFINDEX, KEY(IFINDEX) },
	{ "the mark", MARK, KEY(MARK) },
	{ "the substate", SUBSTATE, KEY(SUBSTATE) },
	{ "the verdict", VERDICT, KEY(VERDICT) },
	{ "what is no key", ANYTHING_ELSE, 0 },
};

KUNIT_ARRAY_PARAM_DESC(by_keys, key_cases, desc);

static u8 changed(struct twscope_bucket *b, enum differing what)
{
	switch (what) {
	case NETNS_ID:
		b->netns_id++;
		break;
	case NETNS:
		b->netns++;
		break;
	case FAMILY:
		b->family = AF_INET6;
		break;
	case LOCAL:
		b->local.s6_addr[15]++;
		break;
	case LOCAL_PORT:
		b->local_port++;
		break;
	case REMOTE:
		b->remote.s6_addr[12]++;
		break;
	case REMOTE_PORT:
		b->remote_port++;
		break;
	case IFINDEX:
		b->ifindex = 0;
		break;
	case MARK:
		b->mark = U32_MAX;
		break;
	case SUBSTATE:
		b->substate = TWSCOPE_SUBSTATE_FIN_WAIT2;
		break;
	case VERDICT:
		return TWSCOPE_VERDICT_BIND_BLOCKED;
	case ANYTHING_ELSE:
		b->has_age = true;
		b->has_ts = true;
		b->has_answered = true;
		b->full = true;
		b->remaining_ms = 1;
		b->age_ms = 1;
		b->answered_ms = 1;
		b->ts_recent_age_ms = 1;
		b->ts_recent = 1;
		b->rcv_nxt = 1;
		b->rcv_wnd = 1;
		b->snd_nxt = 1;
		b->l3mdev = 1;
		break;
	case NOTHING:
		break;
	}
	return TWSCOPE_VERDICT_REUSABLE;
}

/* Under each set of keys there is. */
static void by_keys(struct kunit *test)
{
	const struct key_case *c = test->param_value;
	struct twscope_bucket other = four;
	u8 verdict = changed(&other, c->what);
	struct twscope_group_by by = { ALL_BITS };
	struct twscope_group *a, *b;
	struct twscope_groups *gs;

	for (by.keys = 1; by.keys <= ALL_KEYS; by.keys++) {
		gs = twscope_groups_alloc(&by, SEED);
		KUNIT_ASSERT_NOT_NULL(test, gs);
		a = twscope_groups_find(gs, &four, TWSCOPE_VERDICT_REUSABLE);
		b = twscope_groups_find(gs, &other, verdict);
		KUNIT_EXPECT_EQ_MSG(test, gs->n, a == b ? 1 : 2, "keys 0x%x", by.keys);
		KUNIT_EXPECT_EQ_MSG(test, gs->n, by.keys & c->keys ? 2 : 1,
				    "keys 0x%x", by.keys);
		KUNIT_EXPECT_PTR_EQ(test, b, twscope_groups_find(gs, &other, verdict));
		twscope_groups_free(gs);
	}
}

/* What is no key is 0 in what a group has in common, and else as in the bucket. */
static void keys_are_kept(struct kunit *test)
{
	struct twscope_group_by by = { .keys = ALL_KEYS, ALL_BITS };
	const struct twscope_group_keys none = {}, all = {
		.local		= four.local,
		.remote		= four.remote,
		.netns_id	= four.netns_id,
		.netns		= four.netns,
		.mark		= four.mark,
		.ifindex	= four.ifindex,
		.local_port	= four.local_port,
		.remote_port	= four.remote_port,
		.family		= four.family,
		.substate	= four.substate,
		.verdict	= TWSCOPE_VERDICT_TOO_YOUNG,
	};
	struct twscope_group *g;

	g = find(test, groups_by(test, &by), &four, TWSCOPE_VERDICT_TOO_YOUNG);
	KUNIT_EXPECT_EQ(test, memcmp(&g->key, &all, sizeof(all)), 0);
	by.keys = KEY(REMOTE_PORT);
	g = find(test, groups_by(test, &by), &four, TWSCOPE_VERDICT_TOO_YOUNG);
	KUNIT_EXPECT_EQ(test, g->key.remote_port, 443);
	g->key.remote_port = 0;
	KUNIT_EXPECT_EQ(test, memcmp(&g->key, &none, sizeof(none)), 0);
}

/* Of an address so many bits count. */
struct prefix_case {
	const char	*desc;
	struct in6_addr	a;
	struct in6_addr	b;
	u8		len4;
	u8		len6;
	bool		same;
	struct in6_addr	key;	/* of a */
};

#define A4		IPV4(198, 51, 100, 7)
#define A6		IPV6(0xff, 0xff, 0xff, 0xff, [15] = 0xff)

static const struct prefix_case prefix_cases[] = {
	{ "IPv4/32, the last bit", A4, IPV4(198, 51, 100, 6), 32, 128, false, A4 },
	{ "IPv4/31, the last bit", A4, IPV4(198, 51, 100, 6), 31, 128, true,
	  IPV4(198, 51, 100, 6) },
	{ "IPv4/31, the last but one", A4, IPV4(198, 51, 100, 5), 31, 128, false,
	  IPV4(198, 51, 100, 6) },
	{ "IPv4/24", A4, IPV4(198, 51, 100, 200), 24, 128, true, IPV4(198, 51, 100, 0) },
	{ "IPv4/24, another", A4, IPV4(198, 51, 101, 7), 24, 128, false,
	  IPV4(198, 51, 100, 0) },
	{ "IPv4/1", A4, IPV4(128, 0, 0, 0), 1, 128, true, IPV4(128, 0, 0, 0) },
	{ "IPv4/1, another", A4, IPV4(127, 255, 255, 255), 1, 128, false,
	  IPV4(128, 0, 0, 0) },
	{ "IPv4/0 is all of IPv4", A4, IPV4(0, 0, 0, 0), 0, 128, true, IPV4(0, 0, 0, 0) },
	{ "IPv4/0 is not IPv6/0", A4, A6, 0, 0, false, IPV4(0, 0, 0, 0) },
	{ "IPv6's length is not IPv4's", A4, IPV4(198, 51, 100, 6), 32, 0, false, A4 },
	{ "IPv6/128, the last bit", A6, IPV6(0xff, 0xff, 0xff, 0xff, [15] = 0xfe), 32, 128,
	  false, A6 },
	{ "IPv6/127, the last bit", A6, IPV6(0xff, 0xff, 0xff, 0xff, [15] = 0xfe), 32, 127,
	  true, IPV6(0xff, 0xff, 0xff, 0xff, [15] = 0xfe) },
	{ "IPv6/64, behind it", A6, IPV6(0xff, 0xff, 0xff, 0xff, 1), 32, 64, true,
	  IPV6(0xff, 0xff, 0xff, 0xff) },
	{ "IPv6/64, before it", A6, IPV6(0xff, 0xff, 0xff, 0xfe), 32, 64, false,
	  IPV6(0xff, 0xff, 0xff, 0xff) },
	{ "IPv6/33", A6, IPV6(0x80), 32, 33, true, IPV6(0x80) },
	{ "IPv6/33, another", A6, IPV6(0x7f), 32, 33, false, IPV6(0x80) },
	{ "IPv6/0 is all of IPv6", A6, { .s6_addr = { [15] = 1 } }, 32, 0, true, {} },
	{ "IPv4's length is not IPv6's", A6, IPV6(0xff, 0xff, 0xff, 0xff), 0, 128, false, A6 },
	{ "an IPv6 prefix as long as IPv4's place", A6, IPV6(0xff, 0xff, 0xff, 0xff, 1), 0, 96,
	  false, IPV6(0xff, 0xff, 0xff, 0xff) },
};

KUNIT_ARRAY_PARAM_DESC(by_prefix, prefix_cases, desc);

static void by_prefix(struct kunit *test)
{
	const struct prefix_case *c = test->param_value;
	const struct twscope_group_by remote = {
		.keys = KEY(REMOTE), .local_len = 77, .local_len4 = 7,
		.remote_len = c->len6, .remote_len4 = c->len4,
	};
	const struct twscope_group_by local = {
		.keys = KEY(LOCAL), .local_len = c->len6, .local_len4 = c->len4,
		.remote_len = 77, .remote_len4 = 7,
	};
	/* both addresses of a bucket are of one family */
	struct twscope_bucket a = { .local = c->a, .remote = c->a };
	struct twscope_bucket b = { .local = c->b, .remote = c->b };
	struct twscope_groups *gs = groups_by(test, &remote);
	struct twscope_group *g = find(test, gs, &a, 0);

	KUNIT_EXPECT_EQ(test, find(test, gs, &b, 0) == g, c->same);
	KUNIT_EXPECT_EQ(test, memcmp(&g->key.remote, &c->key, sizeof(c->key)), 0);

	gs = groups_by(test, &local);
	g = find(test, gs, &a, 0);
	KUNIT_EXPECT_EQ(test, find(test, gs, &b, 0) == g, c->same);
	KUNIT_EXPECT_EQ(test, memcmp(&g->key.local, &c->key, sizeof(c->key)), 0);
}

/* The two prefixes do not meddle with each other. */
static void both_prefixes(struct kunit *test)
{
	const struct twscope_group_by by = {
		.keys = KEY(LOCAL) | KEY(REMOTE),
		.local_len = 128, .local_len4 = 8, .remote_len = 64, .remote_len4 = 32,
	};
	const struct in6_addr local = IPV4(192, 0, 0, 0), remote = IPV6(0, 1, 0, 2);
	struct twscope_groups *gs = groups_by(test, &by);
	struct twscope_group *g = find(test, gs, &four, 0);

	KUNIT_EXPECT_EQ(test, memcmp(&g->key.local, &local, sizeof(local)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&g->key.remote, &four.remote, sizeof(local)), 0);
	g = find(test, gs, &six, 0);
	KUNIT_EXPECT_EQ(test, memcmp(&g->key.local, &six.local, sizeof(local)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(&g->key.remote, &remote, sizeof(local)), 0);
	KUNIT_EXPECT_EQ(test, gs->n, 2);
}

static void full_sockets_have_no_verdict(struct kunit *test)
{
	struct twscope_group_by by = { ALL_BITS };
	struct twscope_groups *gs;

	for (by.keys = 1; by.keys <= ALL_KEYS; by.keys++) {
		gs = twscope_groups_alloc(&by, SEED);
		KUNIT_ASSERT_NOT_NULL(test, gs);
		KUNIT_EXPECT_EQ(test, twscope_groups_have_full(gs),
				!(by.keys & (KEY(SUBSTATE) | KEY(VERDICT))));
		twscope_groups_free(gs);
	}
}

/* What varies from group to group. */
struct spread_case {
	const char	*desc;
	u32		keys;
	void		(*vary)(struct twscope_bucket *b, unsigned int i);
};

static void vary_local_port(struct twscope_bucket *b, unsigned int i)
{
	b->local_port = i;
}

static void vary_remote_port(struct twscope_bucket *b, unsigned int i)
{
	b->remote_port = i;
}

static void vary_address(struct twscope_bucket *b, unsigned int i)
{
	b->remote.s6_addr[14] = i >> 8;
	b->remote.s6_addr[15] = i;
}

static void vary_subnet(struct twscope_bucket *b, unsigned int i)
{
	*b = six;
	b->remote.s6_addr[6] = i >> 8;
	b->remote.s6_addr[7] = i;
}

static void vary_both(struct twscope_bucket *b, unsigned int i)
{
	b->remote.s6_addr[15] = i >> 7;
	b->remote_port = i & 127;
}

static void vary_mark(struct twscope_bucket *b, unsigned int i)
{
	b->mark = i << 20;
}

static void vary_device(struct twscope_bucket *b, unsigned int i)
{
	b->ifindex = i;
}

static const struct spread_case spread_cases[] = {
	{ "local ports", KEY(LOCAL_PORT), vary_local_port },
	{ "remote ports", KEY(REMOTE_PORT), vary_remote_port },
	{ "addresses of a /16", KEY(REMOTE), vary_address },
	{ "addresses of a /16 behind another key", KEY(REMOTE) | KEY(REMOTE_PORT), vary_address },
	{ "networks of an IPv6 /48", KEY(REMOTE), vary_subnet },
	{ "addresses and ports", KEY(REMOTE) | KEY(REMOTE_PORT), vary_both },
	{ "marks", KEY(MARK), vary_mark },
	{ "devices", KEY(IFINDEX), vary_device },
	{ "local ports, all keys", ALL_KEYS, vary_local_port },
	{ "remote ports, all keys", ALL_KEYS, vary_remote_port },
};

KUNIT_ARRAY_PARAM_DESC(spread, spread_cases, desc);

/* How far groups are from where their hash would have them, all together. */
static unsigned int displacement(const struct twscope_groups *gs)
{
	unsigned int i, sum = 0;

	for (i = 0; i < gs->size; i++)
		if (gs->index[i])
			sum += (i - gs->index[i]->hash) & (gs->size - 1);
	return sum;
}

#define SPREAD	4096

/*
 * Many groups, and one bucket more for each of them: the index grows and finds
 * them all again. A search passes few groups, however regular the keys are.
 */
static void spread(struct kunit *test)
{
	const struct spread_case *c = test->param_value;
	const struct twscope_group_by by = { .keys = c->keys, ALL_BITS };
	struct twscope_groups *gs = groups_by(test, &by);
	unsigned int i, sum = 0;
	struct twscope_group *g;
	struct twscope_bucket b;

	for (i = 0; i < 2 * SPREAD; i++) {
		b = four;
		c->vary(&b, i % SPREAD);
		g = find(test, gs, &b, 0);
		twscope_group_add(g, &b, 0, TIMEWAIT_MS);
	}
	KUNIT_EXPECT_EQ(test, gs->n, SPREAD);
	KUNIT_EXPECT_EQ(test, gs->other.count, 0);
	for (i = 0; i < gs->n; i++)
		sum += gs->chunks[i / TWSCOPE_GROUPS_AT_ONCE]
			[i % TWSCOPE_GROUPS_AT_ONCE].count == 2;
	KUNIT_EXPECT_EQ(test, sum, gs->n);
	KUNIT_EXPECT_LT(test, displacement(gs), 2 * gs->n);
}

/* What is no key may lie between those that are. */
static void what_is_no_key(struct kunit *test)
{
	const struct twscope_group_by by = { .keys = ALL_KEYS, ALL_BITS };
	struct twscope_groups *gs = groups_by(test, &by);
	struct twscope_bucket b = four, other = four;
	struct twscope_group *g;

	g = find(test, gs, &b, TWSCOPE_VERDICT_DISABLED);
	other.has_age = !b.has_age;
	other.has_ts = !b.has_ts;
	other.has_answered = !b.has_answered;
	other.full = !b.full;
	other.remaining_ms = ~b.remaining_ms;
	KUNIT_EXPECT_PTR_EQ(test, find(test, gs, &other, TWSCOPE_VERDICT_DISABLED), g);
	KUNIT_EXPECT_PTR_NE(test, find(test, gs, &b, TWSCOPE_VERDICT_REUSABLE), g);
	KUNIT_EXPECT_EQ(test, gs->n, 2);
	KUNIT_EXPECT_EQ(test, g->key.verdict, TWSCOPE_VERDICT_DISABLED);
}

/* Two keys of one hash, which no seed will bring about. */
static void same_hash(struct kunit *test)
{
	const struct twscope_group_by by = { .keys = KEY(REMOTE), ALL_BITS };
	struct twscope_groups *gs = groups_by(test, &by);
	u64 hash = find(test, gs, &six, 0)->hash;
	struct twscope_group *g;

	gs = groups_by(test, &by);
	g = find(test, gs, &four, 0);
	g->hash = hash;
	memset(gs->index, 0, gs->size * sizeof(*gs->index));
	gs->index[hash & (gs->size - 1)] = g;

	KUNIT_EXPECT_PTR_NE(test, find(test, gs, &six, 0), g);
	KUNIT_EXPECT_EQ(test, gs->n, 2);
	KUNIT_EXPECT_PTR_NE(test, find(test, gs, &six, 0), g);
	KUNIT_EXPECT_EQ(test, gs->n, 2);
}

static void no_more_groups(struct kunit *test)
{
	const struct twscope_group_by by = { .keys = KEY(LOCAL_PORT), ALL_BITS };
	struct twscope_groups *gs = groups_by(test, &by);
	struct twscope_group *g, *first = NULL;
	struct twscope_bucket b = four;
	unsigned int i;

	for (i = 0; i <= U16_MAX; i++) {
		b.local_port = i;
		g = find(test, gs, &b, 0);
		twscope_group_add(g, &b, 0, TIMEWAIT_MS);
		first = first ?: g;
		KUNIT_EXPECT_EQ_MSG(test, g == &gs->other, i >= TWSCOPE_MAX_GROUPS,
				    "group %u", i);
	}
	KUNIT_EXPECT_EQ(test, gs->n, TWSCOPE_MAX_GROUPS);
	KUNIT_EXPECT_EQ(test, gs->other.count, U16_MAX + 1 - TWSCOPE_MAX_GROUPS);
	/* those that have a place keep it */
	b.local_port = 0;
	KUNIT_EXPECT_PTR_EQ(test, find(test, gs, &b, 0), first);
}

static void ports_are_counted(struct kunit *test)
{
	struct twscope_group_by by = { .keys = KEY(REMOTE), ALL_BITS, .count_ports = true };
	struct twscope_groups *gs = groups_by(test, &by);
	static const u16 ports[] = { 0, 1, 63, 64, 40000, 40000, 65535, 65535, 1 };
	struct twscope_bucket b = four;
	struct twscope_group *g;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ports); i++) {
		b.local_port = ports[i];
		g = find(test, gs, &b, 0);
		if (i % 2)
			twscope_group_add_full(g, &b, true);
		else
			twscope_group_add(g, &b, 0, TIMEWAIT_MS);
	}
	KUNIT_EXPECT_EQ(test, g->n_ports, 6);
	b.remote.s6_addr[15]++;
	g = find(test, gs, &b, 0);
	twscope_group_add(g, &b, 0, TIMEWAIT_MS);
	KUNIT_EXPECT_EQ(test, g->n_ports, 1);

	by.keys = KEY(LOCAL_PORT);
	gs = groups_by(test, &by);
	for (i = 0; i <= U16_MAX; i++) {
		b.local_port = i;
		twscope_group_add(find(test, gs, &b, 0), &b, 0, TIMEWAIT_MS);
	}
	KUNIT_EXPECT_EQ(test, gs->n, TWSCOPE_MAX_GROUPS_WITH_PORTS);
	KUNIT_EXPECT_EQ(test, gs->other.count,
			U16_MAX + 1 - TWSCOPE_MAX_GROUPS_WITH_PORTS);
	KUNIT_EXPECT_EQ(test, gs->other.n_ports, 0);
}

/* Ports are not counted where nobody asked. */
static void ports_are_not_counted(struct kunit *test)
{
	const struct twscope_group_by by = { .keys = KEY(REMOTE), ALL_BITS };
	struct twscope_group *g = find(test, groups_by(test, &by), &four, 0);

	twscope_group_add(g, &four, 0, TIMEWAIT_MS);
	twscope_group_add_full(g, &four, true);
	KUNIT_EXPECT_EQ(test, g->n_ports, 0);
	KUNIT_EXPECT_NULL(test, g->ports);
}

/* One bucket after the other into one group. */
struct added_case {
	u8	verdict;
	u8	substate;
	u32	remaining_ms;
	int	closes;		/* slot, or -1 */
	u32	earliest_ms;	/* now */
	u32	latest_ms;
};

#define TW		TWSCOPE_SUBSTATE_TIME_WAIT
#define FW2		TWSCOPE_SUBSTATE_FIN_WAIT2

static const struct added_case added_cases[] = {
	{ TWSCOPE_VERDICT_REUSABLE, TW, 30000, 30, 30000, 30000 },
	{ TWSCOPE_VERDICT_REUSABLE, TW, 30001, 29, 30000, 30001 },
	{ TWSCOPE_VERDICT_TOO_YOUNG, TW, 60000, 0, 30000, 60000 },
	{ TWSCOPE_VERDICT_FIN_WAIT2, FW2, 90000, -1, 30000, 90000 },
	{ TWSCOPE_VERDICT_FIN_WAIT2, FW2, 10, -1, 10, 90000 },
	{ TWSCOPE_VERDICT_UNKNOWN, TW, 1, 59, 1, 90000 },
	{ TWSCOPE_N_VERDICTS - 1, TW, 0, -1, 0, 90000 },
	{ TWSCOPE_VERDICT_REUSABLE, TW, 5000, 55, 0, 90000 },
};

static void buckets_are_counted(struct kunit *test)
{
	u32 closes[TWSCOPE_CLOSES_SLOTS] = {}, verdicts[TWSCOPE_N_VERDICTS] = {};
	struct twscope_group g = {};
	unsigned int i, j;

	for (i = 0; i < ARRAY_SIZE(added_cases); i++) {
		const struct added_case *c = &added_cases[i];
		const struct twscope_bucket b = {
			.substate = c->substate, .remaining_ms = c->remaining_ms,
		};

		twscope_group_add(&g, &b, c->verdict, TIMEWAIT_MS);
		verdicts[c->verdict]++;
		if (c->closes >= 0)
			closes[c->closes]++;
		KUNIT_EXPECT_EQ(test, g.count, i + 1);
		KUNIT_EXPECT_EQ(test, g.earliest_ms, c->earliest_ms);
		KUNIT_EXPECT_EQ(test, g.latest_ms, c->latest_ms);
		KUNIT_EXPECT_EQ(test, g.in_use, 0);
		for (j = 0; j < TWSCOPE_N_VERDICTS; j++)
			KUNIT_EXPECT_EQ(test, g.verdicts[j], verdicts[j]);
		for (j = 0; j < TWSCOPE_CLOSES_SLOTS; j++)
			KUNIT_EXPECT_EQ_MSG(test, g.closes[j], closes[j], "slot %u", j);
	}
}

static void full_sockets_are_counted(struct kunit *test)
{
	struct twscope_group g = {};

	twscope_group_add_full(&g, &four, false);
	KUNIT_EXPECT_EQ(test, g.in_use, 1);
	KUNIT_EXPECT_EQ(test, g.in_use_searched, 0);
	twscope_group_add_full(&g, &four, true);
	KUNIT_EXPECT_EQ(test, g.in_use, 2);
	KUNIT_EXPECT_EQ(test, g.in_use_searched, 1);
	KUNIT_EXPECT_EQ(test, g.count, 0);
	/* the first bucket's time is the earliest and the latest all the same */
	twscope_group_add(&g, &four, 0, TIMEWAIT_MS);
	KUNIT_EXPECT_EQ(test, g.earliest_ms, 30000);
	KUNIT_EXPECT_EQ(test, g.latest_ms, 30000);
}

struct part {
	u32	count;
	u32	earliest_ms;
	u32	latest_ms;
};

static void number(struct twscope_group *g, const struct part *p)
{
	unsigned int i;

	g->count = p->count;
	g->earliest_ms = p->earliest_ms;
	g->latest_ms = p->latest_ms;
	g->in_use = 3;
	g->in_use_searched = 2;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		g->verdicts[i] = p->count + i;
		g->whatif[i] = p->count + 100 * i;
	}
	for (i = 0; i < TWSCOPE_CLOSES_SLOTS; i++)
		g->closes[i] = p->count * i;
}

static void sums(struct kunit *test)
{
	static const struct part parts[] = {
		{}, { 5, 2000, 3000 }, {}, { 7, 1000, 2500 }, { 1, 4000, 4000 },
	};
	struct twscope_group *to = kunit_kzalloc(test, sizeof(*to), GFP_KERNEL);
	struct twscope_group *g = kunit_kzalloc(test, sizeof(*g), GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, to);
	KUNIT_ASSERT_NOT_NULL(test, g);
	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		number(g, &parts[i]);
		twscope_group_sum(to, g);
	}

	KUNIT_EXPECT_EQ(test, to->count, 13);
	KUNIT_EXPECT_EQ(test, to->in_use, 15);
	KUNIT_EXPECT_EQ(test, to->in_use_searched, 10);
	/* that of no bucket has no time */
	KUNIT_EXPECT_EQ(test, to->earliest_ms, 1000);
	KUNIT_EXPECT_EQ(test, to->latest_ms, 4000);
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		KUNIT_EXPECT_EQ(test, to->verdicts[i], 13 + 5 * i);
		KUNIT_EXPECT_EQ(test, to->whatif[i], 13 + 500 * i);
	}
	for (i = 0; i < TWSCOPE_CLOSES_SLOTS; i++)
		KUNIT_EXPECT_EQ_MSG(test, to->closes[i], 13 * i, "slot %u", i);
}

/* Groups by remote port, told apart by it, and where they come in each order. */
struct sorted_case {
	u16	port;
	u32	old_closes;	/* ten seconds ago and longer */
	u32	young_closes;	/* the last of the tenth second */
	u32	in_use;
	u8	place[3];	/* by enum twscope_group_sort */
};

static const struct sorted_case sorted_cases[] = {
	{ 1, 5, 0, 0, { 3, 3, 4 } },
	{ 2, 0, 4, 2, { 4, 1, 2 } },
	{ 3, 6, 1, 0, { 0, 2, 1 } },
	{ 4, 0, 6, 0, { 1, 0, 3 } },
	{ 5, 6, 0, 9, { 2, 4, 0 } },
};

static void add_closes(struct kunit *test, struct twscope_groups *gs,
		       const struct sorted_case *c)
{
	struct twscope_bucket b = four;
	struct twscope_group *g;
	unsigned int i;

	b.remote_port = c->port;
	g = find(test, gs, &b, 0);
	b.remaining_ms = 50000;
	for (i = 0; i < c->old_closes; i++)
		twscope_group_add(g, &b, 0, TIMEWAIT_MS);
	b.remaining_ms = 50001;
	for (i = 0; i < c->young_closes; i++)
		twscope_group_add(g, &b, 0, TIMEWAIT_MS);
	for (i = 0; i < c->in_use; i++)
		twscope_group_add_full(g, &b, true);
}

static void orders(struct kunit *test)
{
	const struct twscope_group_by by = { .keys = KEY(REMOTE_PORT), ALL_BITS };
	struct twscope_groups *gs = groups_by(test, &by);
	const struct twscope_group **sorted;
	unsigned int i, place;
	u8 order;

	for (i = ARRAY_SIZE(sorted_cases); i-- > 0;)
		add_closes(test, gs, &sorted_cases[i]);
	for (order = 0; order <= TWSCOPE_GROUP_SORT_HELD; order++) {
		sorted = twscope_groups_sort(gs, order);
		KUNIT_ASSERT_NOT_NULL(test, sorted);
		for (i = 0; i < ARRAY_SIZE(sorted_cases); i++) {
			place = sorted_cases[i].place[order];
			KUNIT_EXPECT_EQ_MSG(test, sorted[place]->key.remote_port,
					    sorted_cases[i].port, "order %u", order);
		}
		kvfree(sorted);
	}
}

/* Of groups as large as each other, each with its number in the mark. */
static void ties(struct kunit *test)
{
	const struct twscope_group_by by = { .keys = ALL_KEYS, ALL_BITS };
	struct twscope_groups *gs = groups_by(test, &by);
	const struct twscope_group **sorted;
	static const struct twscope_bucket in_order[] = {
		{ .remote = IPV4(198, 51, 100, 7), .netns_id = 1, .local_port = 2 },
		{ .remote = IPV4(198, 51, 100, 7), .netns_id = 1, .local_port = 256 },
		{ .remote = IPV4(198, 51, 100, 7), .netns_id = 1, .local_port = 257 },
		{ .remote = IPV4(198, 51, 100, 7), .netns_id = 256 },
		{ .remote = IPV4(198, 51, 101, 6) },
		{ .remote = IPV4(198, 51, 101, 6), .remote_port = 80 },
		{ .remote = IPV4(198, 51, 101, 6), .remote_port = 80, .ifindex = 1 },
		{ .remote = IPV6() },
		{ .local = IPV4(192, 0, 2, 1) },
	};
	struct twscope_bucket b;
	unsigned int i;

	for (i = ARRAY_SIZE(in_order); i-- > 0;) {
		b = in_order[i];
		b.mark = i;
		twscope_group_add(find(test, gs, &b, 0), &b, 0, TIMEWAIT_MS);
	}
	sorted = twscope_groups_sort(gs, TWSCOPE_GROUP_SORT_COUNT);
	KUNIT_ASSERT_NOT_NULL(test, sorted);
	for (i = 0; i < ARRAY_SIZE(in_order); i++)
		KUNIT_EXPECT_EQ(test, sorted[i]->key.mark, i);
	kvfree(sorted);
}

static void none_in_order(struct kunit *test)
{
	const struct twscope_group_by by = { .keys = KEY(REMOTE_PORT), ALL_BITS };
	const struct twscope_group **sorted;

	sorted = twscope_groups_sort(groups_by(test, &by), TWSCOPE_GROUP_SORT_COUNT);
	KUNIT_EXPECT_NOT_NULL(test, sorted);
	kvfree(sorted);
	twscope_groups_free(NULL);
}

static struct kunit_case group_cases[] = {
	KUNIT_CASE_PARAM(by_keys, by_keys_gen_params),
	KUNIT_CASE(keys_are_kept),
	KUNIT_CASE_PARAM(by_prefix, by_prefix_gen_params),
	KUNIT_CASE(both_prefixes),
	KUNIT_CASE(full_sockets_have_no_verdict),
	KUNIT_CASE_PARAM(spread, spread_gen_params),
	KUNIT_CASE(what_is_no_key),
	KUNIT_CASE(same_hash),
	KUNIT_CASE(no_more_groups),
	KUNIT_CASE(ports_are_counted),
	KUNIT_CASE(ports_are_not_counted),
	KUNIT_CASE(buckets_are_counted),
	KUNIT_CASE(full_sockets_are_counted),
	KUNIT_CASE(sums),
	KUNIT_CASE(orders),
	KUNIT_CASE(ties),
	KUNIT_CASE(none_in_order),
	{}
};

static struct kunit_suite group_suite = {
	.name		= "twscope_group",
	.test_cases	= group_cases,
};

kunit_test_suite(group_suite);
