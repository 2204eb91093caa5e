// SPDX-License-Identifier: GPL-2.0
/*
 * Buckets counted by what they have in common.
 *
 * Of groups there are at most so many; what finds no group any more is counted
 * as others. As the walk passes the buckets in the order of a keyed hash, which
 * is none, a group of many is met early and has its place.
 */

#include <linux/bitops.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <net/ipv6.h>

#include "bucket.h"
#include "group.h"
#include "histogram.h"
#include "ports.h"

#define FIRST_INDEX	256
/* Of closes_hist, for the order by rate. */
#define RATE_SECONDS	10
#define IPV4_IN_MAPPED	96

#define KEY_WORDS	(sizeof(struct twscope_group_keys) / sizeof(u64))
#define VERDICT_WORD	(offsetof(struct twscope_group_keys, verdict) / sizeof(u64))

/*
 * All ones where an asked for field is; addresses in their own way. A verdict has
 * none, as there is no such field in a bucket.
 */
static void mask_of(const struct twscope_group_by *by, bool ipv4,
		    struct twscope_group_keys *mask)
{
	static const struct in6_addr ones = {
		.s6_addr = { [0 ... 15] = 0xff },
	};
	u32 keys = by->keys;

	memset(mask, 0, sizeof(*mask));
	if (keys & TWSCOPE_GROUP_KEY_NETNS) {
		mask->netns_id = U64_MAX;
		mask->netns = U32_MAX;
	}
	if (keys & TWSCOPE_GROUP_KEY_FAMILY)
		mask->family = U16_MAX;
	if (keys & TWSCOPE_GROUP_KEY_LOCAL)
		ipv6_addr_prefix(&mask->local, &ones, ipv4 ?
				 IPV4_IN_MAPPED + by->local_len4 : by->local_len);
	if (keys & TWSCOPE_GROUP_KEY_LOCAL_PORT)
		mask->local_port = U16_MAX;
	if (keys & TWSCOPE_GROUP_KEY_REMOTE)
		ipv6_addr_prefix(&mask->remote, &ones, ipv4 ?
				 IPV4_IN_MAPPED + by->remote_len4 : by->remote_len);
	if (keys & TWSCOPE_GROUP_KEY_REMOTE_PORT)
		mask->remote_port = U16_MAX;
	if (keys & TWSCOPE_GROUP_KEY_IFINDEX)
		mask->ifindex = U32_MAX;
	if (keys & TWSCOPE_GROUP_KEY_MARK)
		mask->mark = U32_MAX;
	if (keys & TWSCOPE_GROUP_KEY_SUBSTATE)
		mask->substate = U8_MAX;
}

/* From one number many, none of which tells of another (splitmix64). */
static struct twscope_group_secret next_secret(u64 *state)
{
	u64 z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
	z ^= z >> 31;
	return (struct twscope_group_secret) {
		.upper = z >> 32,
		.lower = (u32)z,
	};
}

/* Only the words that may differ are masked, hashed and compared. */
static void set_words(struct twscope_groups *gs, u64 seed)
{
	struct twscope_group_keys masks[2];
	const u64 *mask6 = (const u64 *)&masks[false];
	const u64 *mask4 = (const u64 *)&masks[true];
	unsigned int i;

	mask_of(&gs->by, false, &masks[false]);
	mask_of(&gs->by, true, &masks[true]);
	gs->by_verdict = gs->by.keys & TWSCOPE_GROUP_KEY_VERDICT;
	gs->verdict_secret = next_secret(&seed);
	for (i = 0; i < KEY_WORDS; i++) {
		if (!(mask6[i] | mask4[i]) &&
		    !(gs->by_verdict && i == VERDICT_WORD))
			continue;
		gs->words[gs->n_words++] = (struct twscope_group_word) {
			.secret = next_secret(&seed),
			.mask = { [false] = mask6[i], [true] = mask4[i] },
			.index = i,
		};
	}
}

/**
 * twscope_groups_alloc() - begin to group
 * @by: by what
 * @seed: anything that nobody can guess
 *
 * Takes 5 KiB, and 29 KiB more for each TWSCOPE_GROUPS_AT_ONCE groups, charged to
 * the caller; with @by->count_ports 8 KiB more for each group.
 *
 * Context: process.
 * Return: no groups, to be freed with twscope_groups_free(); NULL without memory.
 */
struct twscope_groups *twscope_groups_alloc(const struct twscope_group_by *by,
					    u64 seed)
{
	struct twscope_groups *gs;

	gs = kzalloc(sizeof(*gs), GFP_KERNEL_ACCOUNT);
	if (!gs)
		return NULL;

	gs->by = *by;
	gs->max = by->count_ports ? TWSCOPE_MAX_GROUPS_WITH_PORTS :
				    TWSCOPE_MAX_GROUPS;
	set_words(gs, seed);

	gs->size = FIRST_INDEX;
	gs->index = kvcalloc(gs->size, sizeof(*gs->index), GFP_KERNEL_ACCOUNT);
	if (!gs->index) {
		kfree(gs);
		return NULL;
	}
	return gs;
}

/**
 * twscope_groups_at() - a group
 * @gs: the groups
 * @i: which, below @gs->n
 *
 * Context: any.
 * Return: the group.
 */
struct twscope_group *twscope_groups_at(const struct twscope_groups *gs,
					unsigned int i)
{
	return &gs->chunks[i / TWSCOPE_GROUPS_AT_ONCE][i % TWSCOPE_GROUPS_AT_ONCE];
}

/**
 * twscope_groups_free() - free what twscope_groups_alloc() returned
 * @gs: the groups, or NULL
 *
 * Context: process.
 */
void twscope_groups_free(struct twscope_groups *gs)
{
	unsigned int i;

	if (!gs)
		return;
	for (i = 0; i < gs->n; i++)
		kfree(twscope_groups_at(gs, i)->ports);
	for (i = 0; i < ARRAY_SIZE(gs->chunks); i++)
		kvfree(gs->chunks[i]);
	kvfree(gs->index);
	kfree(gs);
}

/**
 * twscope_groups_have_full() - do full sockets belong to groups like these
 * @gs: the groups
 *
 * Context: any.
 * Return: false where they are told apart by what only buckets have.
 */
bool twscope_groups_have_full(const struct twscope_groups *gs)
{
	return !(gs->by.keys & (TWSCOPE_GROUP_KEY_SUBSTATE |
				TWSCOPE_GROUP_KEY_VERDICT));
}

#define SAME_PLACE(member)						\
	static_assert(offsetof(struct twscope_bucket, member) ==	\
		      offsetof(struct twscope_group_keys, member))

SAME_PLACE(local);
SAME_PLACE(remote);
SAME_PLACE(netns_id);
SAME_PLACE(netns);
SAME_PLACE(mark);
SAME_PLACE(ifindex);
SAME_PLACE(local_port);
SAME_PLACE(remote_port);
SAME_PLACE(family);
SAME_PLACE(substate);

/* Upper half and lower half, each with a secret of its own, multiplied. */
static u64 halves(u64 word, const struct twscope_group_secret *secret)
{
	u32 upper = (u32)(word >> 32) + secret->upper;
	u32 lower = (u32)word + secret->lower;

	return (u64)upper * lower;
}

/*
 * Of @gs->key no other words than those that may differ are ever written.
 *
 * Who connects to us chooses addresses and ports. By NH, a universal hash, any two
 * keys collide for one in 2^32 sets of secrets, whoever chose them. Its lower bits
 * are the index; what follows the sum moves what the upper ones have there.
 */
static u64 set_key(struct twscope_groups *gs, const struct twscope_bucket *b,
		   u8 verdict)
{
	const struct twscope_group_word *w = gs->words;
	const struct twscope_group_word *end = w + gs->n_words;
	bool ipv4 = ipv6_addr_v4mapped(&b->remote);
	const u64 *from = (const u64 *)b;
	u64 *key = (u64 *)&gs->key;
	u64 hash = 0, word;

	for (; w < end; w++) {
		word = from[w->index] & w->mask[ipv4];
		hash += halves(word, &w->secret);
		key[w->index] = word;
	}
	if (gs->by_verdict) {
		hash += halves(verdict, &gs->verdict_secret);
		gs->key.verdict = verdict;
	}
	hash ^= hash >> 33;
	hash *= 0xff51afd7ed558ccdULL;
	hash ^= hash >> 33;
	return hash;
}

static bool has_key(const struct twscope_group *g,
		    const struct twscope_groups *gs)
{
	const struct twscope_group_word *w = gs->words;
	const struct twscope_group_word *end = w + gs->n_words;
	const u64 *x = (const u64 *)&g->key, *y = (const u64 *)&gs->key;

	for (; w < end; w++)
		if (x[w->index] != y[w->index])
			return false;
	return true;
}

/* Of a group that is not there. */
static struct twscope_group **free_slot(const struct twscope_groups *gs, u64 hash)
{
	unsigned int i = hash & (gs->size - 1);

	while (gs->index[i])
		i = (i + 1) & (gs->size - 1);
	return &gs->index[i];
}

static int grow_index(struct twscope_groups *gs)
{
	struct twscope_group **index;
	unsigned int i;

	index = kvcalloc(2 * gs->size, sizeof(*index), GFP_KERNEL_ACCOUNT);
	if (!index)
		return -ENOMEM;

	kvfree(gs->index);
	gs->index = index;
	gs->size *= 2;
	for (i = 0; i < gs->n; i++)
		*free_slot(gs, twscope_groups_at(gs, i)->hash) = twscope_groups_at(gs, i);
	return 0;
}

static struct twscope_group *new_group(struct twscope_groups *gs, u64 hash,
				       u32 l3mdev)
{
	struct twscope_group **chunk;
	struct twscope_group *g;

	if (2 * gs->n >= gs->size && grow_index(gs))
		return NULL;

	chunk = &gs->chunks[gs->n / TWSCOPE_GROUPS_AT_ONCE];
	if (!*chunk)
		*chunk = kvcalloc(TWSCOPE_GROUPS_AT_ONCE, sizeof(**chunk),
				  GFP_KERNEL_ACCOUNT);
	if (!*chunk)
		return NULL;

	g = twscope_groups_at(gs, gs->n);
	if (gs->by.count_ports) {
		g->ports = kcalloc(BITS_TO_LONGS(TWSCOPE_ALL_PORTS),
				   sizeof(long), GFP_KERNEL_ACCOUNT);
		if (!g->ports)
			return NULL;
	}
	g->key = gs->key;
	g->hash = hash;
	g->l3mdev = l3mdev;
	*free_slot(gs, hash) = g;
	gs->n++;
	return g;
}

/**
 * twscope_groups_find() - to which group does a bucket belong
 * @gs: the groups
 * @b: the bucket, or a full socket
 * @verdict: enum twscope_verdict of the bucket
 *
 * Context: process.
 * Return: the group, a new one where there was none yet; @gs->other where there
 * may be no more; NULL without memory.
 */
struct twscope_group *twscope_groups_find(struct twscope_groups *gs,
					  const struct twscope_bucket *b,
					  u8 verdict)
{
	u64 hash = set_key(gs, b, verdict);
	unsigned int i = hash & (gs->size - 1);
	struct twscope_group *g;

	for (; gs->index[i]; i = (i + 1) & (gs->size - 1)) {
		g = gs->index[i];
		if (g->hash == hash && has_key(g, gs))
			return g;
	}
	if (gs->n == gs->max)
		return &gs->other;
	return new_group(gs, hash, b->l3mdev);
}

static void count_port(struct twscope_group *g, u16 port)
{
	if (g->ports && !__test_and_set_bit(port, g->ports))
		g->n_ports++;
}

static void note_times(struct twscope_group *g, u32 earliest_ms, u32 latest_ms)
{
	if (!g->count || earliest_ms < g->earliest_ms)
		g->earliest_ms = earliest_ms;
	if (!g->count || latest_ms > g->latest_ms)
		g->latest_ms = latest_ms;
}

/**
 * twscope_group_add() - count a bucket
 * @g: its group
 * @b: the bucket
 * @verdict: enum twscope_verdict
 * @timewait_len_ms: how long this kernel's TIME_WAIT lasts, in milliseconds
 *
 * Context: any; takes no lock.
 */
void twscope_group_add(struct twscope_group *g, const struct twscope_bucket *b,
		       u8 verdict, u32 timewait_len_ms)
{
	note_times(g, b->remaining_ms, b->remaining_ms);
	g->count++;
	g->verdicts[verdict]++;
	if (b->substate != TWSCOPE_SUBSTATE_FIN_WAIT2)
		twscope_hist_add_close(g->closes, b->remaining_ms,
				       timewait_len_ms);
	count_port(g, b->local_port);
}

/**
 * twscope_group_add_full() - count a full socket
 * @g: its group
 * @b: the socket
 * @searched: the port search asks about its port
 *
 * Context: any; takes no lock.
 */
void twscope_group_add_full(struct twscope_group *g,
			    const struct twscope_bucket *b, bool searched)
{
	g->in_use++;
	g->in_use_searched += searched;
	count_port(g, b->local_port);
}

/**
 * twscope_group_sum() - add one group to another
 * @to: where to; has no ports
 * @g: what is added
 *
 * Context: any; takes no lock.
 */
void twscope_group_sum(struct twscope_group *to, const struct twscope_group *g)
{
	unsigned int i;

	if (g->count)
		note_times(to, g->earliest_ms, g->latest_ms);
	to->count += g->count;
	to->in_use += g->in_use;
	to->in_use_searched += g->in_use_searched;
	for (i = 0; i < TWSCOPE_N_VERDICTS; i++) {
		to->verdicts[i] += g->verdicts[i];
		to->whatif[i] += g->whatif[i];
	}
	for (i = 0; i < TWSCOPE_CLOSES_SLOTS; i++)
		to->closes[i] += g->closes[i];
}

/* Addresses by their bytes, numbers as numbers: whoever reads them expects that. */
static int by_key(const struct twscope_group_keys *a,
		  const struct twscope_group_keys *b)
{
	const u64 x[] = {
		a->netns_id, a->netns, a->family, a->local_port, a->remote_port,
		a->ifindex, a->mark, a->substate, a->verdict,
	};
	const u64 y[] = {
		b->netns_id, b->netns, b->family, b->local_port, b->remote_port,
		b->ifindex, b->mark, b->substate, b->verdict,
	};
	int order = memcmp(&a->local, &b->local, sizeof(a->local)) ?:
		    memcmp(&a->remote, &b->remote, sizeof(a->remote));
	unsigned int i;

	for (i = 0; !order && i < ARRAY_SIZE(x); i++)
		order = x[i] < y[i] ? -1 : x[i] > y[i];
	return order;
}

/* The more the earlier; the keys decide where that is the same. */
static int by_number(u64 x, u64 y, const struct twscope_group *a,
		     const struct twscope_group *b)
{
	if (x != y)
		return x > y ? -1 : 1;
	return by_key(&a->key, &b->key);
}

static int by_count(const void *a, const void *b)
{
	const struct twscope_group * const *x = a, * const *y = b;

	return by_number((*x)->count, (*y)->count, *x, *y);
}

static u32 recent(const struct twscope_group *g)
{
	u32 closes = 0;
	unsigned int i;

	for (i = 0; i < RATE_SECONDS; i++)
		closes += g->closes[i];
	return closes;
}

static int by_rate(const void *a, const void *b)
{
	const struct twscope_group * const *x = a, * const *y = b;

	return by_number(recent(*x), recent(*y), *x, *y);
}

static int by_held(const void *a, const void *b)
{
	const struct twscope_group * const *x = a, * const *y = b;

	return by_number((u64)(*x)->count + (*x)->in_use,
			 (u64)(*y)->count + (*y)->in_use, *x, *y);
}

/**
 * twscope_groups_sort() - put groups in order
 * @gs: the groups
 * @order: enum twscope_group_sort
 *
 * Context: process.
 * Return: all of them, @gs->other apart, the first in that order first; to be
 * freed with kvfree(). NULL without memory.
 */
const struct twscope_group **
twscope_groups_sort(const struct twscope_groups *gs, u8 order)
{
	static int (* const compare[])(const void *a, const void *b) = {
		[TWSCOPE_GROUP_SORT_COUNT]	= by_count,
		[TWSCOPE_GROUP_SORT_RATE]	= by_rate,
		[TWSCOPE_GROUP_SORT_HELD]	= by_held,
	};
	const struct twscope_group **sorted;
	unsigned int i;

	/* of none there is an array, too: NULL stands for no memory */
	sorted = kvmalloc_array(gs->n + 1, sizeof(*sorted), GFP_KERNEL_ACCOUNT);
	if (!sorted)
		return NULL;

	for (i = 0; i < gs->n; i++)
		sorted[i] = twscope_groups_at(gs, i);
	sort(sorted, gs->n, sizeof(*sorted), compare[order], NULL);
	return sorted;
}
