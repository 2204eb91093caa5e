// SPDX-License-Identifier: GPL-2.0
/*
 * The walk over the established hash.
 *
 * A chain is copied whole while its lock is held, and everything else happens
 * to the copies. That gives each bucket that is there all along exactly once,
 * however often the reader comes back for the rest of a chain and whatever
 * enters or leaves meanwhile, and it needs no reference: nothing that is in a
 * chain can go away while the lock is held. The lock is held for about as long
 * as a connect() holds it that meets the same chain.
 */

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/inet_timewait_sock.h>
#include <net/tcp_states.h>

#include "bucket.h"
#include "ehash.h"
#include "netns.h"
#include "twsk.h"

/* Buckets in a batch; a longer chain makes it grow. */
#define BATCH_SIZE	128
/* Chains scanned in one go, that is without a chance to reschedule. */
#define CHAINS_AT_ONCE	1024

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
		.size = BATCH_SIZE,
		.batch = kvmalloc_array(BATCH_SIZE, sizeof(*walk->batch),
					GFP_KERNEL_ACCOUNT),
	};
	return walk->batch ? 0 : -ENOMEM;
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
	walk->batch = NULL;
}

static bool is_wanted(const struct twscope_walk *walk, const struct sock *sk)
{
	if (READ_ONCE(sk->sk_state) != TCP_TIME_WAIT)
		return false;
	if (walk->net && !net_eq(sock_net(sk), walk->net))
		return false;
	return twscope_twsk_is_tcp(inet_twsk(sk));
}

/*
 * Copies the wanted buckets of a chain behind those already in the batch.
 * Returns how many there are; when that is more than there is room for, what
 * was copied of them is of no use.
 */
static unsigned int copy_chain(struct twscope_walk *walk,
			       struct inet_hashinfo *hashinfo,
			       unsigned int chain)
{
	struct inet_ehash_bucket *head = &hashinfo->ehash[chain];
	spinlock_t *lock = inet_ehash_lockp(hashinfo, chain);
	unsigned int room = walk->size - walk->n;
	const struct hlist_nulls_node *node;
	struct twscope_clock now;
	unsigned int found = 0;
	struct sock *sk;

	if (hlist_nulls_empty(&head->chain))
		return 0;

	twscope_clock_read(&now);
	spin_lock_bh(lock);
	sk_nulls_for_each(sk, node, &head->chain) {
		if (!is_wanted(walk, sk))
			continue;
		if (found < room)
			twscope_twsk_snapshot(inet_twsk(sk), &now,
					      &walk->batch[walk->n + found]);
		found++;
	}
	spin_unlock_bh(lock);

	return found;
}

/*
 * Scans some chains from walk->chain on. Returns 0 when it scanned its share or
 * came to the end of the hash; when the next chain does not fit into what is
 * left of the batch, how many buckets that chain has.
 */
static unsigned int scan(struct twscope_walk *walk,
			 struct inet_hashinfo *hashinfo)
{
	unsigned int left;

	for (left = CHAINS_AT_ONCE; left; left--) {
		unsigned int found;

		if (walk->chain > hashinfo->ehash_mask)
			break;
		found = copy_chain(walk, hashinfo, walk->chain);
		if (found > walk->size - walk->n)
			return found;
		walk->n += found;
		walk->chain++;
	}
	return 0;
}

/* Room for one chain, and for what may join it before we are back. */
static int grow(struct twscope_walk *walk, unsigned int chain_len)
{
	unsigned int size = chain_len + chain_len / 4;

	kvfree(walk->batch);
	walk->batch = kvmalloc_array(size, sizeof(*walk->batch),
				     GFP_KERNEL_ACCOUNT);
	walk->size = walk->batch ? size : 0;
	return walk->batch ? 0 : -ENOMEM;
}

/* With one namespace there is one hash; else all those that have their own. */
static void next_hash(struct twscope_walk *walk)
{
	walk->chain = 0;
	walk->owner = walk->net ? 0 : twscope_netns_next_ehash(walk->owner);
	walk->done = !walk->owner;
}

/* A hash that is the namespace's own may go away once RCU is let go. */
static struct inet_hashinfo *current_hash(const struct twscope_walk *walk)
{
	if (walk->owner)
		return twscope_netns_ehash_of(walk->owner);
	if (walk->net)
		return twscope_netns_ehash(walk->net);
	return twscope_netns_shared_ehash();
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
			end = walk->chain > hashinfo->ehash_mask;
		}
		rcu_read_unlock();

		if (wanted && walk->n)
			break;
		if (wanted && grow(walk, wanted))
			return -ENOMEM;
		if (!wanted && end)
			next_hash(walk);
		cond_resched();
	}
	return 0;
}

/**
 * twscope_walk_peek() - look at the next bucket, without passing it
 * @walk: the walk
 *
 * Gives way to others between chains.
 *
 * Context: process, may sleep. Takes the lock of one chain at a time, with BH
 * off, and holds none on return.
 * Return: the bucket, valid until the walk is advanced; NULL when the walk is
 * over; ERR_PTR(-ENOMEM) when room was needed for a long chain and not there.
 */
const struct twscope_bucket *twscope_walk_peek(struct twscope_walk *walk)
{
	int err;

	if (walk->next == walk->n) {
		err = next_batch(walk);
		if (err)
			return ERR_PTR(err);
	}
	return walk->n ? &walk->batch[walk->next] : NULL;
}

/**
 * twscope_walk_advance() - pass the bucket that twscope_walk_peek() showed
 * @walk: the walk
 *
 * Context: any.
 */
void twscope_walk_advance(struct twscope_walk *walk)
{
	walk->next++;
}
