// SPDX-License-Identifier: GPL-2.0
// What twscope needs from every kernel.
#include <net/inet_hashtables.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

unsigned long base(struct net *net, struct inet_hashinfo *hi, const struct sock *sk);
unsigned long base(struct net *net, struct inet_hashinfo *hi, const struct sock *sk)
{
	const struct inet_timewait_sock *tw = inet_twsk(sk);
	const struct tcp_timewait_sock *tcptw = tcp_twsk((struct sock *)sk);
	struct inet_timewait_death_row *dr = &net->ipv4.tcp_death_row;

	const struct inet_bind_bucket *tb;
	int bound = 0;

	hlist_for_each_entry(tb, &hi->bhash[inet_bhashfn(net, 0, hi->bhash_size)].chain, node)
		bound += tb->fastreuse + tb->fastreuseport + tb->l3mdev +
			 tb->port + net_eq(read_pnet(&tb->ib_net), net);

	return bound + hi->ehash_mask + (dr->hashinfo == hi) + (tw->tw_dr == dr) +
	       dr->sysctl_max_tw_buckets + !!inet_ehash_lockp(hi, 0) +
	       tw->tw_timer.expires + tw->tw_substate + tw->tw_mark +
	       tw->tw_bound_dev_if + tcptw->tw_rcv_nxt + tcptw->tw_snd_nxt +
	       tcptw->tw_ts_recent + tcptw->tw_ts_recent_stamp +
	       tcptw->tw_rcv_wnd + tcptw->tw_last_oow_ack_time + net->ns.inum;
}
