// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over the established hash.
 *
 * A chain is copied whole while its lock is held, and everything else happens
 * to the copies. That gives each bucket that is there all along exactly once,
 * however often the reader comes back for the rest of a chain and whatever
 * enters or leaves meanwhile, and it needs no reference: nothing that is in a
 * chain can go away while the lock is held.
 *
 * The lock is held for a time proportional to the chain, as by a connect() that
 * meets it; a copy costs some four cache lines where the comparison of a
 * connect() costs one. A chain longer than the batch is passed once more, to be
 * copied when there is room. Memory is bounded by 1.25 times the longest chain
 * of wanted buckets and charged to the reader.
 */

#include <linux/bottom_half.h>
#include <linux/cache.h>
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/prefetch.h>
#include <linux/rcupdate.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/tcp.h>

#include "bucket.h"
#include "clock.h"
#include "ehash.h"
#include "netns.h"
#include "twsk.h"

/* Buckets in a batch; a longer chain makes it grow. */
#define BATCH_SIZE	64
/* Chains scanned in one go, that is without a chance to reschedule. */
#define CHAINS_AT_ONCE	1024
/* Chains copied without a softirq in between, as each time has its price. */
#define CHAINS_PER_BH	16
/*
 * Memory is asked for ahead: for the first socket of a chain when the chain is
 * found not to be empty, which happens when no longer enough of them are known;
 * for those behind it so many chains before it is copied. Much sooner would be too
 * soon: it would have left the nearest cache again.
 */
#define ENOUGH_AHEAD	(TWSCOPE_WALK_AHEAD * 5 / 8)
#define SECOND_AHEAD	9
#define THIRD_AHEAD	5
#define FOURTH_AHEAD	2

/* A walk without a batch has room for nothing, and may still get one. */
static int make_room(struct twscope_walk *walk, unsigned int size)
{
	kvfree(walk->batch);
	walk->batch = kvcalloc(size, sizeof(*walk->batch), GFP_KERNEL_ACCOUNT);
	walk->size = walk->batch ? size : 0;
	return walk->batch ? 0 : -ENOMEM;
}

/**
 * twscope_walk_init() - begin a walk
 * @walk: the walk, to be freed with twscope_walk_free()
 * @net: only buckets of this namespace, which the caller keeps alive; NULL for
 *	all namespaces
 *
 * Context: process.
 * Return: 0, or -ENOMEM.
 */
int twscope_walk_init(struct twscope_walk *walk, struct net *net)
{
	*walk = (struct twscope_walk) {
		.net = net,
		.netns_id = net ? twscope_netns_id(net) : 0,
	};
	return make_room(walk, BATCH_SIZE);
}

/**
 * twscope_walk_free() - end a walk, wherever it is
 * @walk: the walk
 *
 * Context: process.
 */
void twscope_walk_free(struct twscope_walk *walk)
{
	kvfree(walk->batch);
	*walk = (struct twscope_walk) { .done = true };
}

static bool is_wanted(const struct twscope_walk *walk, const struct sock *sk)
{
	if (walk->route)
		return twscope_twsk_on_route(sk, walk->net, walk->route);
	if (walk->net && !net_eq(sock_net(sk), walk->net))
		return false;
	if (READ_ONCE(sk->sk_state) == TCP_TIME_WAIT)
		return true;
	return walk->full && (walk->net || twscope_twsk_has_netns(sk));
}

/*
 * Who asks for one namespace has looked up its number. What nobody will look at is
 * left as it was: nothing, or another bucket's.
 */
static void snapshot(const struct twscope_walk *walk, const struct sock *sk,
		     const struct twscope_clock *now, struct twscope_bucket *b)
{
	b->netns_id = walk->netns_id ?: twscope_netns_id(sock_net(sk));
	if (READ_ONCE(sk->sk_state) == TCP_TIME_WAIT)
		twscope_twsk_snapshot(inet_twsk(sk), now, walk->brief, b);
	else
		twscope_twsk_snapshot_full(sk, b);
}

/*
 * Copies the wanted buckets of a chain behind those already in the batch.
 * Returns how many there are; when that is more than there is room for, what
 * was copied of them is of no use.
 */
static unsigned int copy_chain(struct twscope_walk *walk,
			       struct inet_hashinfo *hashinfo,
			       unsigned int chain, const struct twscope_clock *now)
{
	struct inet_ehash_bucket *head = &hashinfo->ehash[chain];
	spinlock_t *lock = inet_ehash_lockp(hashinfo, chain);
	unsigned int room = walk->size - walk->n;
	const struct hlist_nulls_node *node;
	unsigned int found = 0;
	struct sock *sk;

	spin_lock(lock);
	sk_nulls_for_each(sk, node, &head->chain) {
		if (!is_wanted(walk, sk))
			continue;
		if (found < room)
			snapshot(walk, sk, now, &walk->batch[walk->n + found]);
		found++;
	}
	spin_unlock(lock);

	return found;
}

static void ask_for(const struct hlist_nulls_node *node)
{
	const char *sk = (const char *)hlist_nulls_entry(node, struct sock,
							 sk_nulls_node);
	unsigned int line;

	/* prefetch_range() may ask for every fourth line only */
	for (line = 0; line < sizeof(struct tcp_timewait_sock);
	     line += L1_CACHE_BYTES)
		prefetch(sk + line);
}

/*
 * A bucket lies anywhere in memory, and waiting for it is most of a walk. So it is
 * asked for when those before it in its chain have come. They are passed without
 * the lock, as a lookup passes them: under RCU what is in a chain may leave it,
 * but its memory stays that of a socket.
 */
static void ask_for_next(const struct twscope_walk *walk,
			 const struct inet_hashinfo *hashinfo,
			 unsigned int ahead, unsigned int place)
{
	const struct hlist_nulls_node *node;
	unsigned int chain;

	if (ahead >= walk->n_ahead)
		return;
	chain = walk->ahead[(walk->first + ahead) % TWSCOPE_WALK_AHEAD];
	node = READ_ONCE(hashinfo->ehash[chain].chain.first);
	for (; place && !is_a_nulls(node); place--)
		node = READ_ONCE(node->next);
	if (!is_a_nulls(node))
		ask_for(node);
}

/* Chains not looked at yet. */
static unsigned int left(const struct twscope_walk *walk,
			 const struct inet_hashinfo *hashinfo)
{
	return hashinfo->ehash_mask + 1 - walk->chain;
}

static bool is_looked_through(const struct twscope_walk *walk,
			      const struct inet_hashinfo *hashinfo)
{
	return !left(walk, hashinfo);
}

/*
 * Finds chains with something in them until there are enough, looking at @budget
 * chains at most. Returns false when the budget did not suffice.
 */
static bool look_ahead(struct twscope_walk *walk,
		       const struct inet_hashinfo *hashinfo, unsigned int *budget)
{
	unsigned int end = walk->chain + min(*budget, left(walk, hashinfo));
	const struct inet_ehash_bucket *heads = hashinfo->ehash;
	const struct hlist_nulls_node *node;
	unsigned int chain;

	*budget -= end - walk->chain;
	for (chain = walk->chain; chain < end; chain++) {
		node = READ_ONCE(heads[chain].chain.first);
		if (is_a_nulls(node))
			continue;
		if (walk->n_ahead == TWSCOPE_WALK_AHEAD)
			break;
		walk->ahead[(walk->first + walk->n_ahead++) %
			    TWSCOPE_WALK_AHEAD] = chain;
		ask_for(node);
	}
	*budget += end - chain;
	walk->chain = chain;
	return *budget || is_looked_through(walk, hashinfo);
}

/* Copies the first chain that is ahead. Returns as scan() does. */
static unsigned int copy_next(struct twscope_walk *walk,
			      struct inet_hashinfo *hashinfo,
			      const struct twscope_clock *now)
{
	unsigned int chain = walk->ahead[walk->first % TWSCOPE_WALK_AHEAD];
	unsigned int found;

	ask_for_next(walk, hashinfo, SECOND_AHEAD, 1);
	ask_for_next(walk, hashinfo, THIRD_AHEAD, 2);
	ask_for_next(walk, hashinfo, FOURTH_AHEAD, 3);
	found = copy_chain(walk, hashinfo, chain, now);
	if (found > walk->size - walk->n)
		return found;

	walk->n += found;
	walk->n_ahead--;
	walk->first++;
	return 0;
}

static bool is_over(const struct twscope_walk *walk,
		    const struct inet_hashinfo *hashinfo)
{
	return !walk->n_ahead && is_looked_through(walk, hashinfo);
}

/*
 * Scans some chains. Returns 0 when it scanned its share or came to the end of
 * the hash; when the next chain does not fit into what is left of the batch, how
 * many buckets that chain has.
 */
static unsigned int scan(struct twscope_walk *walk,
			 struct inet_hashinfo *hashinfo)
{
	unsigned int budget = CHAINS_AT_ONCE, wanted = 0, n;
	struct twscope_clock now;

	while (!wanted && look_ahead(walk, hashinfo, &budget) &&
	       walk->n_ahead) {
		twscope_clock_read(&now);
		local_bh_disable();
		for (n = 0; n < CHAINS_PER_BH && walk->n_ahead && !wanted; n++) {
			if (walk->n_ahead < ENOUGH_AHEAD &&
			    !look_ahead(walk, hashinfo, &budget))
				break;
			wanted = copy_next(walk, hashinfo, &now);
		}
		local_bh_enable();
	}
	return wanted;
}

/* With one namespace there is one hash; else all those that have their own. */
static void next_hash(struct twscope_walk *walk)
{
	walk->chain = 0;
	walk->n_ahead = 0;
	walk->owner = walk->net ? 0 : twscope_netns_next_ehash(walk->owner);
	walk->done = !walk->owner;
}

/* A hash that is the namespace's own may go away once RCU is let go. */
static struct inet_hashinfo *current_hash(const struct twscope_walk *walk)
{
	const struct net *net = walk->net;

	if (walk->owner)
		net = twscope_netns_of(walk->owner);
	else if (!net)
		return twscope_netns_shared_ehash();
	return net ? twscope_netns_ehash(net) : NULL;
}

/* Fills the batch anew; leaves it empty when the walk is over. */
static int next_batch(struct twscope_walk *walk)
{
	walk->next = 0;
	walk->n = 0;

	while (!walk->done && walk->n < BATCH_SIZE / 2) {
		struct inet_hashinfo *hashinfo;
		unsigned int wanted = 0;
		bool end = true;

		rcu_read_lock();
		hashinfo = current_hash(walk);
		if (hashinfo) {
			wanted = scan(walk, hashinfo);
			end = is_over(walk, hashinfo);
		}
		rcu_read_unlock();

		/* Also when the batch is full: that is how each of them ends in a full hash. */
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
		if (wanted && walk->n)
			break;
		/* And for what may join the chain before we are back. */
		if (wanted && make_room(walk, wanted + wanted / 4 + 1))
			return -ENOMEM;
		if (!wanted && end)
			next_hash(walk);
	}
	return 0;
}

/**
 * twscope_walk_refill() - what twscope_walk_peek() does when its batch is used up
 * @walk: the walk
 *
 * Context: as there.
 * Return: as there.
 */
const struct twscope_bucket *twscope_walk_refill(struct twscope_walk *walk)
{
	int err = next_batch(walk);

	if (err)
		return ERR_PTR(err);
	return walk->n ? walk->batch : NULL;
}
