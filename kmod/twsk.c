// SPDX-License-Identifier: GPL-2.0
/*
 * The only file that reads a bucket of the kernel.
 */

#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/ktime.h>
#include <linux/timekeeping.h>
#include <net/ipv6.h>
#include <net/tcp.h>

#include "bucket.h"
#include "clock.h"
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
	struct timespec64 ts;

	ktime_get_coarse_ts64(&ts);
	now->jiffies = jiffies;
	now->entry_ms = twscope_compat_entry_clock();
	now->seconds_ms = ts.tv_sec * MSEC_PER_SEC + ts.tv_nsec / NSEC_PER_MSEC;
}

/* Of what all kinds of sockets in the hash begin with. */
static void snapshot_addresses(const struct sock_common *skc,
			       struct twscope_bucket *b)
{
	b->family = skc->skc_family;
	b->local_port = skc->skc_num;
	b->remote_port = ntohs(skc->skc_dport);
#if IS_ENABLED(CONFIG_IPV6)
	if (skc->skc_family == AF_INET6) {
		b->local = skc->skc_v6_rcv_saddr;
		b->remote = skc->skc_v6_daddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(skc->skc_rcv_saddr, &b->local);
	ipv6_addr_set_v4mapped(skc->skc_daddr, &b->remote);
}

/* The timer is moved and the timestamp taken by segments that arrive on
 * another CPU right now: each is read once.
 */
static void snapshot_times(const struct inet_timewait_sock *tw,
			   const struct twscope_clock *now,
			   struct twscope_bucket *b)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	int second = READ_ONCE(tcptw->tw_ts_recent_stamp);
	u32 answered = READ_ONCE(tcptw->tw_last_oow_ack_time);
	u32 entered;

	b->remaining_ms = twscope_clock_left_ms(now, READ_ONCE(tw->tw_timer.expires));
	b->has_age = twscope_compat_entry_stamp(tw, &entered);
	b->age_ms = b->has_age ? twscope_clock_since_entry_ms(now, entered) : 0;
	b->has_ts = second;
	b->ts_recent = READ_ONCE(tcptw->tw_ts_recent);
	b->ts_recent_age_ms = twscope_clock_since_second_ms(now, second);
	b->has_answered = answered;
	b->answered_ms = answered ? twscope_clock_since_answer_ms(now, answered) : 0;
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
	struct net *net = twsk_net(tw);

	b->netns_id = twscope_netns_id(net);
	b->netns = net->ns.inum;
	b->substate = READ_ONCE(tw->tw_substate);
	b->rcv_nxt = READ_ONCE(tcptw->tw_rcv_nxt);
	b->snd_nxt = READ_ONCE(tcptw->tw_snd_nxt);
	b->rcv_wnd = tcptw->tw_rcv_wnd;
	b->mark = tw->tw_mark;
	b->ifindex = tw->tw_bound_dev_if;
	b->l3mdev = b->ifindex ? twscope_compat_l3mdev(net, b->ifindex) : 0;
	b->full = false;
	snapshot_addresses(&tw->__tw_common, b);
	snapshot_times(tw, now, b);
}

/**
 * twscope_twsk_snapshot_full() - copy who a full socket is
 * @sk: the socket; a request is one, too
 * @b: where to, all of it is written
 *
 * Context: any, under the lock of its ehash chain.
 */
void twscope_twsk_snapshot_full(const struct sock *sk, struct twscope_bucket *b)
{
	*b = (struct twscope_bucket) {
		.netns_id = twscope_netns_id(sock_net(sk)),
		.netns = sock_net(sk)->ns.inum,
		.ifindex = READ_ONCE(sk->sk_bound_dev_if),
		.full = true,
	};
	snapshot_addresses(&sk->__sk_common, b);
}

static bool has_addresses(const struct sock_common *skc,
			  const struct twscope_route *r)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (skc->skc_family == AF_INET6)
		return ipv6_addr_equal(&skc->skc_v6_rcv_saddr, &r->local) &&
		       ipv6_addr_equal(&skc->skc_v6_daddr, &r->remote);
#endif
	return r->ipv4 && skc->skc_rcv_saddr == r->local.s6_addr32[3] &&
	       skc->skc_daddr == r->remote.s6_addr32[3];
}

/**
 * twscope_twsk_on_route() - would a connect() on a route meet this socket
 * @sk: a socket of an established hash, of any kind
 * @net: the namespace
 * @r: the route
 *
 * The comparison of inet_match() and inet6_match(), but for the local port.
 *
 * Context: any, under the lock of its ehash chain.
 * Return: true when a connect() from this local port would.
 */
bool twscope_twsk_on_route(const struct sock *sk, struct net *net,
			   const struct twscope_route *r)
{
	return net_eq(sock_net(sk), net) && sk->sk_dport == r->remote_port &&
	       has_addresses(&sk->__sk_common, r) &&
	       inet_sk_bound_dev_eq(net, READ_ONCE(sk->sk_bound_dev_if),
				    r->dif, r->sdif);
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
