// SPDX-License-Identifier: GPL-2.0
/*
 * One walk over the buckets, counted for one namespace or for all of them.
 */

#include <linux/bsearch.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rtnetlink.h>
#include <linux/sort.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>

#include "bucket.h"
#include "census.h"
#include "ehash.h"
#include "twsk.h"

/* Namespaces that may be made between counting and listing them. */
#define NEW_NAMESPACES	16

static struct twscope_census *census_alloc(unsigned int n)
{
	struct twscope_census *census;

	return kvzalloc(struct_size(census, ns, n), GFP_KERNEL_ACCOUNT);
}

static void enter(struct twscope_census *census, struct net *net)
{
	struct twscope_netns_summary *ns = &census->ns[census->n++];

	ns->id = twscope_netns_id(net);
	ns->netns = net->ns.inum;
	ns->gone = true;
	ns->owns_ehash = twscope_netns_owns_ehash(net);
	ns->ehash_entries = twscope_netns_ehash(net)->ehash_mask + 1;
	ns->kernel_count_before = twscope_netns_tw_count(net);
	twscope_netns_sysctls(net, &ns->sysctls);
}

static int by_id(const void *a, const void *b)
{
	const struct twscope_netns_summary *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct twscope_census *enter_all(void)
{
	struct twscope_census *census;
	unsigned int n, room;
	struct net *net;

	do {
		room = NEW_NAMESPACES;
		down_read(&net_rwsem);
		for_each_net(net)
			room++;
		up_read(&net_rwsem);

		census = census_alloc(room);
		if (!census)
			return NULL;

		n = 0;
		down_read(&net_rwsem);
		for_each_net(net)
			if (n++ < room)
				enter(census, net);
		up_read(&net_rwsem);

		if (n > room)
			twscope_census_free(census);
	} while (n > room);

	/* The list is nearly in this order, but not when two are made at once. */
	sort(census->ns, census->n, sizeof(census->ns[0]), by_id, NULL);
	return census;
}

static int id_against(const void *key, const void *element)
{
	const struct twscope_netns_summary *ns = element;
	u64 id = *(const u64 *)key;

	return id < ns->id ? -1 : id > ns->id;
}

static struct twscope_netns_summary *find(struct twscope_census *census, u64 id)
{
	return bsearch(&id, census->ns, census->n, sizeof(census->ns[0]),
		       id_against);
}

/* Buckets of a namespace that was made after the walk began don't count. */
static int count(struct twscope_census *census, struct net *net)
{
	u32 timewait_len_ms = twscope_twsk_timewait_len_ms();
	struct twscope_netns_summary *ns = NULL;
	const struct twscope_bucket *b;
	struct twscope_walk walk;
	int err;

	err = twscope_walk_init(&walk, net);
	if (err)
		return err;

	for (; !IS_ERR_OR_NULL(b = twscope_walk_peek(&walk));
	     twscope_walk_advance(&walk)) {
		if (!ns || ns->id != b->netns_id)
			ns = find(census, b->netns_id);
		if (ns)
			twscope_summary_add(&ns->counts, b, timewait_len_ms);
	}

	twscope_walk_free(&walk);
	return PTR_ERR_OR_ZERO(b);
}

static void leave(struct twscope_census *census, struct net *net)
{
	struct twscope_netns_summary *ns = find(census, twscope_netns_id(net));

	if (!ns)
		return;
	ns->kernel_count = twscope_netns_tw_count(net);
	ns->gone = false;
}

static void leave_all(struct twscope_census *census)
{
	struct net *net;

	down_read(&net_rwsem);
	for_each_net(net)
		leave(census, net);
	up_read(&net_rwsem);
}

/**
 * twscope_census_take() - walk over the buckets and count them
 * @net: a namespace, which the caller keeps alive; NULL for all of them
 *
 * Context: process, may sleep. Takes net_rwsem for reading, for the time it
 * takes to list the namespaces, and no reference to any of them.
 * Return: the counts, to be freed with twscope_census_free(); or ERR_PTR() of
 * -ENOMEM.
 */
struct twscope_census *twscope_census_take(struct net *net)
{
	struct twscope_census *census;
	ktime_t begin;
	int err;

	census = net ? census_alloc(1) : enter_all();
	if (!census)
		return ERR_PTR(-ENOMEM);

	begin = ktime_get();
	if (net)
		enter(census, net);
	err = count(census, net);
	if (err) {
		twscope_census_free(census);
		return ERR_PTR(err);
	}
	if (net)
		leave(census, net);
	else
		leave_all(census);
	census->walk_us = ktime_us_delta(ktime_get(), begin);

	return census;
}

/**
 * twscope_census_free() - free what twscope_census_take() returned
 * @census: the counts, or NULL
 *
 * Context: process.
 */
void twscope_census_free(struct twscope_census *census)
{
	kvfree(census);
}
