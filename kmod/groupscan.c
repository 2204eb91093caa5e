// SPDX-License-Identifier: GPL-2.0
/*
 * One walk over the buckets and the full sockets beside them, counted by group.
 */

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/random.h>
#include <linux/slab.h>

#include "bucket.h"
#include "ehash.h"
#include "filter.h"
#include "groupscan.h"
#include "settings.h"
#include "twsk.h"

static int add_full(struct twscope_groupscan *scan,
		    const struct twscope_settings *set,
		    const struct twscope_setting *s,
		    const struct twscope_bucket *b)
{
	struct twscope_group *g;

	g = twscope_groups_find(scan->groups, b, TWSCOPE_VERDICT_UNKNOWN);
	if (!g)
		return -ENOMEM;

	twscope_group_add_full(g, b, twscope_settings_search(set, s, b) ==
				     TWSCOPE_SEARCH_ASKS);
	scan->total_in_use++;
	return 0;
}

static int add_bucket(struct twscope_groupscan *scan,
		      const struct twscope_settings *set,
		      const struct twscope_setting *s,
		      const struct twscope_bucket *b)
{
	u8 search = twscope_settings_search(set, s, b);
	struct twscope_judgement j;
	struct twscope_group *g;

	twscope_judge(b, &s->policy, search, &j);
	g = twscope_groups_find(scan->groups, b, j.verdict);
	if (!g)
		return -ENOMEM;

	twscope_group_add(g, b, j.verdict, scan->timewait_len_ms);
	scan->total++;
	if (!set->has_whatif)
		return 0;

	twscope_judge(b, &s->whatif, search, &j);
	g->whatif[j.verdict]++;
	return 0;
}

/* Sockets of a namespace that was made after the walk began don't count. */
static int count(struct twscope_groupscan *scan, struct net *net,
		 const struct twscope_settings *set,
		 const struct twscope_filter *filter)
{
	const struct twscope_setting *s = NULL;
	const struct twscope_bucket *b;
	struct twscope_walk walk;
	int err;

	err = twscope_walk_init(&walk, net);
	if (err)
		return err;

	walk.brief = true;
	walk.full = twscope_groups_have_full(scan->groups);
	for (; !err && !IS_ERR_OR_NULL(b = twscope_walk_peek(&walk));
	     twscope_walk_advance(&walk)) {
		if (!s || s->id != b->netns_id)
			s = twscope_settings_find(set, b->netns_id);
		if (!s || (filter->n && !twscope_settings_match(set, s, filter, b)))
			continue;
		err = b->full ? add_full(scan, set, s, b) :
				add_bucket(scan, set, s, b);
	}

	twscope_walk_free(&walk);
	return err ?: PTR_ERR_OR_ZERO(b);
}

/* Those of one namespace and device search the same ports. */
static void note_blocked(struct twscope_groups *gs,
			 const struct twscope_settings *set)
{
	u32 keys = TWSCOPE_GROUP_KEY_IFINDEX |
		   (set->only ? 0 : TWSCOPE_GROUP_KEY_NETNS);
	const struct twscope_setting *s = set->ns;
	struct twscope_group *g;
	unsigned int i;

	if ((gs->by.keys & keys) != keys)
		return;
	for (i = 0; i < gs->n; i++) {
		g = twscope_groups_at(gs, i);
		if (!set->only)
			s = twscope_settings_find(set, g->key.netns_id);
		g->has_blocked = twscope_settings_blocked_under(set, s, g->l3mdev,
								&g->blocked_ports);
	}
}

static int take(struct twscope_groupscan *scan, struct net *net,
		const struct twscope_group_by *by, u8 order,
		const struct twscope_filter *filter,
		const struct twscope_whatif *whatif)
{
	struct twscope_settings *set;
	int err;

	scan->groups = twscope_groups_alloc(by, get_random_u64());
	if (!scan->groups)
		return -ENOMEM;

	set = twscope_settings_take(net, whatif);
	if (IS_ERR(set))
		return PTR_ERR(set);
	err = count(scan, net, set, filter);
	if (!err)
		note_blocked(scan->groups, set);
	twscope_settings_free(set);
	if (err)
		return err;

	scan->sorted = twscope_groups_sort(scan->groups, order);
	return scan->sorted ? 0 : -ENOMEM;
}

/**
 * twscope_groupscan_take() - walk over the buckets and count them by group
 * @net: a namespace, which the caller keeps alive; NULL for all of them
 * @by: by what to group
 * @order: enum twscope_group_sort
 * @filter: which buckets and full sockets
 * @whatif: sysctls to judge by as well, NULL for none
 *
 * Context: process, may sleep. Takes what twscope_settings_take() and
 * twscope_walk_peek() do.
 * Return: the groups, to be freed with twscope_groupscan_free(); or ERR_PTR()
 * of -ENOMEM, or of -EINTR when the caller is being killed.
 */
struct twscope_groupscan *
twscope_groupscan_take(struct net *net, const struct twscope_group_by *by,
		       u8 order, const struct twscope_filter *filter,
		       const struct twscope_whatif *whatif)
{
	struct twscope_groupscan *scan;
	ktime_t begin = ktime_get();
	int err;

	scan = kzalloc(sizeof(*scan), GFP_KERNEL_ACCOUNT);
	if (!scan)
		return ERR_PTR(-ENOMEM);

	scan->has_whatif = whatif;
	scan->timewait_len_ms = twscope_twsk_timewait_len_ms();
	err = take(scan, net, by, order, filter, whatif);
	if (err) {
		twscope_groupscan_free(scan);
		return ERR_PTR(err);
	}
	scan->walk_us = ktime_us_delta(ktime_get(), begin);
	return scan;
}

/**
 * twscope_groupscan_free() - free what twscope_groupscan_take() returned
 * @scan: the groups, or NULL
 *
 * Context: process.
 */
void twscope_groupscan_free(struct twscope_groupscan *scan)
{
	if (!scan)
		return;
	twscope_groups_free(scan->groups);
	kvfree(scan->sorted);
	kfree(scan);
}
