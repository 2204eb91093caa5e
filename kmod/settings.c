// SPDX-License-Identifier: GPL-2.0
/*
 * What decides on buckets besides the buckets: the kernel's rules, and of each
 * namespace the sysctls and the ports that connect() passes by.
 */

#include <linux/bitmap.h>
#include <linux/bsearch.h>
#include <linux/err.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/moduleparam.h>
#include <linux/overflow.h>
#include <linux/printk.h>
#include <linux/rtnetlink.h>
#include <linux/sort.h>
#include <linux/string.h>
#include <net/net_namespace.h>

#include "bhash.h"
#include "bucket.h"
#include "compat/timewait.h"
#include "filter.h"
#include "ports.h"
#include "settings.h"

#define BITMAP_LONGS	BITS_TO_LONGS(TWSCOPE_ALL_PORTS)

/* Namespaces that may be made between counting and listing them. */
#define NEW_NAMESPACES	16

static char *rules;
module_param(rules, charp, 0444);
MODULE_PARM_DESC(rules,
		 "judge by these instead of the rules found in the kernel's headers: unknown, seconds, seconds-not-fin-wait2, seconds-fin-wait2-unknown, entry-delay");

/* By enum twscope_rules. */
static const char * const rules_names[] = {
	[TWSCOPE_RULES_UNKNOWN]		= "unknown",
	[TWSCOPE_RULES_SECONDS]		= "seconds",
	[TWSCOPE_RULES_SECONDS_NOT_FIN_WAIT2] = "seconds-not-fin-wait2",
	[TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN] = "seconds-fin-wait2-unknown",
	[TWSCOPE_RULES_ENTRY_DELAY]	= "entry-delay",
};

static u8 rules_in_force __ro_after_init;

/**
 * twscope_settings_init() - find out by which rules to judge
 *
 * Context: process, once.
 * Return: 0; -EINVAL where the module parameter names none, or such as this
 * kernel has no clock for.
 */
int __init twscope_settings_init(void)
{
	int told;

	rules_in_force = twscope_compat_rules();
	if (!rules)
		return 0;

	told = match_string(rules_names, ARRAY_SIZE(rules_names), rules);
	if (told < 0) {
		pr_err("twscope: no rules \"%s\"; there are unknown, seconds, seconds-not-fin-wait2, seconds-fin-wait2-unknown, entry-delay\n",
		       rules);
		return -EINVAL;
	}
	if (told == TWSCOPE_RULES_ENTRY_DELAY &&
	    !(twscope_compat_features() & TWSCOPE_FEATURE_ENTRY_STAMP)) {
		pr_err("twscope: no rules \"entry-delay\" on this kernel: its buckets have no time of entry\n");
		return -EINVAL;
	}
	rules_in_force = told;
	return 0;
}

/**
 * twscope_settings_rules() - by which rules is judged
 *
 * Context: any.
 * Return: enum twscope_rules.
 */
u8 twscope_settings_rules(void)
{
	return rules_in_force;
}

/**
 * twscope_settings_rules_are_unsure() - is there a verdict UNKNOWN
 *
 * Context: any.
 * Return: true where some buckets, or all, can't be judged.
 */
bool twscope_settings_rules_are_unsure(void)
{
	return rules_in_force == TWSCOPE_RULES_UNKNOWN ||
	       rules_in_force == TWSCOPE_RULES_SECONDS_FIN_WAIT2_UNKNOWN;
}

/**
 * twscope_settings_rules_told() - were the rules told, not found
 *
 * Context: any.
 * Return: true when the module parameter told them.
 */
bool twscope_settings_rules_told(void)
{
	return rules;
}

/**
 * twscope_settings_policy() - what the kernel decides by
 * @s: the sysctls of a namespace
 * @p: where to, all of it is written
 *
 * Context: any; takes no lock.
 */
void twscope_settings_policy(const struct twscope_sysctls *s,
			     struct twscope_policy *p)
{
	*p = (struct twscope_policy) {
		.rules = rules_in_force,
		.tcp_tw_reuse = s->tcp_tw_reuse,
		.tcp_timestamps = s->tcp_timestamps,
		.tcp_rfc1337 = s->tcp_rfc1337,
		.tcp_tw_reuse_delay = s->tcp_tw_reuse_delay,
		.tcp_invalid_ratelimit = s->tcp_invalid_ratelimit,
		.tick_ms = DIV_ROUND_UP(MSEC_PER_SEC, HZ),
		.paws_wrap_s = twscope_compat_paws_wrap_s(),
	};
}

/**
 * twscope_settings_policy_now() - what the kernel decides by right now
 * @net: in this namespace
 * @p: where to, all of it is written, but tcp_invalid_ratelimit is 0
 *
 * For hooks: in a fraction of the time.
 *
 * Context: any that keeps @net from being freed; takes no lock.
 */
void twscope_settings_policy_now(const struct net *net,
				 struct twscope_policy *p)
{
	*p = (struct twscope_policy) {
		.rules = rules_in_force,
		.tcp_tw_reuse = READ_ONCE(net->ipv4.sysctl_tcp_tw_reuse),
		.tcp_timestamps = READ_ONCE(net->ipv4.sysctl_tcp_timestamps),
		.tcp_rfc1337 = READ_ONCE(net->ipv4.sysctl_tcp_rfc1337),
		.tick_ms = DIV_ROUND_UP(MSEC_PER_SEC, HZ),
		.paws_wrap_s = twscope_compat_paws_wrap_s(),
	};
	twscope_compat_reuse_delay(net, &p->tcp_tw_reuse_delay);
}

static void mark_unsearched(struct twscope_setting *s, const struct net *net)
{
	const unsigned long *reserved = twscope_netns_reserved_ports(net);
	unsigned int low = s->sysctls.ip_local_port_range_min;
	unsigned int high = s->sysctls.ip_local_port_range_max;

	if (reserved)
		bitmap_copy(s->unsearched, reserved, TWSCOPE_ALL_PORTS);
	bitmap_set(s->unsearched, 0, low);
	bitmap_set(s->unsearched, high + 1, TWSCOPE_ALL_PORTS - high - 1);
}

static void enter(struct twscope_settings *set, struct net *net,
		  const struct twscope_whatif *w)
{
	struct twscope_setting *s = &set->ns[set->n];

	s->unsearched = set->bitmaps + 2 * set->n * BITMAP_LONGS;
	s->blocked = s->unsearched + BITMAP_LONGS;
	set->n++;

	s->id = twscope_netns_id(net);
	s->net = net;
	s->netns = net->ns.inum;
	twscope_netns_sysctls(net, &s->sysctls);
	mark_unsearched(s, net);
	twscope_settings_policy(&s->sysctls, &s->policy);
	s->whatif = s->policy;
	twscope_policy_override(&s->whatif, w);
}

static struct twscope_settings *settings_alloc(unsigned int n)
{
	struct twscope_settings *set;

	set = kvzalloc(struct_size(set, ns, n), GFP_KERNEL_ACCOUNT);
	if (!set)
		return NULL;

	set->bitmaps = kvcalloc(n, 2 * BITMAP_LONGS * sizeof(long),
				GFP_KERNEL_ACCOUNT);
	if (!set->bitmaps) {
		kvfree(set);
		return NULL;
	}
	return set;
}

static struct twscope_settings *enter_all(const struct twscope_whatif *w)
{
	struct twscope_settings *set;
	unsigned int n, room;
	struct net *net;

	do {
		room = NEW_NAMESPACES;
		down_read(&net_rwsem);
		for_each_net(net)
			room++;
		up_read(&net_rwsem);

		set = settings_alloc(room);
		if (!set)
			return NULL;

		n = 0;
		down_read(&net_rwsem);
		for_each_net(net)
			if (n++ < room)
				enter(set, net, w);
		up_read(&net_rwsem);

		if (n > room)
			twscope_settings_free(set);
	} while (n > room);
	return set;
}

static int by_net(const void *a, const void *b)
{
	const struct twscope_setting *x = a, *y = b;

	return x->net < y->net ? -1 : x->net > y->net;
}

static int net_against(const void *key, const void *element)
{
	const struct twscope_setting *s = element;
	const struct net *net = key;

	return net < s->net ? -1 : net > s->net;
}

/* Where in the list it is, or comes next. */
static unsigned int l3mdev_at(const struct twscope_settings *set,
			      const struct net *net, u32 ifindex)
{
	const struct twscope_l3mdev *l = set->l3mdevs;
	unsigned int i;

	for (i = 0; i < set->n_l3mdevs; i++)
		if (l[i].ifindex == ifindex && l[i].net == net)
			break;
	return i;
}

static void count_under_l3mdev(struct twscope_settings *set,
			       const struct net *net, u32 ifindex)
{
	unsigned int i = l3mdev_at(set, net, ifindex);

	if (i == TWSCOPE_MAX_L3MDEVS) {
		set->more_l3mdevs = true;
		return;
	}
	if (i == set->n_l3mdevs) {
		set->l3mdevs[i].net = net;
		set->l3mdevs[i].ifindex = ifindex;
		set->n_l3mdevs++;
	}
	set->l3mdevs[i].blocked++;
}

/* A port has one bind bucket at most under each device, and is told of once. */
static void mark_blocked(const struct net *net, u32 l3mdev, u16 port, void *ctx)
{
	struct twscope_settings *set = ctx;
	struct twscope_setting *s = set->ns;

	/* of one namespace, only its own are told */
	if (!set->only)
		s = bsearch(net, set->ns, set->n, sizeof(set->ns[0]), net_against);
	if (!s)
		return;
	if (!l3mdev)
		__set_bit(port, s->blocked);
	if (test_bit(port, s->unsearched))
		return;
	if (l3mdev)
		count_under_l3mdev(set, net, l3mdev);
	else
		s->blocked_ports++;
}

static int by_id(const void *a, const void *b)
{
	const struct twscope_setting *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

/* Sorted by what a bind bucket tells of its namespace; then by what ours do. */
static int read_blocked(struct twscope_settings *set, const struct net *net)
{
	int err;

	sort(set->ns, set->n, sizeof(set->ns[0]), by_net, NULL);
	err = twscope_bhash_each_blocked(net, mark_blocked, set);
	sort(set->ns, set->n, sizeof(set->ns[0]), by_id, NULL);
	return err;
}

/**
 * twscope_settings_take() - read what decides
 * @net: in this namespace, which the caller keeps alive; NULL for all of them
 * @w: sysctls to judge by as well, NULL for none
 *
 * Takes 16 KiB for each namespace, charged to the caller.
 *
 * Context: process, may sleep. Takes net_rwsem for reading, for the time it
 * takes to list the namespaces, then the lock of one bind chain at a time.
 * Return: the settings, to be freed with twscope_settings_free(); or ERR_PTR()
 * of -ENOMEM, or of -EINTR when the caller is being killed.
 */
struct twscope_settings *twscope_settings_take(struct net *net,
					       const struct twscope_whatif *w)
{
	static const struct twscope_whatif nothing;
	struct twscope_settings *set;
	int err;

	set = net ? settings_alloc(1) : enter_all(w ?: &nothing);
	if (!set)
		return ERR_PTR(-ENOMEM);
	if (net)
		enter(set, net, w ?: &nothing);

	set->has_whatif = w;
	set->only = net;
	err = read_blocked(set, net);
	if (err) {
		twscope_settings_free(set);
		return ERR_PTR(err);
	}
	return set;
}

/**
 * twscope_settings_free() - free what twscope_settings_take() returned
 * @set: the settings, or NULL
 *
 * Context: process.
 */
void twscope_settings_free(struct twscope_settings *set)
{
	if (set)
		kvfree(set->bitmaps);
	kvfree(set);
}

static int id_against(const void *key, const void *element)
{
	const struct twscope_setting *s = element;
	u64 id = *(const u64 *)key;

	return id < s->id ? -1 : id > s->id;
}

/**
 * twscope_settings_find() - what decides in one namespace
 * @set: the settings
 * @id: our number of the namespace
 *
 * Context: any; takes no lock.
 * Return: its setting, NULL for a namespace that was made later.
 */
const struct twscope_setting *
twscope_settings_find(const struct twscope_settings *set, u64 id)
{
	return bsearch(&id, set->ns, set->n, sizeof(set->ns[0]), id_against);
}

/*
 * Under an L3 master device ports are bound apart; few know one. To find a
 * namespace by its number passes all of them, which only those who may look at
 * all can ask for.
 */
static bool blocked_under_l3mdev(const struct twscope_settings *set,
				 const struct twscope_setting *s,
				 const struct twscope_bucket *b)
{
	const struct net *net;
	bool blocked = false;

	rcu_read_lock();
	net = set->only ?: twscope_netns_of(s->id);
	if (net)
		blocked = twscope_bhash_is_blocked(net, b->l3mdev,
						   b->local_port);
	rcu_read_unlock();
	return blocked;
}

static bool is_blocked(const struct twscope_settings *set,
		       const struct twscope_setting *s,
		       const struct twscope_bucket *b)
{
	if (b->l3mdev)
		return blocked_under_l3mdev(set, s, b);
	return test_bit(b->local_port, s->blocked);
}

/**
 * twscope_settings_search() - what does the port search do at a bucket's port
 * @set: the settings
 * @s: of them that of the bucket's namespace
 * @b: the bucket
 *
 * Context: process.
 * Return: enum twscope_search.
 */
u8 twscope_settings_search(const struct twscope_settings *set,
			   const struct twscope_setting *s,
			   const struct twscope_bucket *b)
{
	if (test_bit(b->local_port, s->unsearched))
		return TWSCOPE_SEARCH_NEVER;
	if (is_blocked(set, s, b))
		return TWSCOPE_SEARCH_BLOCKED;
	return TWSCOPE_SEARCH_ASKS;
}

/**
 * twscope_settings_blocked_under() - how many ports are lost to bind()
 * @set: the settings
 * @s: of them that of the namespace
 * @l3mdev: L3 master device of the connecting socket, 0 for none
 * @ports: where to: of the range, not reserved, those that its search passes by
 *
 * Context: any; takes no lock.
 * Return: false where more devices have bound ports than there was room for, and
 * this is none of those that found room.
 */
bool twscope_settings_blocked_under(const struct twscope_settings *set,
				    const struct twscope_setting *s, u32 l3mdev,
				    u32 *ports)
{
	unsigned int i;

	if (!l3mdev) {
		*ports = s->blocked_ports;
		return true;
	}
	i = l3mdev_at(set, s->net, l3mdev);
	*ports = i < set->n_l3mdevs ? set->l3mdevs[i].blocked : 0;
	return i < set->n_l3mdevs || !set->more_l3mdevs;
}

/**
 * twscope_settings_match() - does a bucket pass a filter
 * @set: the settings
 * @s: of them that of the bucket's namespace; NULL where there is none, and
 *	its verdict unknown
 * @f: the filter
 * @b: the bucket, or a full socket
 *
 * Judges it only where the filter asks.
 *
 * Context: process.
 * Return: true when it does.
 */
bool twscope_settings_match(const struct twscope_settings *set,
			    const struct twscope_setting *s,
			    const struct twscope_filter *f,
			    const struct twscope_bucket *b)
{
	struct twscope_judgement j = { .verdict = TWSCOPE_VERDICT_UNKNOWN };

	if (f->asks_verdict && s && !b->full)
		twscope_judge(b, &s->policy, twscope_settings_search(set, s, b),
			      &j);
	return twscope_filter_match(f, b, j.verdict);
}
