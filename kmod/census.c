// SPDX-License-Identifier: GPL-2.0
/*
 * One walk over the buckets, counted for one namespace or for all of them.
 */

#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/overflow.h>
#include <linux/rtnetlink.h>
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>

#include "bucket.h"
#include "census.h"
#include "ehash.h"
#include "filter.h"
#include "settings.h"
#include "twsk.h"

static void enter(struct twscope_netns_summary *ns, struct net *net)
{
	ns->owns_ehash = twscope_netns_owns_ehash(net);
	ns->ehash_entries = twscope_netns_ehash(net)->ehash_mask + 1;
	ns->kernel_count_before = twscope_netns_tw_count(net);
}

static void leave(struct twscope_netns_summary *ns, struct net *net)
{
	ns->kernel_count = twscope_netns_tw_count(net);
	ns->gone = false;
}

/* The summary of a setting's namespace: the two are listed alike. */
static struct twscope_netns_summary *
summary_of(struct twscope_census *census, const struct twscope_settings *set,
	   const struct twscope_setting *s)
{
	return &census->ns[s - set->ns];
}

/* Does @what to those namespaces that were there when the settings were read. */
static void each_netns(struct twscope_census *census,
		       const struct twscope_settings *set, struct net *only,
		       void (*what)(struct twscope_netns_summary *ns,
				    struct net *net))
{
	const struct twscope_setting *s;
	struct net *net;

	if (only) {
		what(&census->ns[0], only);
		return;
	}

	down_read(&net_rwsem);
	for_each_net(net) {
		s = twscope_settings_find(set, twscope_netns_id(net));
		if (s)
			what(summary_of(census, set, s), net);
	}
	up_read(&net_rwsem);
}

static void judge(const struct twscope_settings *set,
		  const struct twscope_setting *s,
		  const struct twscope_bucket *b, struct twscope_verdicts *v)
{
	u8 search = twscope_settings_search(set, s, b);
	struct twscope_judgement now, whatif;

	twscope_judge(b, &s->policy, search, &now);
	if (set->has_whatif)
		twscope_judge(b, &s->whatif, search, &whatif);
	twscope_verdicts_add(v, &now, twscope_judge_bound(b, &s->policy),
			     set->has_whatif ? &whatif : NULL);
}

/* Buckets of a namespace that was made after the walk began don't count. */
static int count(struct twscope_census *census,
		 const struct twscope_settings *set, struct net *net,
		 const struct twscope_filter *filter)
{
	u32 timewait_len_ms = twscope_twsk_timewait_len_ms();
	const struct twscope_setting *s = NULL;
	const struct twscope_bucket *b;
	struct twscope_walk walk;
	int err;

	err = twscope_walk_init(&walk, net);
	if (err)
		return err;

	walk.brief = true;
	for (; !IS_ERR_OR_NULL(b = twscope_walk_peek(&walk));
	     twscope_walk_advance(&walk)) {
		struct twscope_netns_summary *ns;

		if (!s || s->id != b->netns_id)
			s = twscope_settings_find(set, b->netns_id);
		if (!s)
			continue;
		if (filter && filter->n &&
		    !twscope_settings_match(set, s, filter, b))
			continue;
		ns = summary_of(census, set, s);
		twscope_summary_add(&ns->counts, b, timewait_len_ms);
		judge(set, s, b, &ns->verdicts);
	}

	twscope_walk_free(&walk);
	return PTR_ERR_OR_ZERO(b);
}

static struct twscope_census *census_alloc(const struct twscope_settings *set)
{
	struct twscope_census *census;
	unsigned int i;

	census = kvzalloc(struct_size(census, ns, set->n), GFP_KERNEL_ACCOUNT);
	if (!census)
		return NULL;

	census->has_whatif = set->has_whatif;
	census->n = set->n;
	for (i = 0; i < set->n; i++) {
		census->ns[i].id = set->ns[i].id;
		census->ns[i].netns = set->ns[i].netns;
		census->ns[i].sysctls = set->ns[i].sysctls;
		census->ns[i].blocked_ports = set->ns[i].blocked_ports;
		census->ns[i].gone = true;
	}
	return census;
}

static struct twscope_census *take(struct net *net,
				   const struct twscope_settings *set,
				   const struct twscope_filter *filter)
{
	struct twscope_census *census;
	ktime_t begin;
	int err;

	census = census_alloc(set);
	if (!census)
		return ERR_PTR(-ENOMEM);

	begin = ktime_get();
	each_netns(census, set, net, enter);
	err = count(census, set, net, filter);
	if (err) {
		twscope_census_free(census);
		return ERR_PTR(err);
	}
	each_netns(census, set, net, leave);
	census->walk_us = ktime_us_delta(ktime_get(), begin);
	return census;
}

/**
 * twscope_census_take() - walk over the buckets and count them
 * @net: a namespace, which the caller keeps alive; NULL for all of them
 * @filter: which buckets, NULL for all
 * @whatif: sysctls to judge by as well, NULL for none
 *
 * Context: process, may sleep. Takes net_rwsem for reading, for the time it
 * takes to list the namespaces, and no reference to any of them.
 * Return: the counts, to be freed with twscope_census_free(); or ERR_PTR() of
 * -ENOMEM, or of -EINTR when the caller is being killed.
 */
struct twscope_census *twscope_census_take(struct net *net,
					   const struct twscope_filter *filter,
					   const struct twscope_whatif *whatif)
{
	struct twscope_settings *set;
	struct twscope_census *census;

	set = twscope_settings_take(net, whatif);
	if (IS_ERR(set))
		return ERR_CAST(set);

	census = take(net, set, filter);
	twscope_settings_free(set);
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
