// SPDX-License-Identifier: GPL-2.0
/*
 * The bind hash: which ports a connect() that looks for one passes by.
 *
 * A port has a bind bucket for as long as anything is bound to it, TIME_WAIT
 * included. Where connect() alone made it, the bucket says so (both fastreuse
 * fields are -1), and a further connect() may ask whether its 4-tuple is free
 * there. Where bind() made or joined it, connect() passes the port by, whatever
 * the destination.
 */

#include <linux/bottom_half.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/sched.h>
#include <linux/sched/signal.h>
#include <linux/spinlock.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>

#include "bhash.h"
#include "netns.h"

/* Chains scanned in one go, that is without a chance to reschedule. */
#define CHAINS_AT_ONCE	1024
/* Chains scanned without a softirq in between, as each time has its price. */
#define CHAINS_PER_BH	16U

static bool is_blocked(const struct inet_bind_bucket *tb)
{
	return tb->fastreuse >= 0 || tb->fastreuseport >= 0;
}

static void tell_chain(struct inet_bind_hashbucket *head, const struct net *net,
		       twscope_bhash_fn *fn, void *ctx)
{
	const struct inet_bind_bucket *tb;

	if (hlist_empty(&head->chain))
		return;

	spin_lock(&head->lock);
	hlist_for_each_entry(tb, &head->chain, node) {
		if (is_blocked(tb) && (!net || net_eq(read_pnet(&tb->ib_net), net)))
			fn(read_pnet(&tb->ib_net), tb->l3mdev, tb->port, ctx);
	}
	spin_unlock(&head->lock);
}

static void tell_chains(struct inet_bind_hashbucket *heads, unsigned int n,
			const struct net *net, twscope_bhash_fn *fn, void *ctx)
{
	unsigned int i;

	local_bh_disable();
	for (i = 0; i < n; i++)
		tell_chain(&heads[i], net, fn, ctx);
	local_bh_enable();
}

/**
 * twscope_bhash_each_blocked() - tell of each port that connect() passes by
 * @net: of this namespace, which the caller keeps alive; NULL for all
 * @fn: is told
 * @ctx: for @fn
 *
 * The bind hash is one for all namespaces, those with an established hash of
 * their own included.
 *
 * Context: process, may sleep. Takes the lock of one chain at a time.
 * Return: 0, or -EINTR when the caller is being killed.
 */
int twscope_bhash_each_blocked(const struct net *net, twscope_bhash_fn *fn,
			       void *ctx)
{
	struct inet_hashinfo *hashinfo = twscope_netns_shared_ehash();
	unsigned int i;

	for (i = 0; i < hashinfo->bhash_size; i += CHAINS_PER_BH) {
		tell_chains(&hashinfo->bhash[i],
			    min(hashinfo->bhash_size - i, CHAINS_PER_BH), net, fn, ctx);
		if (i % CHAINS_AT_ONCE)
			continue;
		cond_resched();
		if (fatal_signal_pending(current))
			return -EINTR;
	}
	return 0;
}

/**
 * twscope_bhash_is_blocked() - does connect() pass a port by
 * @net: the namespace
 * @l3mdev: L3 master device of the connecting socket, 0 for none
 * @port: the port
 *
 * Context: any that keeps @net from being freed, but not under the lock of an
 * established hash's chain. Takes the lock of one chain.
 * Return: true where it does.
 */
bool twscope_bhash_is_blocked(const struct net *net, u32 l3mdev, u16 port)
{
	struct inet_hashinfo *hashinfo = twscope_netns_shared_ehash();
	struct inet_bind_hashbucket *head;
	const struct inet_bind_bucket *tb;
	bool blocked = false;

	head = &hashinfo->bhash[inet_bhashfn(net, port, hashinfo->bhash_size)];
	spin_lock_bh(&head->lock);
	hlist_for_each_entry(tb, &head->chain, node) {
		if (tb->port != port || tb->l3mdev != l3mdev ||
		    !net_eq(read_pnet(&tb->ib_net), net))
			continue;
		blocked = is_blocked(tb);
		break;
	}
	spin_unlock_bh(&head->lock);
	return blocked;
}
