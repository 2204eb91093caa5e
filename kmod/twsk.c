// SPDX-License-Identifier: GPL-2.0
/*
 * The only file that reads a bucket of the kernel.
 */

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "bucket.h"
#include "compat/timewait.h"
#include "netns.h"
#include "twsk.h"

/**
 * twscope_clock_read() - read the clocks that buckets are timed by
 * @now: where to
 *
 * Context: any; takes no lock.
 */
void twscope_clock_read(struct twscope_clock *now)
{
	now->jiffies = jiffies;
	now->entry_ms = twscope_compat_entry_clock();
	now->seconds = ktime_get_seconds();
}

static void snapshot_addresses(const struct inet_timewait_sock *tw,
			       struct twscope_bucket *b)
{
	b->family = tw->tw_family;
	b->local_port = ntohs(tw->tw_sport);
	b->remote_port = ntohs(tw->tw_dport);
#if IS_ENABLED(CONFIG_IPV6)
	if (tw->tw_family == AF_INET6) {
		b->local = tw->tw_v6_rcv_saddr;
		b->remote = tw->tw_v6_daddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(tw->tw_rcv_saddr, &b->local);
	ipv6_addr_set_v4mapped(tw->tw_daddr, &b->remote);
}

/* The timer is moved and the timestamp taken by segments that arrive on
 * another CPU right now: each is read once.
 */
static void snapshot_times(const struct inet_timewait_sock *tw,
			   const struct twscope_clock *now,
			   struct twscope_bucket *b)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	long left = READ_ONCE(tw->tw_timer.expires) - now->jiffies;
	long stamp = READ_ONCE(tcptw->tw_ts_recent_stamp);

	b->remaining_ms = left > 0 ? jiffies_to_msecs(left) : 0;
	b->has_age = twscope_compat_entry_age(tw, now->entry_ms, &b->age_ms);
	b->has_ts = stamp != 0;
	b->ts_recent = READ_ONCE(tcptw->tw_ts_recent);
	b->ts_recent_age_s = b->has_ts ? max_t(time64_t, now->seconds - stamp, 0) : 0;
}

/**
 * twscope_twsk_snapshot() - copy what a bucket says
 * @tw: the bucket
 * @now: the clocks, read while the lock is held or before
 * @b: where to, all of it is written
 *
 * Context: any, under the lock of its ehash chain: while it is in the chain
 * neither the bucket nor its namespace can go away.
 */
void twscope_twsk_snapshot(const struct inet_timewait_sock *tw,
			   const struct twscope_clock *now,
			   struct twscope_bucket *b)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	const struct net *net = twsk_net(tw);

	b->netns_id = twscope_netns_id(net);
	b->netns = net->ns.inum;
	b->substate = READ_ONCE(tw->tw_substate);
	b->rcv_nxt = READ_ONCE(tcptw->tw_rcv_nxt);
	b->snd_nxt = READ_ONCE(tcptw->tw_snd_nxt);
	b->mark = tw->tw_mark;
	b->ifindex = tw->tw_bound_dev_if;
	snapshot_addresses(tw, b);
	snapshot_times(tw, now, b);
}

/**
 * twscope_twsk_bytes() - memory that a bucket takes
 *
 * The slab is SLAB_TYPESAFE_BY_RCU, so its free list can't live inside the
 * objects: SLUB puts a pointer behind each.
 *
 * Context: any.
 * Return: bytes per object of the slab caches tw_sock_TCP and tw_sock_TCPv6.
 */
u32 twscope_twsk_bytes(void)
{
	return ALIGN(sizeof(struct tcp_timewait_sock), sizeof(void *)) +
	       sizeof(void *);
}

/**
 * twscope_twsk_timewait_len_ms() - how long TIME_WAIT lasts on this kernel
 *
 * Context: any.
 * Return: milliseconds.
 */
u32 twscope_twsk_timewait_len_ms(void)
{
	return jiffies_to_msecs(TCP_TIMEWAIT_LEN);
}
