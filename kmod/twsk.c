// SPDX-License-Identifier: GPL-2.0
/*
 * The only file that reads a bucket of the kernel, or a segment it meets.
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
#include "event.h"
#include "netns.h"
#include "twsk.h"
#include "verdict.h"

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

static void snapshot_timestamp(const struct tcp_timewait_sock *tcptw,
			       const struct twscope_clock *now,
			       struct twscope_bucket *b)
{
	int second = READ_ONCE(tcptw->tw_ts_recent_stamp);

	b->has_ts = second;
	b->ts_recent = READ_ONCE(tcptw->tw_ts_recent);
	b->ts_recent_age_ms = twscope_clock_since_second_ms(now, second);
}

static void snapshot_age(const struct inet_timewait_sock *tw,
			 const struct twscope_clock *now,
			 struct twscope_bucket *b)
{
	u32 entered;

	b->has_age = twscope_compat_entry_stamp(tw, &entered);
	b->age_ms = b->has_age ? twscope_clock_since_entry_ms(now, entered) : 0;
}

static void snapshot_reuse(const struct inet_timewait_sock *tw,
			   const struct twscope_clock *now,
			   struct twscope_bucket *b)
{
	b->substate = READ_ONCE(tw->tw_substate);
	b->ifindex = tw->tw_bound_dev_if;
	snapshot_addresses(&tw->__tw_common, b);
	snapshot_age(tw, now, b);
	snapshot_timestamp(tcp_twsk((struct sock *)tw), now, b);
}

/**
 * twscope_twsk_snapshot_reuse() - copy of a bucket what a connect() looks at
 * @tw: the bucket
 * @now: the clocks
 * @b: where to; the rest is left as it was
 *
 * What twscope_judge() and twscope_judge_bound() need, in a fraction of the time.
 *
 * Context: any that keeps @tw from being freed.
 */
void twscope_twsk_snapshot_reuse(const struct inet_timewait_sock *tw,
				 const struct twscope_clock *now,
				 struct twscope_bucket *b)
{
	snapshot_reuse(tw, now, b);
}

/**
 * twscope_twsk_snapshot_segment() - copy of a bucket what a segment meets
 * @tw: the bucket
 * @now: the clocks
 * @b: where to; the rest is left as it was
 *
 * What twscope_judge_segment() needs.
 *
 * Context: any that keeps @tw from being freed.
 */
void twscope_twsk_snapshot_segment(const struct inet_timewait_sock *tw,
				   const struct twscope_clock *now,
				   struct twscope_bucket *b)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);

	b->substate = READ_ONCE(tw->tw_substate);
	b->rcv_nxt = READ_ONCE(tcptw->tw_rcv_nxt);
	b->rcv_wnd = tcptw->tw_rcv_wnd;
	snapshot_timestamp(tcptw, now, b);
}

static void snapshot_answer(const struct tcp_timewait_sock *tcptw,
			    const struct twscope_clock *now,
			    struct twscope_bucket *b)
{
	u32 answered = READ_ONCE(tcptw->tw_last_oow_ack_time);

	b->has_answered = answered;
	b->answered_ms = answered ? twscope_clock_since_answer_ms(now, answered) : 0;
}

/**
 * twscope_twsk_snapshot() - copy what a bucket says
 * @tw: the bucket
 * @now: the clocks, read while the lock is held or before
 * @brief: leave @b's rcv_nxt, snd_nxt, rcv_wnd and answer as they are
 * @b: where to, all else is written but its netns_id
 *
 * The timer is moved and the timestamp taken by segments that arrive on another
 * CPU right now: each is read once.
 *
 * Context: any, under the lock of its ehash chain: while it is in the chain
 * neither the bucket nor its namespace can go away.
 */
void twscope_twsk_snapshot(const struct inet_timewait_sock *tw,
			   const struct twscope_clock *now, bool brief,
			   struct twscope_bucket *b)
{
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)tw);
	struct net *net = twsk_net(tw);

	b->netns = net->ns.inum;
	b->mark = tw->tw_mark;
	b->full = false;
	b->remaining_ms = twscope_clock_left_ms(now, READ_ONCE(tw->tw_timer.expires));
	snapshot_reuse(tw, now, b);
	b->l3mdev = b->ifindex ? twscope_compat_l3mdev(net, b->ifindex) : 0;
	if (brief)
		return;

	b->rcv_nxt = READ_ONCE(tcptw->tw_rcv_nxt);
	b->snd_nxt = READ_ONCE(tcptw->tw_snd_nxt);
	b->rcv_wnd = tcptw->tw_rcv_wnd;
	snapshot_answer(tcptw, now, b);
}

/**
 * twscope_twsk_event() - say to whom an event happens
 * @tw: the bucket
 * @ev: where to; its time, its type, its reason and who did it are left
 *
 * Context: any that keeps @tw from being freed.
 */
void twscope_twsk_event(const struct inet_timewait_sock *tw,
			struct twscope_event *ev)
{
	const struct net *net = twsk_net(tw);

	ev->netns_id = twscope_netns_id(net);
	ev->netns = net->ns.inum;
	ev->substate = READ_ONCE(tw->tw_substate);
	ev->family = tw->tw_family;
	ev->local_port = tw->tw_num;
	ev->remote_port = ntohs(tw->tw_dport);
#if IS_ENABLED(CONFIG_IPV6)
	if (tw->tw_family == AF_INET6) {
		ev->local = tw->tw_v6_rcv_saddr;
		ev->remote = tw->tw_v6_daddr;
		return;
	}
#endif
	ipv6_addr_set_v4mapped(tw->tw_rcv_saddr, &ev->local);
	ipv6_addr_set_v4mapped(tw->tw_daddr, &ev->remote);
}

/**
 * twscope_twsk_is_tcp() - is this one of TCP's buckets
 * @tw: the bucket
 *
 * Up to 6.15 DCCP has buckets, too, made and ended by the same functions.
 *
 * Context: any that keeps @tw from being freed.
 * Return: false for DCCP's.
 */
bool twscope_twsk_is_tcp(const struct inet_timewait_sock *tw)
{
	return tw->tw_dr == &twsk_net(tw)->ipv4.tcp_death_row;
}

/**
 * twscope_twsk_answer_stamp() - where a bucket keeps when it answered last
 * @tw: the bucket
 *
 * Context: any.
 * Return: where; only to be compared.
 */
const u32 *twscope_twsk_answer_stamp(const struct inet_timewait_sock *tw)
{
	return &tcp_twsk((struct sock *)tw)->tw_last_oow_ack_time;
}

/**
 * twscope_twsk_segment() - copy of a segment what a bucket looks at
 * @tw: the bucket
 * @skb: the segment, its control block filled by TCP
 * @th: its header, options included in the linear part
 * @s: where to, all of it is written
 *
 * Context: tcp_timewait_state_process().
 */
void twscope_twsk_segment(const struct inet_timewait_sock *tw,
			  const struct sk_buff *skb, const struct tcphdr *th,
			  struct twscope_segment *s)
{
	*s = (struct twscope_segment) {
		.syn = th->syn,
		.ack = th->ack,
		.rst = th->rst,
		.fin = th->fin,
		.seq = TCP_SKB_CB(skb)->seq,
		.end_seq = TCP_SKB_CB(skb)->end_seq,
	};
	if (th->doff > sizeof(*th) / 4 &&
	    READ_ONCE(tcp_twsk((struct sock *)tw)->tw_ts_recent_stamp))
		twscope_segment_options(s, (const u8 *)(th + 1),
					th->doff * 4 - sizeof(*th));
}

/**
 * twscope_twsk_has_netns() - may a full socket's namespace be looked at
 * @sk: the socket; a request is one, too
 *
 * A process' socket keeps its namespace alive, one of the kernel's own does not:
 * it may be on its way out when the namespace is gone.
 *
 * Context: any, under the lock of its ehash chain and rcu_read_lock().
 * Return: false where it may be gone.
 */
bool twscope_twsk_has_netns(const struct sock *sk)
{
	const struct sock *owner = sk;

	if (!sk_fullsock(sk))
		owner = READ_ONCE(inet_reqsk(sk)->rsk_listener);
	return (owner && owner->sk_net_refcnt) ||
	       twscope_netns_is_listed(sock_net(sk));
}

/**
 * twscope_twsk_snapshot_full() - copy who a full socket is
 * @sk: the socket; a request is one, too
 * @b: where to, all of it is written but its netns_id
 *
 * Of a request only what all kinds of sockets begin with may be read.
 *
 * Context: any, under the lock of its ehash chain.
 */
void twscope_twsk_snapshot_full(const struct sock *sk, struct twscope_bucket *b)
{
	struct net *net = sock_net(sk);

	*b = (struct twscope_bucket) {
		.netns_id = b->netns_id,
		.netns = net->ns.inum,
		.mark = sk_fullsock(sk) ? READ_ONCE(sk->sk_mark) :
					  inet_rsk(inet_reqsk(sk))->ir_mark,
		.ifindex = READ_ONCE(sk->sk_bound_dev_if),
		.full = true,
	};
	b->l3mdev = b->ifindex ? twscope_compat_l3mdev(net, b->ifindex) : 0;
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
