// SPDX-License-Identifier: GPL-2.0
/*
 * What twscope knows of a network namespace, and the namespaces themselves.
 */

#include <linux/atomic.h>
#include <linux/bitops.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <net/inet_hashtables.h>
#include <net/ip.h>
#include <net/net_namespace.h>
#include <net/netns/generic.h>

#include "compat/timewait.h"
#include "netns.h"

/**
 * struct twscope_net - our part of a network namespace
 * @id: ascending from 1 in the order of creation, constant, never used again
 */
struct twscope_net {
	u64 id;
};

static unsigned int twscope_net_id __read_mostly;
static atomic64_t twscope_last_id = ATOMIC64_INIT(0);

static int __net_init twscope_net_init(struct net *net)
{
	struct twscope_net *tn = net_generic(net, twscope_net_id);

	tn->id = atomic64_inc_return(&twscope_last_id);
	return 0;
}

static struct pernet_operations twscope_net_ops = {
	.init	= twscope_net_init,
	.id	= &twscope_net_id,
	.size	= sizeof(struct twscope_net),
};

/**
 * twscope_netns_init() - number the namespaces that are and that will be
 *
 * Context: process.
 * Return: 0, or a negative errno of register_pernet_subsys().
 */
int __init twscope_netns_init(void)
{
	return register_pernet_subsys(&twscope_net_ops);
}

/**
 * twscope_netns_exit() - forget the namespaces
 *
 * Context: process, after the last walk has ended.
 */
void twscope_netns_exit(void)
{
	unregister_pernet_subsys(&twscope_net_ops);
}

/**
 * twscope_netns_id() - our number of a namespace
 * @net: a namespace that is listed, or one that a bucket in an ehash points to
 *
 * Buckets are purged by an exit method, and what we read here is freed after
 * all of these have run, so a bucket that can be found is early enough.
 *
 * Context: any that keeps @net from being freed.
 * Return: the number, from 1.
 */
u64 twscope_netns_id(const struct net *net)
{
	const struct twscope_net *tn = net_generic(net, twscope_net_id);

	return tn->id;
}

/**
 * twscope_netns_shared_ehash() - the established hash most namespaces use
 *
 * Context: any. It lives as long as the kernel.
 * Return: the hash.
 */
struct inet_hashinfo *twscope_netns_shared_ehash(void)
{
	return init_net.ipv4.tcp_death_row.hashinfo;
}

/**
 * twscope_netns_ehash() - the established hash that a namespace uses
 * @net: the namespace
 *
 * Context: any that keeps @net from being freed.
 * Return: the hash; one of its own lives as long as the namespace.
 */
struct inet_hashinfo *twscope_netns_ehash(const struct net *net)
{
	return net->ipv4.tcp_death_row.hashinfo;
}

/**
 * twscope_netns_owns_ehash() - has a namespace an established hash of its own
 * @net: the namespace
 *
 * Context: any that keeps @net from being freed.
 * Return: true when it has (tcp_child_ehash_entries of its parent was set).
 */
bool twscope_netns_owns_ehash(const struct net *net)
{
	return twscope_netns_ehash(net) != twscope_netns_shared_ehash();
}

static const struct net *next_netns(u64 after, bool with_ehash)
{
	const struct net *net, *next = NULL;
	u64 next_id = 0;

	for_each_net_rcu(net) {
		u64 id;

		if (with_ehash && !twscope_netns_owns_ehash(net))
			continue;
		id = twscope_netns_id(net);
		if (id > after && (!next || id < next_id)) {
			next = net;
			next_id = id;
		}
	}
	return next;
}

static u64 next_id(u64 after, bool with_ehash)
{
	const struct net *net;
	u64 id;

	rcu_read_lock();
	net = next_netns(after, with_ehash);
	id = net ? twscope_netns_id(net) : 0;
	rcu_read_unlock();
	return id;
}

/**
 * twscope_netns_next_ehash() - the next namespace with a hash of its own
 * @after: a namespace's number, 0 to begin
 *
 * Context: any. Passes all namespaces.
 * Return: the lowest number above @after, 0 when there is none.
 */
u64 twscope_netns_next_ehash(u64 after)
{
	return next_id(after, true);
}

/**
 * twscope_netns_next() - the next namespace
 * @after: a namespace's number, 0 to begin
 *
 * Context: any. Passes all namespaces.
 * Return: the lowest number above @after, 0 when there is none.
 */
u64 twscope_netns_next(u64 after)
{
	return next_id(after, false);
}

/**
 * twscope_netns_after() - the next namespace itself
 * @after: a namespace's number, 0 to begin
 *
 * Context: under rcu_read_lock(), which it is valid under, see twscope_netns_of().
 * Passes all namespaces.
 * Return: that with the lowest number above @after, NULL when there is none.
 */
const struct net *twscope_netns_after(u64 after)
{
	return next_netns(after, false);
}

/**
 * twscope_netns_of() - a namespace, by number
 * @id: the namespace's number
 *
 * A namespace leaves the list, then a grace period passes, and only then is it
 * taken apart. So no reference is needed, and none delays its end.
 *
 * Context: under rcu_read_lock(); the namespace and its hash are valid until
 * it is dropped. Passes all namespaces.
 * Return: the namespace, NULL when it is gone.
 */
const struct net *twscope_netns_of(u64 id)
{
	const struct net *net;

	for_each_net_rcu(net)
		if (twscope_netns_id(net) == id)
			return net;
	return NULL;
}

/**
 * twscope_netns_is_listed() - is this a namespace still
 * @net: only to be compared
 *
 * Context: under rcu_read_lock(); when it is, it is valid until that is dropped.
 * Passes all namespaces.
 * Return: true when it is, or when another one is in its place.
 */
bool twscope_netns_is_listed(const struct net *net)
{
	const struct net *one;

	for_each_net_rcu(one)
		if (one == net)
			return true;
	return false;
}

/**
 * twscope_netns_tw_count() - the kernel's own count of buckets
 * @net: the namespace
 *
 * Whoever holds a chain's lock sees no bucket there that is not counted yet;
 * it is lowered after the bucket left the chain.
 *
 * Context: any that keeps @net from being freed.
 * Return: buckets.
 */
u32 twscope_netns_tw_count(const struct net *net)
{
	return twscope_compat_tw_count(net);
}

/* The processors may make so many buckets between a look and another. */
#define NEAR_LIMIT	64

/**
 * twscope_netns_is_near_limit() - are there nearly tcp_max_tw_buckets
 * @net: the namespace
 *
 * Context: any that keeps @net from being freed.
 * Return: true when the kernel may be refusing to make another.
 */
bool twscope_netns_is_near_limit(const struct net *net)
{
	u32 limit = READ_ONCE(net->ipv4.tcp_death_row.sysctl_max_tw_buckets);

	return twscope_compat_tw_count(net) + NEAR_LIMIT >= limit;
}

/**
 * twscope_netns_reserved_ports() - the ports that no search takes
 * @net: the namespace
 *
 * Context: any that keeps @net from being freed.
 * Return: a bit for each port, NULL for none at all.
 */
const unsigned long *twscope_netns_reserved_ports(const struct net *net)
{
#ifdef CONFIG_SYSCTL
	return net->ipv4.sysctl_local_reserved_ports;
#else
	return NULL;
#endif
}

static u32 reserved_ports(const struct net *net, unsigned int low,
			  unsigned int high)
{
	const unsigned long *reserved = twscope_netns_reserved_ports(net);
	unsigned int port = low;
	u32 n = 0;

	if (!reserved)
		return 0;
	for_each_set_bit_from(port, reserved, high + 1)
		n++;
	return n;
}

/**
 * twscope_netns_sysctls() - read the sysctls that govern TIME_WAIT and ports
 * @net: the namespace
 * @s: where to
 *
 * Context: any that keeps @net from being freed.
 */
void twscope_netns_sysctls(struct net *net, struct twscope_sysctls *s)
{
	int low, high;

	inet_get_local_port_range(net, &low, &high);
	*s = (struct twscope_sysctls) {
		.tcp_tw_reuse = READ_ONCE(net->ipv4.sysctl_tcp_tw_reuse),
		.tcp_timestamps = READ_ONCE(net->ipv4.sysctl_tcp_timestamps),
		.tcp_max_tw_buckets =
			READ_ONCE(net->ipv4.tcp_death_row.sysctl_max_tw_buckets),
		.tcp_fin_timeout =
			READ_ONCE(net->ipv4.sysctl_tcp_fin_timeout) / HZ,
		.tcp_rfc1337 = READ_ONCE(net->ipv4.sysctl_tcp_rfc1337),
		.tcp_invalid_ratelimit =
			jiffies_to_msecs(READ_ONCE(net->ipv4.sysctl_tcp_invalid_ratelimit)),
		.ip_autobind_reuse =
			READ_ONCE(net->ipv4.sysctl_ip_autobind_reuse),
		.ip_local_port_range_min = low,
		.ip_local_port_range_max = high,
		.ip_local_reserved_ports = reserved_ports(net, low, high),
	};
	s->has_reuse_delay = twscope_compat_reuse_delay(net, &s->tcp_tw_reuse_delay);
	s->has_child_ehash = twscope_compat_child_ehash(net, &s->tcp_child_ehash_entries);
}
