// SPDX-License-Identifier: GPL-2.0
// Not in 6.1: who sends to a multicast group can choose among its members.
#include <linux/netlink.h>

int probe(struct sock *sk, struct sk_buff *skb,
	  int (*filter)(struct sock *dsk, struct sk_buff *skb, void *data));
int probe(struct sock *sk, struct sk_buff *skb,
	  int (*filter)(struct sock *dsk, struct sk_buff *skb, void *data))
{
	return netlink_broadcast_filtered(sk, skb, 0, 1, GFP_ATOMIC, filter, NULL);
}
